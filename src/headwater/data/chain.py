"""Operators that work on one block at a time are fused: a block goes through all of them in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from headwater.data.block import Block
from headwater.data.carry import Cut
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Node, Unary, upstream
from headwater.data.live import told
from headwater.data.parallel.again import Again
from headwater.data.parallel.chain import Chain, Link
from headwater.data.parallel.feed import Feed, Form
from headwater.data.parallel.hands import Step as BoundStep
from headwater.data.parallel.hands import Writer
from headwater.data.passing import passing

Step: TypeAlias = Callable[[Block], Block]
Numbered: TypeAlias = Callable[[Block, int], Block]


@dataclass(frozen=True, eq=False)
class Stepwise(Unary):
    """An operator without memory: what it makes of a block depends on nothing else."""

    fills: ClassVar[bool] = False
    """Whether it wants blocks as large as asked for, joined from several if need be."""

    one_to_one: ClassVar[bool] = True
    """Whether each element gives exactly one, so that moving elements before or after it is the same."""

    numbered: ClassVar[bool] = False
    """Whether what it makes of an element also hangs on how many came before it in this pass.

    Then nothing may move past it that changes that number, and its step is a `Numbered`.
    """

    portable: ClassVar[bool] = True
    """Whether it can do its work in another process; not if that would take the source's data along."""

    alone: ClassVar[bool] = False
    """Whether it has a cursor of its own, and is fused with no other."""

    def step(self) -> Step:
        """The function that a block goes through."""
        raise NotImplementedError

    def numbered_step(self, env: Env) -> Numbered:
        """The same of a `numbered` operator: the function of a block and its first element's number."""
        raise NotImplementedError

    def open(self, env: Env, state: State | None) -> Cursor:
        """Fuse with the stepwise operators upstream, as far as each element still stands for one."""
        return self.open_stacked(env, state, stacked=False)

    def open_stacked(self, env: Env, state: State | None, *, stacked: bool) -> Cursor:
        """The same for a consumer that will stack the elements anyway.

        A one-to-one step has no state of its own: "drop three elements" means the same before and after it. A
        filter counts other elements than what feeds it, so it begins a chain, whose state is one level up; and
        so does any step that may pass over elements.
        """
        chain: list[Stepwise] = [self]
        while _fuses(chain, env):
            chain.append(chain[-1].input)  # type: ignore[arg-type]  # _fuses saw that it is stepwise
        chain.reverse()
        links = [Link(node, bound(node, env)) for node in chain]
        made = Chain(_feed(chain, env, state), links, env, stacked=stacked)
        # What drops elements asks for more than it is asked for, and may then have too many.
        return Cut(made) if env.ignoring is not None or not chain[0].one_to_one else made


def _feed(chain: Sequence[Stepwise], env: Env, state: State | None) -> Feed | Again:
    """What goes into a chain, the first of which stands upstream of the others."""
    form: Form = "counted" if any(node.numbered for node in chain) else "plain"
    if form == "plain" and (env.ignoring is not None or not chain[0].one_to_one):
        form = "sieve"

    level = sum(1 for _ in upstream(chain[0].input))

    def feed(state: State | None) -> Feed:
        inner = state if form == "plain" or state is None else state["input"]
        at = int(state["at"]) if state and form == "counted" else 0
        source = resume(chain[0].input, env, inner)
        return Feed(source, form, level=level, at=at, fills=chain[0].fills)

    state = told(state)
    if state is not None and state.get("level") == level:
        return Again(state, feed)
    return feed(state)


@dataclass(frozen=True)
class Stacked:
    """A node whose elements its consumer stacks, so that they may as well come as columns."""

    node: Node

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open the node, and say so if it can make use of it."""
        if isinstance(self.node, Stepwise):
            return self.node.open_stacked(env, state, stacked=True)
        return self.node.open(env, state)


def bound(node: Stepwise, env: Env) -> BoundStep:
    """The step of a node in one run: of a block and the number of its first element."""
    if node.numbered:
        return passing(node.numbered_step(env), env)
    step = node.step()
    if isinstance(step, Writer):
        return passing(step, env)
    return passing(lambda block, first: step(block), env)  # noqa: ARG005 - its number is nothing to it


def _fuses(chain: list[Stepwise], env: Env) -> bool:
    """Whether the input of the last of `chain`, which lists operators downwards, belongs to it too.

    Never if the state would have another form than with a `prefetch` in between.
    """
    last, below = chain[-1], chain[-1].input
    # A step that may pass over elements has its own count of them.
    if env.ignoring is not None or not last.one_to_one or not isinstance(below, Stepwise) or below.alone:
        return False
    # Elements are numbered once, as they enter a chain, so whatever drops some must be in one below.
    return not any(node.numbered for node in chain) or (below.one_to_one and not below.numbered)
