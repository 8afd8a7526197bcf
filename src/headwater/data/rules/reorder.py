"""Operators that only choose or move elements go before those that compute them.

``take``, ``skip``, ``shuffle`` and ``repeat`` ask for places, not for contents; ``map``, ``map_batches`` and
the gather of a source treat each element alone, and ``prefetch`` not at all. So both orders give the same,
and the first computes less: skipping a million rows is an addition, and a shuffle that reaches the source
moves 8-byte positions instead of rows, which are then read in the order and in the portions in which they are
used.

A shuffle or repeat moves only if it reaches the source's positions: above rows that must be streamed it would
otherwise buffer raw rows, or compute nothing less.
"""

from __future__ import annotations

from typing import TypeGuard

from headwater.data.chain import Stepwise
from headwater.data.graph import Node, Unary, onto
from headwater.data.operators.batch import Batch
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.sources.range import Range

_MOVES = (Take, Skip, Shuffle, Repeat)


def rewrite(node: Node) -> Node:
    """Move what can be moved towards the source, beginning there."""
    if not isinstance(node, Unary):
        return node
    node = onto(node, rewrite(node.input))
    if isinstance(node, Take | Skip):
        return _cut(node)
    if isinstance(node, Shuffle | Repeat) and _is_positions(_below(node.input)):
        return _sink(node)
    return node


def _sink(move: Unary) -> Node:
    """Put `move` below everything under it that gives way."""
    below = move.input
    if _gives_way(below):
        return onto(below, _sink(onto(move, below.input)))
    return move


def _cut(move: Take | Skip) -> Node:
    """Put a cut below what gives way and below batches, and into a range."""
    below = move.input
    if _gives_way(below):
        return onto(below, _cut(onto(move, below.input)))
    if isinstance(below, Batch):
        return onto(below, _cut(type(move)(below.input, move.count * below.size)))
    if isinstance(below, Range):
        kept = below.numbers[: move.count] if isinstance(move, Take) else below.numbers[move.count :]
        return Range(kept.start, kept.stop, kept.step)
    return move


def _gives_way(node: Node) -> TypeGuard[Unary]:
    """Whether `node` makes one element of each, whatever comes before or after it."""
    return isinstance(node, Prefetch) or (isinstance(node, Stepwise) and node.one_to_one)


def _below(node: Node) -> Node:
    while _gives_way(node):
        node = node.input
    return node


def _is_positions(node: Node) -> bool:
    """Whether `node` only deals out the numbers of a range."""
    while isinstance(node, _MOVES):
        node = node.input
    return isinstance(node, Range)
