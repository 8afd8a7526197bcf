from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import parquet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of five, no and four rows in groups of two."""
    for name, rows in (("a", range(5)), ("b", range(0)), ("c", range(5, 9))):
        table = pa.table({"x": pa.array(rows, pa.int64()), "s": pa.array([f"n{x}" for x in rows], pa.string())})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=2)
    return tmp_path


ROWS = [{"x": x, "s": f"n{x}"} for x in range(9)]


@pytest.mark.parametrize("batch_rows", [1, 65_536])
def test_rows_obey_the_laws(
    folder: Path, batch_rows: int, laws: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", batch_rows)
    laws(lambda: data.from_parquet(folder), ROWS)
    assert len(data.from_parquet(folder)) == 9


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (20, r"its footer is cut short: it ends with .*, not b'PAR1'"),
        (1, r"its footer is cut short: it ends with .*, not b'PAR1'"),
    ],
)
def test_a_truncated_footer_is_said_to_be_one(folder: Path, cut: int, problem: str) -> None:
    path = folder / "c.parquet"
    path.write_bytes(path.read_bytes()[:-cut])
    run = iter(data.from_parquet(folder))
    assert [next(run) for _ in range(5)] == ROWS[:5]
    with pytest.raises(CorruptError, match=rf"c\.parquet: not a readable Parquet file: {problem}"):
        next(run)
    assert run.state()


def test_a_file_that_lost_its_middle_is_told_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.arange(10)}), path)
    path.write_bytes(b"PAR1" + path.read_bytes()[-50:])
    with pytest.raises(
        CorruptError, match=r"footer is cut short: it should have [\d,]+ bytes, the file has 54"
    ):
        list(data.from_parquet(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "it has 0 bytes, too few"), (b"x,y\n1,2\n3,4\n5,6\n", r"it begins with b'x,y\\n'")],
)
def test_what_is_no_parquet_is_said_to_be_none(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(CorruptError, match=problem):
        list(data.from_parquet(tmp_path))


def test_rows_are_numbered_in_their_file(folder: Path) -> None:
    def check(row: dict[str, int]) -> int:
        return 1 // (row["x"] - 7)

    with pytest.raises(DataError, match=r"c\.parquet, row 2"):
        list(data.from_parquet(folder).map(check))


def test_a_row_group_that_cannot_be_read_is_passed_over(tmp_path: Path, laws: Callable[..., None]) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"x": np.arange(12)})
    pq.write_table(
        table, path, row_group_size=4, use_dictionary=False, write_page_checksum=True, compression=None
    )
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    laws(lambda: data.from_parquet(path).ignore_errors(limit=1), [{"x": x} for x in (0, 1, 2, 3, 8, 9, 10, 11)])


def test_a_file_that_vanishes_between_epochs_is_named_and_the_state_stays(folder: Path) -> None:
    dataset = data.from_parquet(folder)
    assert list(dataset) == ROWS
    (folder / "c.parquet").rename(folder / "c")
    run = dataset.iterate(epoch=1)
    assert [next(run) for _ in range(5)] == ROWS[:5]
    with pytest.raises(DataError, match=r"c\.parquet: the file is gone"):
        next(run)
    state = run.state()
    (folder / "c").rename(folder / "c.parquet")
    assert list(data.from_parquet(folder).restore(state)) == ROWS[5:]
