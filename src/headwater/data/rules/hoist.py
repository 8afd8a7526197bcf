"""Filters go before what computes columns that they do not look at.

A filter looks at the columns of its expression, or at those that its function declares to read. It passes
``with_columns`` and ``map`` by expressions, functions that declare what they write, writers of rows,
``select``, ``drop`` and ``prefetch``, wherever its columns come out as they went in. So functions are called,
and columns computed, for the elements that stay: an error at one that is dropped anyway does not come up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headwater.data.block import BARE
from headwater.data.evaluation import VALUE
from headwater.data.graph import Node, Unary, onto
from headwater.data.operators.compute import Compute
from headwater.data.operators.filter import Filter
from headwater.data.operators.map import Map
from headwater.data.operators.map_batches import MapBatches
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.select import Drop, Select
from headwater.data.operators.where import Where
from headwater.data.rows import RowWriter
from headwater.data.rules.walking import unless_errors_count


def rewrite(node: Node) -> Node:
    """Move each filter as far towards its source as it can go."""
    return unless_errors_count(node, _hoisted)


def _hoisted(node: Node) -> Node:
    if not isinstance(node, Where | Filter):
        return node
    reads = node.predicate.columns if isinstance(node, Where) else node.reads
    return node if reads is None else _sunk(node, reads)


def _sunk(node: Where | Filter, reads: tuple[str, ...]) -> Node:
    below = node.input
    if isinstance(below, Unary) and _passes(below, reads):
        return onto(below, _sunk(onto(node, below.input), reads))
    return node


def _passes(below: Unary, reads: tuple[str, ...]) -> bool:
    if isinstance(below, Prefetch):
        return True
    # What is the plain value here may be a column, or nothing, before.
    return BARE not in reads and VALUE not in reads and all(_leaves(below, name) for name in reads)


def _leaves(node: Node, name: str) -> bool:
    """Whether column `name` is after `node` what it was before, row by row."""
    if isinstance(node, Select):
        return name in node.names
    if isinstance(node, Drop):
        return name not in node.names
    if isinstance(node, Compute):
        return not {BARE, name} & node.columns.keys() and (node.everything or name in node.keep)
    if isinstance(node, Map | MapBatches) and not node.numbered:
        writes = _writes(node)
        return writes is not None and name not in writes
    return False


def _writes(node: Map | MapBatches) -> Iterable[str] | None:
    """All columns that the function adds, changes or takes away; None if it has not said."""
    call: Any = node.function.call
    if isinstance(node, Map) and isinstance(call, RowWriter):
        return {*call.spec(), *call.consumes}
    return node.declared.writes
