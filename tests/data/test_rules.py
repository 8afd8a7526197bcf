"""Random graphs under every choice of rules: the same elements, capabilities and errors; states that fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError
from headwater.data.rules import RULES, rewrite

Op = tuple[str, Any]
Plain = Callable[[Any], Any]
NAMES = tuple(RULES)
x, y, z = pc.field("x"), pc.field("y"), pc.field("z")

# Whether an element passes must not hang on a map that a filter may be moved before: these only see x or word.
FILTERS: dict[str, Any] = {
    "x > 3": x > 3,
    "y < 4": y < 4,
    "x % 3": (x - pc.multiply(pc.divide(x, 3), 3)) != 0,
    "word": pc.field("word").isin([f"w{i}" for i in range(2, 20)]),
    "both": (x > 1) & (y != 2.0),
    "function": lambda row: int(np.sum(row["x"])) % 2 == 0,
    "reads": (lambda row: int(np.sum(row["x"])) % 4 != 1, ("x",)),
}


def added(row: Any) -> Any:
    return {"z": row["x"] * 2}


def doubled(row: Any) -> Any:
    return {**row, "x": row["x"] * 2}


def table(count: int) -> pa.Table:
    numbers = np.arange(count)
    floats = np.where(numbers % 5 == 4, np.nan, numbers / 2)
    words = pa.array([f"w{i}" for i in range(count)], pa.string())
    return pa.table({"key": numbers * 10, "x": numbers, "y": floats, "word": words, "more": numbers * 3})


class Store:
    """A keyed source that reads some columns alone."""

    def __init__(self, count: int) -> None:
        self.rows = data.from_arrow(table(count)).graph.root
        self.read_names: list[str] = []

    @property
    def spec(self) -> Any:
        return dict.fromkeys(self.rows.column_names())  # type: ignore[attr-defined]

    @property
    def fingerprint(self) -> str:
        return "store"

    def keys(self) -> Any:
        return np.asarray(self.rows.columns["key"])  # type: ignore[attr-defined]

    def read(self, keys: Any) -> Any:
        return self.read_columns(keys, list(self.spec))

    def read_columns(self, keys: Any, columns: Any) -> Any:
        self.read_names = list(columns)
        return self.rows.narrowed(tuple(columns)).gather(np.asarray(keys) // 10)  # type: ignore[attr-defined]


def source(kind: str, count: int, folder: Path) -> data.Dataset:
    if kind == "table":
        return data.from_arrow(table(count))
    if kind == "store":
        return data.from_source(Store(count))
    if kind == "parquet":
        path = folder / f"{count}.parquet"
        if not path.exists():
            pq.write_table(table(count), path, row_group_size=5)
        return data.from_parquet(path)
    batches = table(count).to_batches(max_chunksize=5)
    return data.from_arrow(lambda: pa.RecordBatchReader.from_batches(table(count).schema, batches))


def applied(dataset: data.Dataset, op: Op) -> data.Dataset:
    name, argument = op
    if name == "filter":
        chosen = FILTERS[argument]
        return (
            dataset.filter(chosen[0], reads=chosen[1]) if isinstance(chosen, tuple) else dataset.filter(chosen)
        )
    if name == "with_columns":
        return dataset.with_columns(z=x + 1, u=pc.if_else(y.is_valid(), y, -1))
    if name == "expression":
        return dataset.map({"x": x, "y": y * 2, "word": pc.field("word")})
    if name == "declared":
        return getattr(dataset, argument)(added, reads=["x"], writes=["z"])  # type: ignore[no-any-return]
    if name == "function":
        return getattr(dataset, argument)(doubled)  # type: ignore[no-any-return]
    if name == "select":
        return dataset.select("word", "y", "x")
    if name == "batch":
        return dataset.batch(argument[0], drop_remainder=argument[1])
    if name == "shard":
        return dataset.shard(*argument)
    return getattr(dataset, name)(*([] if argument is None else [argument]))  # type: ignore[no-any-return]


def build(graph: tuple[str, int, list[Op]], folder: Path) -> data.Dataset:
    kind, count, ops = graph
    dataset = source(kind, count, folder).with_seed(5).with_options(parallel="inline")
    for op in ops:
        dataset = applied(dataset, op)
    return dataset


row_ops = st.one_of(
    st.tuples(st.just("filter"), st.sampled_from(sorted(FILTERS))),
    st.tuples(st.sampled_from(["with_columns", "expression", "select", "prefetch", "shuffle"]), st.none()),
    st.tuples(st.sampled_from(["declared", "function"]), st.sampled_from(["map", "map_batches"])),
    st.tuples(st.sampled_from(["take", "skip"]), st.integers(0, 25)),
    st.tuples(st.just("repeat"), st.integers(0, 2)),
    st.tuples(st.just("shuffle"), st.integers(1, 9)),
    st.tuples(st.just("shard"), st.sampled_from([(1, 0), (2, 1), (3, 0)])),
)
batch_op = st.tuples(st.just("batch"), st.tuples(st.integers(1, 6), st.booleans()))
kinds = st.sampled_from(["table", "store", "parquet", "stream"])
choices = st.one_of(st.none(), st.lists(st.sampled_from(NAMES), unique=True).map(tuple))
sizes = st.one_of(st.none(), st.integers(1, 9))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, int, list[Op]]:
    ops = list(draw(st.lists(row_ops, max_size=6)))
    if draw(st.booleans()):
        after = draw(st.lists(row_ops, max_size=3))
        ops += [draw(batch_op), *(op for op in after if op[0] != "filter" or callable(FILTERS[op[1]]))]
    return draw(kinds), draw(st.integers(0, 24)), ops


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def listed(elements: list[Any], plain: Plain) -> Any:
    def opened(element: Any) -> Any:
        if not isinstance(element, Mapping):
            return element
        return {name: v.to_pylist() if isinstance(v, pa.Array) else v for name, v in element.items()}

    # NaN is no equal of itself: compare how they are written.
    return repr(plain([opened(element) for element in elements]))


def under(dataset: data.Dataset, rules: tuple[str, ...] | None) -> data.Dataset:
    return dataset.with_options(rules=rules)


@settings(max_examples=250, deadline=None)
@given(graph=graphs(), rules=choices, block_rows=sizes)
def test_any_choice_of_rules_gives_the_same_elements(
    plain: Plain, folder: Path, graph: Any, rules: tuple[str, ...] | None, block_rows: int | None
) -> None:
    dataset = build(graph, folder)
    expected = listed(list(under(dataset, ()).iterate(block_rows=1)), plain)
    assert listed(list(under(dataset, rules).iterate(block_rows=block_rows)), plain) == expected


@settings(max_examples=150, deadline=None)
@given(graph=graphs(), rules=choices)
def test_any_choice_of_rules_keeps_what_is_known_of_a_graph(
    folder: Path, graph: Any, rules: tuple[str, ...] | None
) -> None:
    root = build(graph, folder).graph.root
    runs = rewrite(root, rules)
    assert (runs.cardinality, runs.depth) == (root.cardinality, root.depth)
    assert runs.random_access >= root.random_access


@settings(max_examples=150, deadline=None)
@given(graph=graphs(), rules=choices, at=st.integers(0, 30), before=sizes, after=sizes)
def test_a_state_is_read_at_any_element_with_the_rules_it_was_written_with(
    plain: Plain,
    folder: Path,
    graph: Any,
    rules: tuple[str, ...] | None,
    at: int,
    before: int | None,
    after: int | None,
) -> None:
    with under(build(graph, folder), rules).iterate(block_rows=before) as run:
        for _ in zip(range(at), run):
            pass
        state = json.loads(json.dumps(run.state()))
        assert len(json.dumps(state["position"])) < 4_000
        rest = listed(list(run), plain)
    assert listed(list(under(build(graph, folder), rules).iterate(state, block_rows=after)), plain) == rest


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), rules=choices, bad=st.integers(0, 30), batches=st.booleans())
def test_a_map_that_fails_at_one_element_says_the_same_under_any_rules(
    folder: Path, graph: Any, rules: tuple[str, ...] | None, bad: int, batches: bool
) -> None:
    def fails(row: Any) -> Any:
        if bad * 10 in np.atleast_1d(row["key"]):
            raise ValueError("bad")
        return row

    kind, count, ops = graph
    kept = [op for op in ops if op[0] not in ("select", "batch")]
    dataset = build((kind, count, kept), folder)
    dataset = dataset.map_batches(fails) if batches else dataset.map(fails)

    def outcome(rules: tuple[str, ...] | None) -> str:
        try:
            return f"{sum(1 for _ in under(dataset, rules).iterate(block_rows=1))} elements"
        except DataError as error:
            return str(error)

    assert outcome(rules) == outcome(())


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(DataError, match=r"there is no rule `nop`\. Did you mean `noop`"):
        list(data.range(3).with_options(rules=["nop"]))
