"""The fluent form: each call returns a new dataset, nothing runs before it is iterated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headwater.core.errors import DataError
from headwater.core.spec import Spec
from headwater.data.block import as_columns
from headwater.data.cursor import State
from headwater.data.function import Function
from headwater.data.graph import Count, Graph, Node, show_count
from headwater.data.operators.batch import Batch
from headwater.data.operators.filter import Filter
from headwater.data.operators.map import KEEP, Map
from headwater.data.operators.map_batches import MapBatches
from headwater.data.operators.prefetch import Prefetch
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.rules import rewrite
from headwater.data.run import Run
from headwater.data.stack import spec_of

if TYPE_CHECKING:
    from headwater.data.torch import Tensors


class UnknownLengthError(DataError, TypeError):
    """Raised by ``len()`` of a dataset that is endless or must be run to be counted.

    It is a `TypeError` too, so that ``list(dataset)`` goes on without the hint.
    """


class Dataset:
    """Elements to come, and how they are made.

    An element is a dict of values (or a plain value, for `range` and bare arrays); after `batch`, a dict of
    arrays. Iterating gives the same elements in the same order each time; pass another `epoch` to `iterate`, or
    another seed to `with_seed`, for another order.

    >>> from headwater import data
    >>> [batch.tolist() for batch in data.range(5).map_batches(lambda x: x * x).batch(2)]
    [[0, 1], [4, 9], [16]]
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    # -- what is done with elements ------------------------------------------------------------------------

    def map(self, function: Callable[[Any], Any], *, keep: Iterable[str] = KEEP) -> Dataset:
        """Replace each element by ``function(element)``.

        Of a dict, the names in `keep` are carried along if the function does not return them; ``keep=()`` for
        exactly what it returns.
        """
        return self._then(Map(self.graph.root, Function(function), _names(keep)))

    def map_batches(self, function: Callable[[Any], Any], *, keep: Iterable[str] = KEEP) -> Dataset:
        """Replace columns by ``function(columns)``: many rows in one call.

        Before `batch` the function sees as many rows as the engine finds best, treats each alone, and returns
        as many. After `batch` it sees each batch. `keep` is as for `map`.
        """
        return self._then(MapBatches(self.graph.root, Function(function), _names(keep)))

    def filter(self, predicate: Callable[[Any], Any]) -> Dataset:
        """Keep the elements for which ``predicate(element)`` is true."""
        return self._then(Filter(self.graph.root, Function(predicate)))

    def shuffle(self, buffer_size: int | None = None, *, seed: int | None = None) -> Dataset:
        """Change the order: by less than `buffer_size` places, or entirely if left out.

        The whole needs random access (`from_source`, `from_arrays`, `from_arrow` of a table, `range`, also
        through `map` and `map_batches`). Its own `seed` takes the place of the dataset's.
        """
        return self._then(Shuffle(self.graph.root, buffer_size, seed))

    def batch(self, size: int, *, drop_remainder: bool = False) -> Dataset:
        """Stack `size` elements into one; the last batch may be smaller unless `drop_remainder`."""
        return self._then(Batch(self.graph.root, size, drop_remainder))

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements `count` times, or without end; shuffles before it draw another order each time."""
        return self._then(Repeat(self.graph.root, count))

    def take(self, count: int) -> Dataset:
        """The first `count` elements."""
        return self._then(Take(self.graph.root, count))

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements."""
        return self._then(Skip(self.graph.root, count))

    def prefetch(self, count: int = 2) -> Dataset:
        """Make up to `count` elements ahead, in a thread."""
        return self._then(Prefetch(self.graph.root, count))

    def apply(self, change: Callable[[Dataset], Dataset]) -> Dataset:
        """``change(self)``, where a chain of calls reads better."""
        return change(self)

    def with_seed(self, seed: int) -> Dataset:
        """The same with another seed for all shuffles that have none of their own."""
        return Dataset(Graph(self.graph.root, int(seed)))

    # -- running it ----------------------------------------------------------------------------------------

    def __iter__(self) -> Run:
        return Run(self.graph)

    def iterate(
        self, state: Mapping[str, Any] | None = None, *, epoch: int = 0, block_rows: int | None = None
    ) -> Run:
        """Start a run, or go on from `state` (which then says the epoch).

        Shuffles draw another order for each `epoch`. `block_rows` fixes how many elements are made together,
        which the engine otherwise finds out; it never changes the result.
        """
        return Run(self.graph, state=state, epoch=epoch, block_rows=block_rows)

    def restore(self, state: State) -> Run:
        """Go on exactly where the run stood that `state` was taken from.

        Raised if it was a run of another graph: `DataError` saying what differs.
        """
        return Run(self.graph, state=state)

    def to_torch(self, *, columns: Iterable[str] | None = None, pin: bool | None = None) -> Tensors:
        """The same elements as torch tensors, for a loop or a torch ``DataLoader(batch_size=None)``."""
        from headwater.data.torch import Tensors

        return Tensors(self, columns=columns, pin=pin)

    # -- what is known about it ----------------------------------------------------------------------------

    @property
    def cardinality(self) -> Count:
        """How many elements: a number, `math.inf`, or None if only running it would tell."""
        return self.graph.root.cardinality

    def __len__(self) -> int:
        count = self.cardinality
        if count is None or count == math.inf:
            raise UnknownLengthError(
                f"this dataset has {'no end' if count else 'no length that is known before it runs'}.",
                where=f".{self.graph.root.operator}",
                remedy="Cut it with .take(n), or count its elements.",
            )
        return int(count)

    @cached_property
    def spec(self) -> Spec:
        """The columns of an element, found by making the first; of a batch, the columns of its rows."""
        with Run(self.graph, block_rows=1) as run:
            element = next(run, None)
        if element is None:
            return Spec(())
        return Spec.of(as_columns(element)) if self.graph.root.depth else spec_of(element)

    @property
    def fingerprint(self) -> str:
        """Datasets of equal fingerprint give the same elements in the same order."""
        return self.graph.fingerprint

    def __repr__(self) -> str:
        return f"{self.graph}\n# {show_count(self.cardinality)}, seed {self.graph.seed}"

    def explain(self) -> str:
        """Say what was written, what will run, and what comes out."""
        runs = Graph(rewrite(self.graph.root), self.graph.seed)
        gives = f"{show_count(self.cardinality)} of {self.spec}"
        return f"written:\n{_indent(self.graph)}\nruns as:\n{_indent(runs)}\ngives: {gives}"

    def _then(self, node: Node) -> Dataset:
        return Dataset(Graph(node, self.graph.seed))


def _names(keep: Iterable[str]) -> tuple[str, ...]:
    if isinstance(keep, str):
        raise DataError(f"keep={keep!r} is one text.", remedy=f"Write keep=({keep!r},).")
    return tuple(keep)


def _indent(graph: Graph) -> str:
    return "\n".join(f"  {line}" for line in str(graph).splitlines())
