"""The fluent form: each call returns a new dataset, nothing runs before it is iterated."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.core.spec import Spec
from headwater.data.block import as_columns
from headwater.data.cursor import State
from headwater.data.fluent.batching import Batching
from headwater.data.fluent.elements import Elements
from headwater.data.fluent.interop import Interop
from headwater.data.fluent.mixing import Mixing
from headwater.data.fluent.ordering import Ordering
from headwater.data.fluent.storing import Storing
from headwater.data.fluent.terminal import Terminal
from headwater.data.graph import Count, Graph, show_count
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.options import Options
from headwater.data.rules import rewrite
from headwater.data.run import Run
from headwater.data.stack import spec_of

if TYPE_CHECKING:
    from headwater.data.torch import Tensors


class UnknownLengthError(DataError, TypeError):
    """Raised by ``len()`` of a dataset that is endless or must be run to be counted.

    It is a `TypeError` too, so that ``list(dataset)`` goes on without the hint.
    """


class Dataset(Elements, Batching, Ordering, Mixing, Storing, Interop, Terminal):
    """Elements to come, and how they are made.

    An element is a dict of values (or a plain value, for `range` and bare arrays); after `batch`, a dict of
    arrays. Iterating gives the same elements in the same order each time; pass another `epoch` to `iterate`, or
    another seed to `with_seed`, for another order.

    >>> from headwater import data
    >>> [batch.tolist() for batch in data.range(5).map_batches(lambda x: x * x).batch(2)]
    [[0, 1], [4, 9], [16]]
    """

    def apply(self, change: Callable[[Dataset], Dataset]) -> Dataset:
        """``change(self)``, where a chain of calls reads better."""
        return change(self)

    def with_seed(self, seed: int) -> Dataset:
        """The same with another seed for all shuffles that have none of their own."""
        return Dataset(replace(self.graph, seed=int(seed)))

    def with_options(self, options: Options | None = None, **fields: Any) -> Dataset:
        """The same elements, run another way: ``with_options(parallel="threads", num_workers=4)``.

        Fields given by name change the dataset's present options: `parallel`, `num_workers`, `ahead_bytes`,
        `hold_bytes`, `deterministic`, `prefetch`, `rules`; see `data.Options`.
        Raised for another name: `DataError`.
        """
        known = [field.name for field in dataclasses.fields(Options)]
        for name in fields:
            if name not in known:
                raise DataError(
                    f"there is no option {name!r}.", where=".with_options", remedy=did_you_mean(name, known)
                )
        return Dataset(replace(self.graph, options=replace(options or self.graph.options, **fields)))

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

    def __getitem__(self, place: int) -> Any:
        """The element at `place`, counted from the end if negative, of a dataset with random access.

        Raised beyond the end: `IndexError`; without random access: `DataError`.

        >>> from headwater import data
        >>> data.range(100).map(lambda x: x * x).batch(10)[3].tolist()[:3]
        [900, 961, 1024]
        """
        root, count = self.graph.root, self.cardinality
        if not root.random_access:
            raise DataError(
                f"element {place} cannot be had without those before it.",
                where=f".{root.label}",
                remedy="Use next(iter(dataset.skip(n))), or .save(folder) and data.load(folder).",
            )
        at = place + int(count or 0) if place < 0 else place
        if at < 0 or (count is not None and at >= count):
            raise IndexError(f"element {place} of a dataset of {show_count(count)}")
        with Run(replace(self.graph, root=Take(Skip(root, at), 1)), block_rows=1) as run:
            return next(run)

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
        runs = Graph(rewrite(self.graph.root, self.graph.options.rules), self.graph.seed)
        gives = f"{show_count(self.cardinality)} of {self.spec}"
        return f"written:\n{_indent(self.graph)}\nruns as:\n{_indent(runs)}\ngives: {gives}"


def _indent(graph: Graph) -> str:
    return "\n".join(f"  {line}" for line in str(graph).splitlines())
