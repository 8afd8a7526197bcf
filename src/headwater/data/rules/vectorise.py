"""Expressions after `batch` are computed before it, for as many rows at once as the engine likes.

The rows are the same; a batch of 256 costs an expression as much as a block of 8,192. Only where the rows are
columns already: elements that functions returned are stacked batch by batch, and batches may then differ in
type. And not before a batch that drops the remainder, whose rows must not make a run fail.
"""

from __future__ import annotations

from headwater.data.graph import Node, Unary, onto
from headwater.data.operators.batch import Batch
from headwater.data.operators.compute import Compute
from headwater.data.operators.filter import Filter
from headwater.data.operators.map_batches import MapBatches
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.select import Chosen
from headwater.data.operators.shard import Shard
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.operators.where import Where
from headwater.data.rules.walking import unless_errors_count
from headwater.data.sources.files import Files
from headwater.data.sources.indexed import Gather, Indexed
from headwater.data.sources.range import Range

_AS_IT_COMES = (Compute, Where, Filter, Chosen, Take, Skip, Shard, Shuffle, Repeat, Prefetch)


def rewrite(node: Node) -> Node:
    """Move expressions below batches."""
    return unless_errors_count(node, _before_batch)


def _before_batch(node: Node) -> Node:
    if not isinstance(node, Compute) or type(node.input) is not Batch:
        return node
    batch = node.input
    if batch.drop_remainder or batch.input.depth or not _are_columns(batch.input):
        return node
    return onto(batch, onto(node, batch.input))


def _are_columns(node: Node) -> bool:
    """Whether rows are known to come as columns of one type."""
    while isinstance(node, _AS_IT_COMES) and isinstance(node, Unary):
        node = node.input
    if isinstance(node, Gather):
        node = node.source
    if isinstance(node, Indexed):
        return node.columnar
    return isinstance(node, Range | Files) or (isinstance(node, MapBatches) and node.depth == 0)
