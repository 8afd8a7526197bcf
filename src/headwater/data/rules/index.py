"""A source with random access becomes a range of positions and a gather of the rows at them."""

from __future__ import annotations

from headwater.data.graph import Node, with_inputs
from headwater.data.sources.indexed import Indexed, by_position


def rewrite(node: Node) -> Node:
    """Split the sources at the bottom, where they have random access."""
    if isinstance(node, Indexed):
        return by_position(node)
    return with_inputs(node, [rewrite(part) for part in node.inputs])
