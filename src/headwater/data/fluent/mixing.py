"""Calls that bring several datasets together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Self, TypeVar

from headwater.core.errors import DataError
from headwater.data.fluent.calls import Calls, names_of
from headwater.data.graph import Graph, Node
from headwater.data.operators.concatenate import Concatenate
from headwater.data.operators.zip import Zip

Some = TypeVar("Some", bound=Calls)


class Mixing(Calls):
    """``zip``, ``concatenate`` and their kin."""

    def zip(self, *others: Self, names: Iterable[str] | None = None) -> Self:
        """Elements side by side, up to the end of the shortest.

        Dicts of different names become one dict; anything else a tuple, or with `names` a dict with one value
        for each dataset. Name plain values that are to be batched: a batch of tuples is one array. Equal
        shuffles of two datasets draw different orders: shuffle what belongs together after it is zipped.

        >>> from headwater import data
        >>> list(data.range(2).zip(data.range(5, 9)))
        [(0, 5), (1, 6)]
        >>> list(data.range(2).zip(data.range(5, 9), names=("a", "b")))
        [{'a': 0, 'b': 5}, {'a': 1, 'b': 6}]
        """
        given = None if names is None else names_of(names)
        return merged([self, *others], "zip", lambda parts: Zip(parts, given))

    def concatenate(self, *others: Self) -> Self:
        """All elements of this dataset, then those of the others; also written ``a + b``.

        >>> from headwater import data
        >>> list(data.range(2) + data.range(5, 7))
        [0, 1, 5, 6]
        """
        return merged([self, *others], "concatenate", Concatenate)

    def __add__(self, other: Self) -> Self:
        return self.concatenate(other) if isinstance(other, Calls) else NotImplemented


def merged(datasets: Sequence[Some], call: str, node: Callable[[tuple[Node, ...]], Node]) -> Some:
    """The dataset of a node with several inputs, with the options of the first and the one seed that was given.

    Raised for what is no dataset, and for datasets of different seeds: `DataError`.
    """
    for dataset in datasets:
        if not isinstance(dataset, Calls):
            raise DataError(
                f"a {type(dataset).__name__} is no dataset.",
                where=f".{call}",
                remedy="Make one of it with data.from_arrays or its kin.",
            )
    seeds = sorted({dataset.graph.seed for dataset in datasets} - {Graph.seed})
    if len(seeds) > 1:
        raise DataError(
            f"the datasets have different seeds: {', '.join(map(str, seeds))}.",
            where=f".{call}",
            remedy="Call .with_seed(...) on what comes out, or give operators their own: .shuffle(seed=1).",
        )
    root = node(tuple(dataset.graph.root for dataset in datasets))
    seed = seeds[0] if seeds else Graph.seed
    return type(datasets[0])(replace(datasets[0].graph, root=root, seed=seed))
