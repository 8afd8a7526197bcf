"""Operators that do nothing are left out.

``skip(0)``, ``shard(1, 0)``, ``rename()``, ``drop()``, a ``take`` of at least as many as there are where that
is known without looking into files, a prefetch that feeds a prefetch (the larger number stays), and
``repeat(1)`` where nothing before it is random: else its elements would be drawn as in another pass.
``shuffle(1)`` stays, because shuffles after it are told apart by their number; it costs nothing when it runs.
"""

from __future__ import annotations

from headwater.data.chain import Stepwise
from headwater.data.graph import Node, onto, upstream
from headwater.data.operators.batch import BySize
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.select import Drop, Rename
from headwater.data.operators.shard import Shard
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.rules.walking import from_the_source
from headwater.data.sources.files import Files
from headwater.data.sources.indexed import Indexed
from headwater.data.sources.range import Range


def rewrite(node: Node) -> Node:
    """Leave them out everywhere."""
    return from_the_source(node, _without)


def _without(node: Node) -> Node:
    if isinstance(node, Prefetch) and isinstance(node.input, Prefetch):
        return onto(node if node.count >= node.input.count else node.input, node.input.input)
    if isinstance(node, Skip | Shard | Take | Repeat | Drop | Rename) and _does_nothing(node):
        return node.input
    return node


def _does_nothing(node: Skip | Shard | Take | Repeat | Drop | Rename) -> bool:
    if isinstance(node, Skip):
        return node.count == 0
    if isinstance(node, Shard):
        return node.num_shards == 1
    if isinstance(node, Take):
        count = node.input.cardinality if node.input.random_access else None
        return count is not None and count <= node.count
    if isinstance(node, Repeat):
        return node.count == 1 and all(map(_is_the_same_in_each_pass, upstream(node.input)))
    return not node.names


def _is_the_same_in_each_pass(node: Node) -> bool:
    """Only what is known to be. A function may be random behind our back, but then draws as it will anyway."""
    if isinstance(node, Stepwise):
        return not node.numbered
    return isinstance(node, Range | Indexed | Files | Take | Skip | Shard | BySize | Prefetch)
