"""What other libraries get of a dataset."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError


def rows() -> data.Dataset:
    values = np.arange(30, dtype=np.float32).reshape(5, 2, 3)
    return data.from_arrays({"x": np.arange(5), "v": values, "s": pa.array(list("abcde"))})


def test_numpy_elements_hold_no_arrow(plain: Callable[[Any], Any]) -> None:
    batches = list(rows().batch(2).to_numpy())
    assert [type(batch["s"]) for batch in batches] == [np.ndarray] * 3
    assert [batch["s"].tolist() for batch in batches] == [["a", "b"], ["c", "d"], ["e"]]
    assert plain([batch["x"] for batch in batches]) == plain([batch["x"] for batch in rows().batch(2)])
    assert [list(batch) for batch in rows().batch(2).to_numpy(columns=["s", "x"])] == [["s", "x"]] * 3
    with pytest.raises(DataError, match=r"dataset.to_numpy\(columns.*no column 'y'.*x, v, s"):
        next(iter(rows().batch(2).to_numpy(columns=["y"])))


def test_numpy_elements_go_on_from_a_state() -> None:
    whole = rows().to_numpy()
    run = iter(whole)
    next(run)
    again = rows().to_numpy()
    again.load_state_dict(whole.state_dict())
    assert [row["s"] for row in again] == [row["s"] for row in run] == list("bcde")
    assert (len(again), len(list(again))) == (5, 5)


def test_a_table_holds_all_rows_whether_batched_or_not() -> None:
    expected = {
        "x": list(range(5)),
        "v": np.arange(30).reshape(5, 2, 3).tolist(),
        "s": list("abcde"),
    }
    for dataset in (rows(), rows().batch(2), rows().map(lambda row: row)):
        table = dataset.to_arrow()
        assert table.to_pydict() == expected
        assert str(table.schema.field("v").type).count("fixed_size_list") == 2
    assert data.range(3).to_arrow().to_pydict() == {"value": [0, 1, 2]}
    assert data.range(0).to_arrow().num_rows == 0


def test_a_table_comes_back_as_the_same_dataset(laws: Callable[..., None]) -> None:
    flat = data.from_arrays({"x": np.arange(5), "v": np.ones((5, 2)), "b": np.arange(5) > 2})
    laws(lambda: data.from_arrow(flat.to_arrow()), list(flat))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.array(["2020-01-01"], "datetime64[D]"), "date32[day]"),
        (np.array([1], ">i4"), "int32"),
        (np.array(["x"]), "string"),
        (np.array([True]), "bool"),
        (np.zeros((1, 0)), "list<item: null>"),
    ],
)
def test_each_kind_of_column_has_its_arrow_type(column: Any, expected: str) -> None:
    assert str(data.from_arrays({"c": column}).to_arrow().schema.field("c").type) == expected


def test_a_reader_makes_batches_as_they_are_asked_for() -> None:
    made: list[int] = []

    def note(x: int) -> int:
        made.append(x)
        return x

    reader = data.range(1_000).map(note).with_options(parallel="inline", prefetch=False).batch(10).to_reader()
    assert reader.schema.names == ["value"]
    assert reader.read_next_batch().num_rows == 10
    assert len(made) < 1_000
    assert sum(batch.num_rows for batch in reader) == 990


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(DataError, match=r"batches of batches.*unbatch"):
        data.range(8).batch(2).batch(2).to_arrow()
    with pytest.raises(DataError, match=r"not every column.*\.drop"):
        data.from_arrays({"c": np.array([1j])}).to_arrow()
    uneven = data.range(4).batch(2).map(lambda batch: {"x": batch if batch[0] else batch * 0.5})
    with pytest.raises(DataError, match=r"columns x: int64, the first has x: double"):
        uneven.to_arrow()


def test_a_data_frame_holds_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    frame = rows().to_pandas()
    assert frame["x"].tolist() == list(range(5))
    assert frame["s"].tolist() == list("abcde")


def test_hugging_face_both_ways(laws: Callable[..., None]) -> None:
    pytest.importorskip("datasets")
    flat = data.from_arrays({"x": np.arange(5), "s": pa.array(list("abcde"))})
    theirs = flat.batch(2).to_datasets()
    assert (len(theirs), theirs.column_names, theirs[3]) == (5, ["x", "s"], {"x": 3, "s": "d"})
    laws(lambda: data.from_datasets(theirs), list(flat))


@pytest.mark.parametrize(
    ("library", "call", "problem"),
    [("datasets", "to_datasets", "pip install datasets"), ("jax", "to_jax", "pip install jax")],
)
def test_a_library_that_is_not_there_is_named(
    library: str, call: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "headwater.data.jax", raising=False)
    with pytest.raises(DataError, match=problem):
        getattr(rows(), call)()
