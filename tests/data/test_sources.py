"""Sources: what they read, what they refuse, and how they resume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError, HeadwaterError
from headwater.core.selection import Selection
from headwater.core.source import Selected


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """Three files of 100 rows in groups of 30: 0..299 in `x`."""
    for part in range(3):
        at = np.arange(part * 100, part * 100 + 100)
        table = pa.table({"x": at, "y": at / 2, "name": [f"n{i}" for i in at]})
        pq.write_table(table, tmp_path / f"part-{part}.parquet", row_group_size=30)
    return tmp_path


@pytest.mark.parametrize("how", ["folder", "pattern", "list", "one"])
def test_parquet_is_read_in_order(parquet: Path, how: str) -> None:
    files = sorted(parquet.iterdir())
    paths: Any = {"folder": parquet, "pattern": str(parquet / "*.parquet"), "list": files, "one": files[0]}[how]
    dataset = data.from_parquet(paths)
    assert [row["x"] for row in dataset] == list(range(len(dataset)))
    assert len(dataset) == (100 if how == "one" else 300)


def test_parquet_reads_only_the_columns_asked_for(parquet: Path) -> None:
    batch = next(iter(data.from_parquet(parquet, columns=["name", "x"]).batch(2)))
    assert batch["name"].to_pylist() == ["n0", "n1"]
    assert list(batch) == ["name", "x"]
    with pytest.raises(DataError, match=r"no column `nam`\. Did you mean `name`"):
        data.from_parquet(parquet, columns=["nam"])


@pytest.mark.parametrize("at", [0, 1, 29, 30, 31, 99, 100, 101, 155, 299, 300])
def test_parquet_resumes_at_any_row(parquet: Path, at: int) -> None:
    run = data.from_parquet(parquet).iterate(block_rows=7)
    for _ in range(at):
        next(run)
    assert [row["x"] for row in data.from_parquet(parquet).restore(run.state())] == list(range(at, 300))


def test_parquet_that_changed_is_another_graph(parquet: Path) -> None:
    state = iter(data.from_parquet(parquet)).state()
    pq.write_table(
        pa.table({"x": np.arange(100), "y": np.arange(100) / 3, "name": ["n"] * 100}),
        parquet / "part-1.parquet",
    )
    with pytest.raises(DataError, match="data or code inside it changed"):
        data.from_parquet(parquet).restore(state)


def test_parquet_that_is_missing_or_damaged_is_named(parquet: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no Parquet file is there"):
        data.from_parquet(tmp_path / "none*.parquet")
    with pytest.raises(DataError, match="no path was given"):
        data.from_parquet([])
    broken = parquet / "part-2.parquet"
    dataset = data.from_parquet(parquet)
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(CorruptError, match=r"part-2\.parquet.*not a readable Parquet file"):
        list(dataset)
    broken.unlink()
    with pytest.raises(DataError, match=r"part-2\.parquet: the file is gone"):
        list(dataset)


def test_a_damaged_page_is_an_error_with_its_row_group(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": np.arange(10_000)}), path, use_dictionary=False, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[1_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptError, match=r"x\.parquet: row group 0 cannot be read"):
        list(data.from_parquet(path))


def test_arrow_columns_come_as_numpy_where_they_have_a_width() -> None:
    table = pa.table(
        {
            "i": pa.array([1, 2], pa.int16()),
            "f": pa.array([1.5, None], pa.float32()),
            "t": pa.array([0, None], pa.timestamp("us")),
            "v": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
            "b": [True, False],
            "s": ["a", None],
            "l": [[1], [2, 3]],
            "d": pa.array(["u", "u"]).dictionary_encode(),
        }
    )
    batch = next(iter(data.from_arrow(table).batch(2)))
    kinds = {name: str(getattr(column, "dtype", None) or column.type) for name, column in batch.items()}
    assert kinds == {
        "i": "int16",
        "f": "float32",
        "t": "datetime64[us]",
        "v": "int32",
        "b": "bool",
        "s": "string",
        "l": "list<item: int64>",
        "d": "string",
    }
    assert batch["v"].tolist() == [[1, 2], [3, 4]]
    assert np.isnan(batch["f"][1])
    assert np.isnat(batch["t"][1])


def test_a_missing_integer_is_refused_with_its_row() -> None:
    with pytest.raises(DataError, match=r"column `x` \(int64\) has no value in row 2.*fill_null"):
        data.from_arrow(pa.table({"x": [1, 2, None]}))


def test_a_slice_of_a_table_is_read_from_its_own_start() -> None:
    table = pa.table({"v": pa.array([[i, i] for i in range(9)], pa.list_(pa.int32(), 2)), "x": np.arange(9)})
    batch = next(iter(data.from_arrow(table.slice(4, 3)).batch(3)))
    assert batch["v"][:, 0].tolist() == batch["x"].tolist() == [4, 5, 6]


def test_a_reader_is_read_once_and_a_function_again_and_again() -> None:
    table = pa.table({"x": np.arange(10)})

    def opened() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))

    once = data.from_arrow(opened())
    assert [row["x"] for row in once] == list(range(10))
    with pytest.raises(DataError, match="already read"):
        iter(once)
    again = data.from_arrow(opened).repeat(2)
    assert [row["x"] for row in again] == [*range(10), *range(10)]


def test_other_things_are_no_arrow_rows() -> None:
    with pytest.raises(DataError, match="a int holds no Arrow rows"):
        data.from_arrow(3)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros(3), "y": np.zeros(4)}, "differ in length"),
        ({}, "no column"),
        ({"x": np.float32(3)}, "`x` is a single value"),
        ({"x": np.array([object()])}, "holds Python objects"),
        ({"x": [[1], [2, 3]]}, "`x` is ragged"),
    ],
)
def test_arrays_that_are_no_columns_are_refused(arrays: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.from_arrays(arrays)


def test_arrays_may_be_lists_or_arrow() -> None:
    dataset = data.from_arrays({"x": [1, 2, 3], "s": pa.array(["a", "b", "c"])}).shuffle(seed=1)
    assert sorted((row["x"], row["s"]) for row in dataset) == [(1, "a"), (2, "b"), (3, "c")]


def test_neighbouring_rows_are_not_copied() -> None:
    mine = np.arange(1_000)
    assert all(np.shares_memory(batch, mine) for batch in data.from_arrays(mine).batch(100))


def test_range_is_pythons() -> None:
    assert list(data.range(5)) == list(range(5))
    assert list(data.range(9, 2, -3)) == [9, 6, 3]
    assert len(data.range(9, 2)) == 0
    with pytest.raises(DataError, match="step is 0"):
        data.range(1, 2, 0)


def test_keys_say_which_rows_and_in_which_order(table: Callable[[int], Any]) -> None:
    rows = list(data.from_source(table(10), keys=[70, 20, 70]))
    assert [row["x"] for row in rows] == [6, 1, 6]


def test_a_selection_brings_its_weights(table: Callable[[int], Any]) -> None:
    chosen = Selection.of([30, 10, 80], weights=[3, 1, 8])
    batch = next(
        iter(data.from_source(Selected(table(10), chosen)).map_batches(lambda b: {"z": b["x"]}).batch(9))
    )
    assert batch["key"].tolist() == [10, 30, 80]
    assert batch["weight"].tolist() == [1, 3, 8]


def test_what_is_no_source_is_refused(table: Callable[[int], Any]) -> None:
    with pytest.raises(DataError, match=r"a dict is not a source.*data\.from_arrays"):
        data.from_source({})  # type: ignore[arg-type]
    with pytest.raises(HeadwaterError, match="keys must be a flat list of integers"):
        data.from_source(table(3), keys=[0.5])
