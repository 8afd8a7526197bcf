"""The family of sources: every function that begins a dataset is a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from headwater.data.dataset import Dataset
from headwater.data.graph import Graph, Node

P = ParamSpec("P")


def member(function: Callable[P, Dataset]) -> Callable[P, Dataset]:
    """Mark `function` as a member of the family; ``function.kind`` is its name."""
    function.kind = function.__name__  # type: ignore[attr-defined]  # functions take attributes
    return function


def begin(node: Node) -> Dataset:
    """A dataset of a source alone."""
    return Dataset(Graph(node))
