"""Operators that only choose or move elements go before those that compute them.

``take``, ``skip``, ``shard``, ``shuffle`` and ``repeat`` ask for places, not for contents; ``map``,
``map_batches`` and the gather of a source treat each element alone, and ``prefetch`` not at all. So both orders
give the same, and the first computes less: skipping a million rows is an addition, and a shuffle that reaches
the source moves 8-byte positions instead of rows, which are then read in the order and in the portions in which
they are used.

A shuffle or repeat moves only if it reaches the source's positions: above rows that must be streamed it would
otherwise buffer raw rows, or compute nothing less.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from headwater.data.chain import Stepwise
from headwater.data.graph import Node, Unary, onto, with_inputs
from headwater.data.operators.batch import BySize
from headwater.data.operators.enumerate import Enumerate
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.shard import Shard
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.sources.range import Range

_MOVES = (Take, Skip, Shard, Shuffle, Repeat)


def rewrite(node: Node) -> Node:
    """Move what can be moved towards the source, beginning there."""
    node = with_inputs(node, [rewrite(part) for part in node.inputs])
    if isinstance(node, Take | Skip | Shard):
        return _cut(node)
    if isinstance(node, Enumerate):
        below = _below(node.input)
        return node.by_place(below.numbers) if isinstance(below, Range) else node
    if isinstance(node, Shuffle | Repeat) and _is_positions(_below(node.input)):
        return _sink(node)
    return node


def _sink(move: Unary) -> Node:
    """Put `move` below everything under it that gives way."""
    below = move.input
    if _gives_way(below):
        return onto(below, _sink(onto(move, below.input)))
    return move


def _cut(move: Take | Skip | Shard) -> Node:
    """Put a cut below what gives way and below batches, and into a range."""
    below = move.input
    if _gives_way(below):
        return onto(below, _cut(onto(move, below.input)))
    if isinstance(below, BySize):
        return onto(below, _cut(_of_rows(move, below)))
    if isinstance(below, Range) and not (isinstance(move, Shard) and move.run > 1):
        kept = below.numbers[_places(move)]
        return Range(kept.start, kept.stop, kept.step)
    return move


def _of_rows(move: Take | Skip | Shard, batch: BySize) -> Take | Skip | Shard:
    """The same cut of what goes into the batches."""
    if isinstance(move, Shard):
        return replace(move, input=batch.input, run=move.run * batch.size)
    return replace(move, input=batch.input, count=move.count * batch.size)


def _places(move: Take | Skip | Shard) -> slice:
    if isinstance(move, Shard):
        return slice(move.index, None, move.num_shards)
    return slice(move.count) if isinstance(move, Take) else slice(move.count, None)


def _gives_way(node: Node) -> TypeGuard[Unary]:
    """Whether `node` makes one element of each, whatever comes before or after it."""
    return isinstance(node, Prefetch) or (isinstance(node, Stepwise) and node.one_to_one and not node.numbered)


def _below(node: Node) -> Node:
    while _gives_way(node):
        node = node.input
    return node


def _is_positions(node: Node) -> bool:
    """Whether `node` only deals out the numbers of a range."""
    while isinstance(node, _MOVES):
        node = node.input
    return isinstance(node, Range)
