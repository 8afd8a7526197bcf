"""Random graphs against a plain Python reference: order, content, state, block size and prefetch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.rng import Seeds
from headwater.data.permutation import Permutation

Op = tuple[str, Any]
Plain = Callable[[Any], Any]
SEED = 5
ROW = ("x", "y", "word")
MERGES = ("concatenate", "zip")


def doubled(element: Any) -> Any:
    if isinstance(element, Mapping):
        return {**element, "x": element["x"] * 2}
    return element * 2


def is_kept(element: Any) -> bool:
    return int(np.sum(element["x"] if isinstance(element, Mapping) else element)) % 3 != 0


def is_small(element: Any) -> bool:
    return int(np.sum(element["x"] if isinstance(element, Mapping) else element)) % 16 != 13


def numbered(element: Any) -> Any:
    """An element whose value shows the number that `enumerate` gave it."""
    if "x" in element:
        return {name: element["x"] + 7 * element["n"] if name == "x" else element[name] for name in ROW}
    return element["value"] + 7 * element["n"]


def united(pair: Any) -> Any:
    """One element of two that were zipped."""
    left, right = pair["left"], pair["right"]
    return {**left, "x": left["x"] + 64 * right["x"]} if isinstance(left, Mapping) else left + 64 * right


def rows(kind: str, count: int) -> list[Any]:
    if kind == "numbers":
        return list(range(count))
    return [{"x": i, "y": np.float32(i / 4), "word": f"w{i}"} for i in range(count)]


def source(kind: str, count: int) -> data.Dataset:
    if kind == "numbers":
        return data.range(count)
    table = pa.table({"x": range(count), "y": pa.array([i / 4 for i in range(count)], pa.float32())})
    table = table.append_column("word", pa.array([f"w{i}" for i in range(count)], pa.string()))
    if kind == "table":
        return data.from_arrow(table)
    batches = table.to_batches(max_chunksize=5)
    return data.from_arrow(lambda: pa.RecordBatchReader.from_batches(table.schema, batches))


def build(kind: str, count: int, ops: list[Op]) -> data.Dataset:
    dataset = source(kind, count).with_seed(SEED)
    for name, argument in ops:
        if name in ("map", "map_batches"):
            dataset = getattr(dataset, name)(doubled)
        elif name == "filter":
            dataset = dataset.filter(is_kept)
        elif name == "batch":
            dataset = dataset.batch(argument[0], drop_remainder=argument[1])
        elif name == "window":
            size, shift, stride, drop = argument
            dataset = dataset.window(size, shift=shift, stride=stride, drop_remainder=drop)
        elif name == "unbatch":
            dataset = dataset.unbatch()
        elif name == "take_while":
            dataset = dataset.take_while(is_small)
        elif name == "shard":
            dataset = dataset.shard(*argument)
        elif name == "enumerate":
            dataset = dataset.enumerate(argument, name="n").map(numbered)
        elif name == "concatenate":
            dataset = dataset + build(kind, *argument)
        elif name == "zip":
            dataset = dataset.zip(build(kind, *argument), names=("left", "right")).map(united)
        else:
            dataset = getattr(dataset, name)(argument)
    return dataset


def reference(
    kind: str, count: int, ops: list[Op], epochs: tuple[int, ...] = (0,), branch: tuple[int, ...] = ()
) -> list[Any]:
    """The same, one element after the other, everything in memory."""
    if not ops:
        return rows(kind, count)
    *before, (name, argument) = ops
    if name == "repeat":
        return [row for e in range(argument) for row in reference(kind, count, before, (*epochs, e), branch)]
    if name in MERGES:
        left = reference(kind, count, before, epochs, (*branch, 0))
        right = reference(kind, argument[0], argument[1], epochs, (*branch, 1))
        pairs = [united({"left": one, "right": other}) for one, other in zip(left, right)]
        return left + right if name == "concatenate" else pairs
    elements = reference(kind, count, before, epochs, branch)
    if name in ("map", "map_batches"):
        return [doubled(element) for element in elements]
    if name == "filter":
        return [element for element in elements if is_kept(element)]
    if name == "take":
        return elements[:argument]
    if name == "skip":
        return elements[argument:]
    if name == "take_while":
        return list(takewhile(is_small, elements))
    if name == "shard":
        return elements[argument[1] :: argument[0]]
    if name == "enumerate":
        named = [row if isinstance(row, Mapping) else {"value": row} for row in elements]
        return [numbered({**row, "n": argument + n}) for n, row in enumerate(named)]
    if name == "shuffle":
        seeds = Seeds(SEED).child("data", "shuffle", num_shuffles(before), *epochs)
        return shuffled(elements, argument, seeds.child("branch", *branch) if branch else seeds)
    if name == "batch":
        size, drop = argument
        parts = [elements[at : at + size] for at in range(0, len(elements), size)]
        return [collated(part) for part in parts if len(part) == size or not drop]
    if name == "window":
        size, shift, stride, drop = argument
        parts = [elements[at : at + size * stride : stride] for at in range(0, len(elements), shift or size)]
        return [collated(part) for part in parts if len(part) == size or not drop]
    if name == "unbatch":
        return [row for element in elements for row in rows_in(element)]
    if name == "rebatch":
        return cycled([row for element in elements for row in rows_in(element)], argument)
    return elements


def rows_in(batch: Any) -> list[Any]:
    if not isinstance(batch, Mapping):
        return list(batch.tolist())
    columns = [batch["x"].tolist(), list(batch["y"]), list(batch["word"])]
    return [dict(zip(("x", "y", "word"), row)) for row in zip(*columns)]


def cycled(rows: list[Any], sizes: list[int]) -> list[Any]:
    found, turn = [], 0
    while rows:
        size = sizes[turn % len(sizes)]
        found.append(collated(rows[:size]))
        rows, turn = rows[size:], turn + 1
    return found


def num_shuffles(ops: list[Op]) -> int:
    inside = sum(num_shuffles(argument[1]) for name, argument in ops if name in MERGES)
    return inside + sum(name == "shuffle" for name, _ in ops)


def shuffled(elements: list[Any], size: int | None, seeds: Seeds) -> list[Any]:
    if size is None:
        return [elements[i] for i in Permutation(len(elements), seeds)(0, len(elements))]
    if size == 1:
        return elements
    draws = seeds.generator().random(len(elements))
    first = [2 * size * (1 - (1 - u) ** 0.5) for u in draws[:size]]
    due = first + [i - size + 2 * size * u for i, u in enumerate(draws) if i >= size]
    return [elements[i] for i in sorted(range(len(elements)), key=lambda i: (due[i], i))]


def collated(part: list[Any]) -> Any:
    if not isinstance(part[0], Mapping):
        return np.array(part)
    stacked: dict[str, Any] = {name: np.array([row[name] for row in part]) for name in part[0]}
    return {**stacked, "word": [row["word"] for row in part]}


counts = st.integers(0, 12)
row_ops = st.one_of(
    st.tuples(st.sampled_from(["map", "map_batches", "filter", "take_while"]), st.none()),
    st.tuples(st.sampled_from(["take", "skip"]), st.integers(0, 25)),
    st.tuples(st.just("repeat"), st.integers(0, 3)),
    st.tuples(st.just("shuffle"), st.one_of(st.none(), st.integers(1, 12))),
    st.tuples(st.just("prefetch"), st.integers(1, 9)),
    st.tuples(
        st.just("shard"), st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1)))
    ),
)
number_op = st.tuples(st.just("enumerate"), st.integers(0, 3))
merge_op = st.tuples(
    st.sampled_from(MERGES),
    st.tuples(st.integers(0, 12), st.lists(st.one_of(row_ops, number_op), max_size=2)),
)
batch_op = st.one_of(
    st.tuples(st.just("batch"), st.tuples(st.integers(1, 6), st.booleans())),
    st.tuples(
        st.just("window"),
        st.tuples(st.integers(1, 6), st.one_of(st.none(), st.integers(1, 9)), st.integers(1, 3), st.booleans()),
    ),
)
again_op = st.one_of(
    st.tuples(st.just("unbatch"), st.none()),
    st.tuples(st.just("rebatch"), st.lists(st.integers(1, 7), min_size=1, max_size=3)),
)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, int, list[Op]]:
    kind = draw(st.sampled_from(["numbers", "table", "stream"]))
    ops: list[Op] = [*draw(st.lists(st.one_of(row_ops, number_op, merge_op), max_size=5))]
    if draw(st.booleans()):
        batch: Op = draw(batch_op)
        ops += [batch, *draw(st.lists(row_ops, max_size=3))]
        if draw(st.booleans()):
            again: Op = draw(again_op)
            ops += [again, *draw(st.lists(row_ops, max_size=2))]
    return kind, draw(st.integers(0, 30)), ops


sizes = st.one_of(st.none(), st.integers(1, 9))


def listed(elements: list[Any], plain: Plain) -> Any:
    """Elements as plain values; Arrow columns as lists."""

    def opened(element: Any) -> Any:
        if not isinstance(element, Mapping):
            return element
        return {name: v.to_pylist() if isinstance(v, pa.Array) else v for name, v in element.items()}

    return plain([opened(element) for element in elements])


@settings(max_examples=120, deadline=None)
@given(graph=graphs(), block_rows=sizes)
def test_a_graph_gives_what_the_reference_gives_for_every_block_size(
    plain: Plain, graph: tuple[str, int, list[Op]], block_rows: int | None
) -> None:
    dataset = build(*graph)
    found = list(dataset.iterate(block_rows=block_rows))
    assert listed(found, plain) == listed(reference(*graph), plain)
    assert dataset.cardinality in (None, len(found))


@settings(max_examples=120, deadline=None)
@given(graph=graphs(), at=st.integers(0, 40), before=sizes, after=sizes, twice=st.booleans())
def test_a_run_restored_anywhere_goes_on_exactly(
    plain: Plain, graph: tuple[str, int, list[Op]], at: int, before: int | None, after: int | None, twice: bool
) -> None:
    dataset = build(*graph)
    run = dataset.iterate(block_rows=before)
    for _ in zip(range(at), run):
        pass
    state = json.loads(json.dumps(run.state()))
    rest = listed(list(run), plain)
    again = build(*graph).iterate(state, block_rows=after)
    if twice:  # a state taken at once, or at the end, is as good
        again = build(*graph).restore(again.state())
    assert listed(list(again), plain) == rest
    assert list(build(*graph).restore(again.state())) == []


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), where=st.integers(0, 9), depth=st.integers(1, 20), at=st.integers(0, 15))
def test_prefetch_anywhere_changes_nothing_and_shares_states(
    plain: Plain, graph: tuple[str, int, list[Op]], where: int, depth: int, at: int
) -> None:
    kind, count, ops = graph
    ahead = build(kind, count, [*ops[:where], ("prefetch", depth), *ops[where:]])
    direct = build(kind, count, ops)
    assert ahead.fingerprint == direct.fingerprint
    with ahead.iterate() as run:
        first = [element for _, element in zip(range(at), run)]
        rest = direct.restore(run.state())
        assert listed([*first, *rest], plain) == listed(list(direct), plain)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 40), size=st.integers(1, 50), at=st.integers(0, 200), block_rows=sizes)
def test_an_endless_graph_resumes_in_any_epoch(count: int, size: int, at: int, block_rows: int | None) -> None:
    dataset = data.range(count).shuffle(size).repeat()
    run = dataset.iterate(block_rows=block_rows)
    for _ in range(at):
        next(run)
    again = dataset.restore(run.state())
    assert [next(run) for _ in range(60)] == [next(again) for _ in range(60)]
