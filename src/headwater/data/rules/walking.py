"""How a rule goes through a graph."""

from __future__ import annotations

from collections.abc import Callable

from headwater.data.graph import Node, with_inputs
from headwater.data.operators.ignore_errors import IgnoreErrors


def from_the_source(node: Node, change: Callable[[Node], Node]) -> Node:
    """Apply `change` to each node of a graph, after it was applied to what feeds it."""
    return change(with_inputs(node, [from_the_source(part, change) for part in node.inputs]))


def unless_errors_count(node: Node, change: Callable[[Node], Node]) -> Node:
    """The same, but leave alone what stands before an `ignore_errors`.

    There, whether an element is dropped hangs on each function being called on it, and on each of its columns
    being read: a rule that saves a call or a column would save the element.
    """
    if isinstance(node, IgnoreErrors):
        return node
    return change(with_inputs(node, [unless_errors_count(part, change) for part in node.inputs]))
