"""A cursor is one operator at work: it gives blocks, and says at any time from where it would go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import DataError
from headwater.core.rng import Seeds
from headwater.data.block import Block
from headwater.data.crew import Crew
from headwater.data.options import Options

State: TypeAlias = dict[str, Any]
"""What a cursor needs to go on exactly: a small tree of JSON values."""


class Ignoring(Protocol):
    """Counts the errors that an `ignore_errors` lets pass."""

    def passed(self, error: DataError) -> None:
        """Count `error`, for the element that was dropped; raise if that is one too many."""
        ...


def _as_it_is(node: Any) -> Any:
    return node


@dataclass(frozen=True)
class Env:
    """What every operator of one run shares: the seed, and which pass over the data this is.

    `epochs` has one number for the run and one for each `repeat` around the operator; `branch` tells inputs of
    one merge apart, so that equal shuffles in two of them draw different orders.
    """

    seed: int = 0
    epochs: tuple[int, ...] = (0,)
    branch: tuple[int, ...] = ()
    clock: Clock = field(default_factory=WallClock)
    options: Options = field(default_factory=Options)
    crew: Crew = field(default_factory=Crew)
    ignoring: Ignoring | None = None

    rewrite: Callable[[Any], Any] = _as_it_is
    """The rules of the run, for graphs that a user's function makes while it goes on."""

    def pass_over(self, error: DataError, *, cause: BaseException | None = None) -> None:
        """Raise `error`, unless an `ignore_errors` downstream wants it passed over.

        Whoever can go on behind an element, a row group or a file that is broken reports it here and, if that
        returns, goes on there. What is passed over must hang on the data alone, so that it is again when the
        run is restored.
        """
        if self.ignoring is None:
            raise error from cause
        self.ignoring.passed(error)

    def within(self, epoch: int) -> Env:
        """The same inside one pass of a `repeat`."""
        return replace(self, epochs=(*self.epochs, epoch))

    def into(self, part: int) -> Env:
        """The same inside input number `part` of a merge."""
        return replace(self, branch=(*self.branch, part))

    def seeds(self, seed: int | None, *names: str | int) -> Seeds:
        """The seed stream of an operator in this pass, of the run's seed or the operator's own."""
        branch: tuple[str | int, ...] = ("branch", *self.branch) if self.branch else ()
        return Seeds(self.seed if seed is None else seed).child("data", *names, *self.epochs, *branch)


class Cursor(Protocol):
    """The execution of one operator and all that feeds it."""

    def next(self, limit: int) -> Block | None:
        """At least one and at most `limit` elements, or None at the end.

        How many come together never changes which come in which order.
        """
        ...

    def state(self) -> State:
        """From where the elements after those given so far can be had again."""
        ...

    def close(self) -> None:
        """Stop threads and let go of files; safe to call twice."""
        ...


class Opened(Protocol):
    """Anything that opens a cursor; a node of a graph is one."""

    def open(self, env: Env, state: State | None) -> Cursor:
        """Start, or go on from a state of the same graph."""
        ...


def resume(node: Opened, env: Env, state: State | None) -> Cursor:
    """Open `node` at `state`; a state may say "from there, but drop the first elements"."""
    if state is None or "skip" not in state:
        return node.open(env, state)
    cursor = resume(node, env, state["from"])
    left = int(state["skip"])
    while left > 0 and (block := cursor.next(left)) is not None:
        left -= len(block)
    return cursor


def later(state: State, skip: int) -> State:
    """The state that stands `skip` elements after `state`."""
    if skip == 0:
        return state
    if "skip" in state:
        return {"from": state["from"], "skip": state["skip"] + skip}
    return {"from": state, "skip": skip}
