"""A source with random access becomes a range of positions and a gather of the rows at them."""

from __future__ import annotations

from headwater.data.graph import Node, Unary, onto
from headwater.data.sources.indexed import Indexed, by_position


def rewrite(node: Node) -> Node:
    """Split the source at the bottom, if it has random access."""
    if isinstance(node, Indexed):
        return by_position(node)
    return onto(node, rewrite(node.input)) if isinstance(node, Unary) else node
