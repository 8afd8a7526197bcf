"""Sources read no columns that nobody uses.

What is used is known from `select` and `map` by expressions, and from functions that declare what they read,
back to the source through whatever hands columns on. An operator that is not listed here may use all. The
columns by which errors name an element are always read.
"""

from __future__ import annotations

from typing import TypeVar

from headwater.data.block import BARE
from headwater.data.graph import Node, with_inputs
from headwater.data.operators.batch import Batch
from headwater.data.operators.compute import Compute
from headwater.data.operators.filter import Filter
from headwater.data.operators.ignore_errors import IgnoreErrors
from headwater.data.operators.map import Map
from headwater.data.operators.map_batches import MapBatches
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.select import Drop, Rename, Select
from headwater.data.operators.shard import Shard
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.operators.where import Where
from headwater.data.pushdown import Narrowing, Wanted, chosen_of
from headwater.data.sources.indexed import Gather

N = TypeVar("N", bound=Node)

_HAND_ON = (Take, Skip, Shard, Shuffle, Repeat, Prefetch)


def rewrite(node: Node) -> Node:
    """Narrow every source to what is used of it."""
    return _narrowed(node, None)


def _narrowed(node: Node, wanted: Wanted | None) -> Node:
    if isinstance(node, IgnoreErrors):
        return node  # an error in a column that nobody uses drops its row, and is to do so
    if isinstance(node, Gather):
        source = _source(node.source, wanted)
        return node if source is node.source else Gather(node.input, source)  # type: ignore[arg-type]
    if not node.inputs:
        return _source(node, wanted)
    before = _before(node, wanted)
    return with_inputs(node, [_narrowed(part, before) for part in node.inputs])


def _source(node: Node, wanted: Wanted | None) -> Node:
    if wanted is None or not isinstance(node, Narrowing):
        return node
    names = node.column_names()
    chosen = None if BARE in names else chosen_of(names, wanted)
    return node if chosen is None else node.narrowed(chosen)


def _before(node: Node, wanted: Wanted | None) -> Wanted | None:
    """What is used of the columns that go into `node`, if `wanted` is of those that come out; None for all."""
    if isinstance(node, Select):
        return Wanted(frozenset(node.names))
    if isinstance(node, Compute) and not node.everything:
        return Wanted(frozenset(node.reads), frozenset() if BARE in node.columns else frozenset(node.keep))
    if isinstance(node, Map | MapBatches):
        return _before_function(node, wanted)
    if wanted is None:
        return None
    if isinstance(node, Compute):
        return Wanted(wanted.needed - node.columns.keys(), wanted.welcome).and_needs(*node.reads)
    if isinstance(node, Where):
        return wanted.and_needs(*node.predicate.columns)
    if isinstance(node, Filter):
        return None if node.reads is None else wanted.and_needs(*node.reads)
    if isinstance(node, Drop):
        return wanted.and_needs(*node.names)  # it looks whether they are there
    if isinstance(node, Rename):
        return _before_rename(node, wanted)
    return wanted if isinstance(node, _HAND_ON) or type(node) is Batch else None


def _before_function(node: Map | MapBatches, wanted: Wanted | None) -> Wanted | None:
    reads, writes = node.declared.reads, node.declared.writes
    if reads is None:
        return None
    if writes is None:
        return Wanted(frozenset(reads), frozenset(node.keep))
    return wanted and Wanted(wanted.needed - set(writes), wanted.welcome).and_needs(*reads)


def _before_rename(node: Rename, wanted: Wanted) -> Wanted:
    old = {new: old for old, new in node.names.items()}
    needed = frozenset(old.get(name, name) for name in wanted.needed)
    # It refuses a new name that is taken, so such a column must be seen.
    welcome = frozenset(old.get(name, name) for name in wanted.welcome) | frozenset(old)
    return Wanted(needed, welcome).and_needs(*node.names)
