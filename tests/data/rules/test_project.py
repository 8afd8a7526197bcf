"""Sources read no columns that nobody uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from headwater import data
from headwater.core.selection import Selection
from headwater.core.source import Selected
from headwater.core.spec import Spec
from headwater.data.graph import Graph
from headwater.data.rules import rewrite

Change = Callable[[data.Dataset], data.Dataset]
x, y = pc.field("x"), pc.field("y")
NAMES = ["key", "x", "y", "z", "w"]


def rows() -> data.Dataset:
    return data.from_arrays({name: np.arange(6) for name in NAMES})


def read(dataset: data.Dataset) -> str:
    """The columns that are gathered."""
    return str(Graph(rewrite(dataset.graph.root, ("index", "project")))).split("from_arrays(")[1].split(";")[0]


CASES: list[tuple[Change, str]] = [
    (lambda it: it.select("x"), "key, x"),
    (lambda it: it.select("y", "x").filter(x > 1), "key, x, y"),
    (lambda it: it.filter(x > 1).select("y"), "key, x, y"),
    (lambda it: it.filter(lambda row: row["x"] > 1, reads=["x"]).select("y"), "key, x, y"),
    (lambda it: it.map({"q": x + y}), "key, x, y"),
    (lambda it: it.map({"q": x}, keep=("z",)), "key, x, z"),
    (lambda it: it.map(x), "key, x"),
    (lambda it: it.with_columns(q=x, z=y).select("q", "z"), "key, x, y"),
    (lambda it: it.map(len, reads=["x"]), "key, x"),
    (lambda it: it.map_batches(len, reads=["x"], writes=["q"]).select("q", "w"), "key, x, w"),
    (lambda it: it.rename(x="a").select("a"), "key, x"),
    (lambda it: it.drop("w").select("x"), "key, x, w"),
    (lambda it: it.shuffle().repeat(2).batch(2).prefetch(2).select("x"), "key, x"),
    (lambda it: it.take(3).skip(1).shard(2, 0).select("x"), "key, x"),
    (lambda it: it.map({"one": pc.scalar(1)}, keep=()), "key"),
]
ALL = ", ".join(NAMES)


@pytest.mark.parametrize(("change", "columns"), CASES)
def test_only_what_is_used_is_read(change: Change, columns: str) -> None:
    assert read(change(rows())) == columns


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it,
        lambda it: it.with_columns(q=x),
        lambda it: it.map(len).select("x"),
        lambda it: it.map(len, writes=["x"]).select("x"),
        lambda it: it.filter(len).select("x"),
        lambda it: it.padded_batch(2).select("x"),
        lambda it: it.concatenate(it).select("x"),
        lambda it: it.cache().select("x"),
        lambda it: it.select("x").ignore_errors(),
        lambda it: it.select("x", "unknown"),  # whose error names all that there are
    ],
)
def test_all_is_read_where_all_may_be_used(change: Change) -> None:
    assert read(change(rows())) == ALL


def test_the_branches_of_a_merge_are_narrowed_each() -> None:
    both = rows().select("x").concatenate(rows().select("y"))
    runs = str(Graph(rewrite(both.graph.root)))
    assert "from_arrays(key, x; 6 rows)" in runs
    assert "from_arrays(key, y; 6 rows)" in runs


class Store:
    """A keyed source that notes which columns it is asked for."""

    def __init__(self) -> None:
        self.columns = {name: np.arange(6) for name in NAMES}
        self.asked: list[list[str]] = []

    @property
    def spec(self) -> Any:
        return Spec.of(self.columns)

    fingerprint = "store"

    def keys(self) -> Any:
        return self.columns["key"]

    def read(self, keys: Any) -> Any:
        return self.read_columns(keys, NAMES)

    def read_columns(self, keys: Any, columns: Any) -> Any:
        self.asked.append(list(columns))
        return {name: self.columns[name][keys] for name in columns}


def test_a_keyed_source_is_asked_for_some_columns() -> None:
    store = Store()
    assert list(data.from_source(store).select("x").take(2)) == [{"x": 0}, {"x": 1}]
    assert store.asked == [["key", "x"]] * len(store.asked)


def test_what_was_selected_of_it_is_too() -> None:
    store = Store()
    chosen = Selected(store, Selection.of([1, 4], weights=[0.5, 2.0]))
    dataset = data.from_source(chosen).select("x", "weight")
    assert [(row["x"], float(row["weight"])) for row in dataset] == [(1, 0.5), (4, 2.0)]
    assert store.asked == [["key", "x"]] * len(store.asked)
    assert [row["weight"] for row in data.from_source(chosen, keys=[4]).select("weight")] == [2.0]


def test_a_source_that_reads_all_or_nothing_is_read_whole(table: Any) -> None:
    assert list(data.from_source(table(2)).select("x")) == [{"x": 0.0}, {"x": 1.0}]


def test_parquet_decodes_no_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: range(6) for name in NAMES}), path)
    root = rewrite(data.from_parquet(path).map({"q": x}, keep=()).graph.root)
    assert root.inputs[0].columns == ("key", "x")  # type: ignore[attr-defined]
    assert list(data.from_parquet(path).select("z").take(1)) == [{"z": 0}]
