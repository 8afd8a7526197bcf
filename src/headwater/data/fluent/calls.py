"""What every group of calls stands on: the graph so far, and the same with one more node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from headwater.core.errors import DataError
from headwater.data.graph import Graph, Node


class Calls:
    """A graph, and the way to a longer one."""

    graph: Graph

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _then(self, node: Node) -> Self:
        return type(self)(replace(self.graph, root=node))


def names_of(keep: Iterable[str]) -> tuple[str, ...]:
    """Column names as a tuple; one text alone is refused, for its letters are no names."""
    if isinstance(keep, str):
        raise DataError(f"keep={keep!r} is one text.", remedy=f"Write keep=({keep!r},).")
    return tuple(keep)
