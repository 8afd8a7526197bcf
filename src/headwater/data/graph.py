"""The frozen form of a dataset: operators as nodes, each pointing at what feeds it, and the seed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, TypeVar

from headwater.core.digest import digest_of
from headwater.core.errors import DataError
from headwater.data.cursor import Cursor, Env, State
from headwater.data.expression import Expression
from headwater.data.function import Function
from headwater.data.options import Options

Count: TypeAlias = int | float | None
"""How many elements: a number, `math.inf`, or None where only running it would tell."""

N = TypeVar("N", bound="Unary")


class Node:
    """One operator; its public fields are its parameters. A node is never changed, only replaced."""

    operator: ClassVar[str] = ""
    transparent: ClassVar[bool] = False
    """Whether it changes neither elements nor order, so that it is no part of the graph's identity."""

    fickle: ClassVar[bool] = False
    """Whether it hangs on the order of what comes in which elements go out, so that a pass may be empty and the
    next not."""

    @property
    def inputs(self) -> tuple[Node, ...]:
        """What feeds it; nothing, for a source."""
        return ()

    @property
    def cardinality(self) -> Count:
        """How many elements come out."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How often elements were batched: 0 for rows, 1 for batches of rows."""
        return 0

    @property
    def random_access(self) -> bool:
        """Whether element i can be had without the elements before it."""
        return False

    @property
    def identity(self) -> dict[str, Any]:
        """The parameters as JSON values that are equal only if the node does the same."""
        return {
            item.name: identify(getattr(self, item.name)) for item in parameters(self) if not is_setting(item)
        }

    @property
    def label(self) -> str:
        """The call that made the node, as one writes it."""
        shown = (describe(item, getattr(self, item.name)) for item in parameters(self))
        return f"{self.operator}({', '.join(text for text in shown if text)})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Start the operator and what feeds it, or go on from `state`."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Unary(Node):
    """A node with one input."""

    input: Node

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The one input."""
        return (self.input,)

    @property
    def cardinality(self) -> Count:
        """As many as come in, unless the operator says otherwise."""
        return self.input.cardinality

    @property
    def depth(self) -> int:
        """As deep as the input, unless the operator says otherwise."""
        return self.input.depth


@dataclass(frozen=True, eq=False)
class Merge(Node):
    """A node with several inputs; what is random in one of them is drawn apart from the others."""

    parts: tuple[Node, ...]

    @property
    def inputs(self) -> tuple[Node, ...]:
        """All of them, in order."""
        return self.parts

    @property
    def depth(self) -> int:
        """As deep as the deepest input."""
        return max((part.depth for part in self.parts), default=0)


@dataclass(frozen=True, eq=False)
class Elsewhere(Node):
    """What feeds a node that was sent to another process: all that the node may ask of it, and no data."""

    depth: int = 0
    random_access: bool = True
    cardinality: Count = None


def onto(node: N, new: Node) -> N:
    """The same operator fed by `new`."""
    return dataclasses.replace(node, input=new)


def with_inputs(node: Node, inputs: Sequence[Node]) -> Node:
    """The same operator fed by `inputs`; the node itself where nothing changed."""
    if all(old is new for old, new in zip(node.inputs, inputs, strict=True)):
        return node
    if isinstance(node, Unary):
        return onto(node, inputs[0])
    assert isinstance(node, Merge)  # noqa: S101 - only these two have inputs
    return dataclasses.replace(node, parts=tuple(inputs))


def without_input(node: Node) -> Node:
    """The operator alone, fed by nothing, as it is sent to another process."""
    fed = [Elsewhere(part.depth, part.random_access, part.cardinality) for part in node.inputs]
    return with_inputs(node, fed)


def upstream(node: Node) -> Iterator[Node]:
    """`node` and everything upstream of it, each node before what feeds it."""
    yield node
    for part in reversed(node.inputs):
        yield from upstream(part)


def parameters(node: Node) -> list[dataclasses.Field[Any]]:
    """The dataclass fields of `node` that are the user's parameters."""
    fields: tuple[dataclasses.Field[Any], ...] = (
        dataclasses.fields(node) if dataclasses.is_dataclass(node) else ()
    )
    return [item for item in fields if item.name not in ("input", "parts")]


def setting(default: Any) -> Any:
    """A field that says how to run, never what comes out: it is no part of the node's identity."""
    return dataclasses.field(default=default, metadata={"setting": True})


def is_setting(item: dataclasses.Field[Any]) -> bool:
    """Whether a field was made by `setting`."""
    return bool(item.metadata.get("setting"))


def identify(value: Any) -> Any:
    """A JSON value that stands for a parameter."""
    return value.fingerprint if isinstance(value, Function | Expression) else value


def describe(item: dataclasses.Field[Any], value: Any) -> str:
    """How a parameter is written in a call; nothing where it has its default."""
    if isinstance(value, Function):
        return value.name
    if item.default is dataclasses.MISSING:
        return str(value)
    return "" if value == item.default else f"{item.name}={value!r}"


@dataclass(frozen=True, eq=False)
class Graph:
    """A node with all that feeds it, and the seed of everything random in it.

    Order and content of what comes out are a function of the graph alone.
    """

    root: Node
    seed: int = 0
    options: Options = field(default_factory=Options)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, each after what feeds it: the source first, the root last."""
        return tuple(upstream(self.root))[::-1]

    @cached_property
    def signature(self) -> list[list[str]]:
        """Label and digest of each node that matters to the result, the source first."""
        chosen = (node for node in self.nodes if not node.transparent)
        return [[node.label, _digest(node)] for node in chosen]

    @cached_property
    def fingerprint(self) -> str:
        """Equal fingerprints give the same elements in the same order."""
        return digest_of([digest for _, digest in self.signature], self.seed)

    def check(self, signature: list[list[str]], seed: int) -> None:
        """Raise a `DataError` that says how a graph with this signature and seed differs from this one."""
        for at, (theirs, ours) in enumerate(zip(signature, self.signature)):
            if theirs[1] != ours[1]:
                raise _other_graph(at, theirs[0], ours[0])
        if len(signature) != len(self.signature):
            longer, owner = max(
                (signature, "state's"), (self.signature, "dataset's"), key=lambda it: len(it[0])
            )
            extra = longer[min(len(signature), len(self.signature))][0]
            raise DataError(f"the {owner} graph goes on with .{extra}, the other does not.", **_RESTORE)
        if seed != self.seed:
            raise DataError(f"the state's seed is {seed}, the dataset's is {self.seed}.", **_RESTORE)

    def __str__(self) -> str:
        return "\n".join(_drawn(self.root))


def _digest(node: Node) -> str:
    # One line of nodes, each after its inputs, is a tree only if it says how many inputs each has.
    several = [len(node.inputs)] if isinstance(node, Merge) else []
    return digest_of(node.operator, node.identity, *several)[:16]


def _drawn(node: Node) -> list[str]:
    """The graph as lines: a chain downwards, the inputs of a merge indented under it."""
    if isinstance(node, Unary):
        above = _drawn(node.input)
        return [*above, f"  .{node.label}{_place(node)}"]
    if not node.inputs:
        return [node.label]
    branches = [_branch(_drawn(part), last=part is node.inputs[-1]) for part in node.inputs]
    return [f"{node.label}{_place(node)}", *(line for branch in branches for line in branch)]


def _branch(lines: list[str], *, last: bool) -> list[str]:
    first, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
    return [f"{first if at == 0 else rest}{line}" for at, line in enumerate(lines)]


_RESTORE = {
    "where": "dataset.restore(state)",
    "remedy": "Restore on the dataset that the state was taken from, built with the same code and data.",
}


def _other_graph(at: int, theirs: str, ours: str) -> DataError:
    what = "data or code inside it changed" if theirs == ours else f"it is .{ours} in the dataset"
    return DataError(f"operator {at} was .{theirs} when the state was taken; {what}.", **_RESTORE)


def _place(node: Node) -> str:
    found = [getattr(node, item.name) for item in parameters(node)]
    places = [value.place for value in found if isinstance(value, Function) and value.place]
    return f"    # {places[0]}" if places else ""


def show_count(count: Count) -> str:
    """How many, as people say it."""
    if count is None:
        return "an unknown number of elements"
    return "endless" if count == math.inf else f"{count:,} element{'' if count == 1 else 's'}"
