"""Rewrites of a graph before it runs, one file per rule: a function from a node to a node that gives the same.

No rule changes elements, their order, or what is known of them (random access, cardinality, depth). With a rule
left out a run is slower, not different; its states are read with the rules that they were written with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import MappingProxyType

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.data.graph import Node
from headwater.data.rules import fuse, hoist, index, noop, project, push, reorder, vectorise

RULES: MappingProxyType[str, Callable[[Node], Node]] = MappingProxyType(
    {
        "noop": noop.rewrite,  # fewer nodes for all others to look at
        "index": index.rewrite,  # a source with random access is positions and a gather
        "reorder": reorder.rewrite,  # what only moves elements moves positions, and stands between no others
        "vectorise": vectorise.rewrite,  # expressions go before batches
        "hoist": hoist.rewrite,  # filters go before what computes, towards the source
        "fuse": fuse.rewrite,  # there they meet
        "project": project.rewrite,  # before filters become part of sources, which then need their columns too
        "push": push.rewrite,
    }
)
"""All rules by name, in the order in which they are applied: each sees what the ones before it made."""


def rewrite(node: Node, rules: Collection[str] | None = None) -> Node:
    """Apply the rules of these names, all if left out, in the order of `RULES`.

    Raised for a name that is none: `DataError`.
    """
    for name in rules or ():
        if name not in RULES:
            raise DataError(
                f"there is no rule `{name}`.", where="Options(rules=...)", remedy=did_you_mean(name, RULES)
            )
    for name, rule in RULES.items():
        if rules is None or name in rules:
            node = rule(node)
    return node
