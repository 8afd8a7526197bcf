from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError


def write(path: Path, rows: range, *, stream: bool, compression: str | None = None) -> None:
    table = pa.table({"x": pa.array(rows, pa.int64()), "s": pa.array([f"n{x}" for x in rows], pa.string())})
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(str(path), table.schema, options=options) as file:
        file.write_table(table, max_chunksize=2)


@pytest.fixture(params=["file", "compressed", "stream"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Files of five, no and four rows in batches of two."""
    for name, rows in (("a", range(5)), ("b", range(0)), ("c", range(5, 9))):
        compression = "zstd" if request.param == "compressed" else None
        write(tmp_path / f"{name}.arrow", rows, stream=request.param == "stream", compression=compression)
    return tmp_path


ROWS = [{"x": x, "s": f"n{x}"} for x in range(9)]


def test_rows_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_ipc(folder), ROWS)
    laws(lambda: data.from_ipc(folder, columns=["s"]), [{"s": row["s"]} for row in ROWS])


def test_rows_are_numbered_in_their_file(folder: Path) -> None:
    with pytest.raises(DataError, match=r"c\.arrow, row 2"):
        list(data.from_ipc(folder).map(lambda row: 1 // (row["x"] - 7)))


def test_a_column_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(DataError, match=r"a\.arrow: there is no column `xx`\. Did you mean `x`"):
        list(data.from_ipc(folder, columns=["xx"]))


def test_a_torn_file_is_named(folder: Path) -> None:
    dataset = data.from_ipc(folder)
    path = folder / "a.arrow"
    path.write_bytes(path.read_bytes()[:-120])
    with pytest.raises(DataError, match=r"a\.arrow"):
        list(dataset)
    with pytest.raises(CorruptError, match=r"a\.arrow.*(not a readable Arrow file|cannot be read)"):
        list(data.from_ipc(folder))


def test_files_that_can_be_used_where_they_lie_have_random_access(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", range(5), stream=False)
    feather.write_feather(
        pa.table({"x": range(5, 9), "s": list("abcd")}), str(tmp_path / "b.feather"), "uncompressed"
    )
    dataset = data.from_ipc(tmp_path)
    assert len(dataset) == 9
    assert sorted(row["x"] for row in dataset.shuffle()) == list(range(9))


def test_files_of_other_columns_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", range(5), stream=False)
    feather.write_feather(pa.table({"x": [0.5]}), str(tmp_path / "b.feather"), "uncompressed")
    with pytest.raises(CorruptError, match=r"b\.feather: its columns are not those of .*a\.arrow"):
        list(data.from_ipc(tmp_path))


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", range(5), stream=False)
    dataset = data.from_ipc(tmp_path)
    assert len(list(dataset)) == 5
    (tmp_path / "a.arrow").unlink()
    with pytest.raises(DataError, match=r"a\.arrow: the file is gone"):
        list(dataset)
