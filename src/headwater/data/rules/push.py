"""Filters by expressions that stand at a source become part of it.

A file is then not decoded where its statistics, or the filter's own columns, say that no row passes. Of a
source with random access the filter's columns are read first, and the others of the rows that pass.
"""

from __future__ import annotations

from headwater.data.block import BARE
from headwater.data.graph import Node
from headwater.data.operators.sift import Sift
from headwater.data.operators.where import Where
from headwater.data.pushdown import Narrowing, Sieving, Wanted, chosen_of
from headwater.data.rules.walking import unless_errors_count
from headwater.data.sources.indexed import Gather, Indexed, by_position


def rewrite(node: Node) -> Node:
    """Push filters into sources."""
    return unless_errors_count(node, _pushed)


def _pushed(node: Node) -> Node:
    if not isinstance(node, Where):
        return node
    below = node.input
    if isinstance(below, Sieving):
        return below.sieved(node.predicate) or node
    gather = by_position(below) if isinstance(below, Indexed) else below
    return _sifted(node, gather) if isinstance(gather, Gather) else node


def _sifted(node: Where, gather: Gather) -> Node:
    source, reads = gather.source, set(node.predicate.columns)
    if not isinstance(source, Narrowing) or not reads:
        return node
    names = source.column_names()
    few = chosen_of(names, Wanted(frozenset(reads)))
    # What is missing is told by the filter itself; where it needs all, there is nothing to save.
    if BARE in names or few is None:
        return node
    part, rest = source.narrowed(few), source.narrowed(tuple(name for name in names if name not in few))
    if not isinstance(part, Indexed) or not isinstance(rest, Indexed):
        return node
    return Sift(gather.input, part, rest, names, node.predicate)
