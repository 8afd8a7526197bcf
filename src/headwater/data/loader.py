"""PyTorch's ``DataLoader`` by its arguments, run by this engine: exact state, no workers to set up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.data.dataset import Dataset
from headwater.data.entry.memory import from_arrays
from headwater.data.entry.memory import range as numbers
from headwater.data.handing import check_epoch
from headwater.data.options import Options
from headwater.data.run import Run

_ENGINE = frozenset(
    (
        "num_workers",
        "timeout",
        "worker_init_fn",
        "multiprocessing_context",
        "prefetch_factor",
        "persistent_workers",
        "pin_memory_device",
        "in_order",
    )
)

_KNOWN = _ENGINE | {
    "batch_size",
    "shuffle",
    "sampler",
    "batch_sampler",
    "collate_fn",
    "pin_memory",
    "drop_last",
    "generator",
    "seed",
    "options",
}


class Loader:
    """Batches of a map-style dataset (``__getitem__`` and ``__len__``), or of a `Dataset` of rows.

    Takes the arguments of ``torch.utils.data.DataLoader``. Those that set up workers are accepted and left to
    the engine, which measures where the dataset's code is best run (`options` fixes it). Each ``iter()`` is one
    epoch, and a shuffle draws another order for each; which one follows from `seed` (or the generator's), never
    from chance.

    `state_dict` is exact at any batch, also after a loop was left: the next ``iter()`` after `load_state_dict`
    gives the rest of that epoch. A `sampler` must then give the same indices again.

    >>> loader = Loader([10, 20, 30], batch_size=2)
    >>> [batch.tolist() for batch in loader]
    [[10, 20], [30]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool = False,
        *,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Any = None,
        seed: int | None = None,
        options: Options | None = None,
        **engine: Any,
    ) -> None:
        if unknown := sorted(engine.keys() - _ENGINE):
            raise DataError(
                f"there is no argument {unknown[0]!r}.", where="Loader", remedy=did_you_mean(unknown[0], _KNOWN)
            )
        if (sampler is not None) + (batch_sampler is not None) + shuffle > 1:
            raise DataError("shuffle, sampler and batch_sampler exclude each other.", where="Loader")
        if batch_size is None and drop_last:
            raise DataError("without batches there is no last one to drop.", where="Loader(batch_size=None)")
        self.dataset = dataset
        self.batch_size = batch_size
        self._plan = _Plan(dataset, batch_size, shuffle, drop_last, sampler, batch_sampler, collate_fn)
        self._seed = seed if seed is not None else 0 if generator is None else int(generator.initial_seed())
        self._options = options
        self._pin = pin_memory
        self._epoch = 0
        self._run: Run | None = None
        self._restored: Mapping[str, Any] | None = None
        self._graph()  # what is wrong with the arguments is said here

    def __iter__(self) -> Iterator[Any]:
        restored, self._restored = self._restored, None
        state = restored["run"] if restored else None
        if restored is None and self._run is not None:  # the loop before was left half-way
            self._epoch += 1
        run = self._graph().iterate(state, epoch=self._epoch)
        self._run = run
        return self._epoch_of(run)

    def __len__(self) -> int:
        return len(self._graph())

    def state_dict(self) -> dict[str, Any]:
        """Where the newest iterator stands: the epoch, and the run's state within it."""
        if self._restored is not None:
            return dict(self._restored)
        return {"epoch": self._epoch, "run": self._run.state() if self._run else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next ``iter()`` go on from `state`.

        Raised if it was taken of another dataset, or with other arguments: `DataError`.
        """
        if state.get("run") is not None:
            self._graph().iterate(state["run"]).close()
        self._epoch = int(state["epoch"])
        self._restored = {"epoch": self._epoch, "run": state.get("run")}

    def set_epoch(self, epoch: int) -> None:
        """Let the next ``iter()`` be of this epoch; a state that was loaded stays if it is of the same one.

        Raised for a negative number: `DataError`.
        """
        self._epoch, self._run = check_epoch(epoch, where="Loader.set_epoch"), None
        if self._restored is not None and self._restored["epoch"] != self._epoch:
            self._restored = None

    def _graph(self) -> Dataset:
        graph = self._plan.graph().with_seed(self._seed)
        return graph if self._options is None else graph.with_options(self._options)

    def _epoch_of(self, run: Run) -> Iterator[Any]:
        from headwater.data.torch import convert, pinned

        with run:
            for batch in run:
                tensors = convert(batch)
                yield pinned(tensors) if self._pin else tensors
        if self._run is run:  # the newest, and at its end
            self._epoch, self._run = self._epoch + 1, None


@dataclass(frozen=True)
class _Plan:
    dataset: Any
    batch_size: int | None
    shuffle: bool
    drop_last: bool
    sampler: Iterable[int] | None
    batch_sampler: Iterable[Sequence[int]] | None
    collate: Callable[[list[Any]], Any] | None

    def graph(self) -> Dataset:
        """Which indices, in which portions, and what becomes of them."""
        if isinstance(self.dataset, Dataset):
            return self._of_rows(self.dataset)
        if not (hasattr(self.dataset, "__getitem__") and hasattr(self.dataset, "__len__")):
            raise DataError(
                f"a {type(self.dataset).__name__} has no __getitem__ and __len__.",
                where="Loader",
                remedy="For what can only be iterated: data.from_generator(...).batch(n).to_torch().",
            )
        if self.batch_sampler is not None:
            portions = [[int(index) for index in portion] for portion in self.batch_sampler]
            return numbers(len(portions)).map(_Portion(self.dataset, portions, self.collate))
        indices = self._indices()
        if self.batch_size is None:
            return indices.map(_One(self.dataset, self.collate))
        return indices.batch(self.batch_size, drop_remainder=self.drop_last).map(
            _Fetch(self.dataset, self.collate)
        )

    def _indices(self) -> Dataset:
        if self.sampler is not None:
            return from_arrays(np.array([int(index) for index in self.sampler], np.int64))
        indices = numbers(len(self.dataset))
        return indices.shuffle() if self.shuffle else indices

    def _of_rows(self, rows: Dataset) -> Dataset:
        if self.sampler is not None or self.batch_sampler is not None or self.collate is not None:
            raise DataError(
                "sampler, batch_sampler and collate_fn belong to map-style datasets.",
                where="Loader(Dataset)",
                remedy="Choose and convert with the dataset's own calls: shard, take, map, map_batches.",
            )
        rows = rows.shuffle() if self.shuffle else rows
        return rows if self.batch_size is None else rows.batch(self.batch_size, drop_remainder=self.drop_last)


@dataclass(frozen=True)
class _Fetch:
    """The elements at some indices, as one batch."""

    dataset: Any
    collate: Callable[[list[Any]], Any] | None

    def __call__(self, indices: Any) -> Any:
        chosen = indices.tolist()
        if hasattr(self.dataset, "__getitems__"):
            rows = self.dataset.__getitems__(chosen)
        else:
            rows = [self.dataset[index] for index in chosen]
        if self.collate is not None:
            return self.collate(rows)
        from headwater.data.torch import collate

        return collate(rows)


@dataclass(frozen=True)
class _Portion:
    """The same for the portions of a batch sampler, by their number."""

    dataset: Any
    portions: list[list[int]]
    collate: Callable[[list[Any]], Any] | None

    def __call__(self, number: int) -> Any:
        return _Fetch(self.dataset, self.collate)(np.array(self.portions[number], np.int64))


@dataclass(frozen=True)
class _One:
    """The element at one index."""

    dataset: Any
    collate: Callable[[Any], Any] | None

    def __call__(self, index: int) -> Any:
        element = self.dataset[int(index)]
        return element if self.collate is None else self.collate(element)
