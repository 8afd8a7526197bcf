"""Rewrites of a graph before it runs, one file per rule. A rule never changes what comes out, nor its order."""

from headwater.data.graph import Node
from headwater.data.rules import index, reorder


def rewrite(node: Node) -> Node:
    """Apply all rules, in the order that lets each see what the one before it made."""
    return reorder.rewrite(index.rewrite(node))
