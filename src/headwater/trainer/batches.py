"""What the trainer accepts as a dataset, and a reader that can leave its place and find it again.

Any iterable of dicts of arrays will do, a list too. What more it offers is used:
- ``iterate(state, epoch=e)`` with the iterator's ``state()`` (JSON values) gives each epoch its own order, and
  resumes without reading what was read; without it a resumed epoch is read from its start and skipped through;
- ``with_seed(n)`` gives each epoch its own order where ``iterate`` takes no ``epoch``;
- ``set_epoch(n)`` does so where it takes neither;
- ``fingerprint`` tells one dataset from another; without it the first batch has to;
- ``len()`` is the number of batches in an epoch, which schedules such as cosine need.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, TypeAlias

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import TrainerError
from headwater.core.rng import Seeds

Arrays: TypeAlias = Mapping[str, Any]
"""One batch as it arrives: columns (numpy arrays or tensors) of equal length."""


class Batches(Protocol):
    """An iterable of batches; iterating again starts a new epoch."""

    def __iter__(self) -> Iterator[Arrays]: ...


class Reader:
    """The batches of one epoch, from a place on.

    >>> reader = Reader([{"x": 1}, {"x": 2}, {"x": 3}], seed=0, epoch=0)
    >>> next(reader), reader.place()
    ({'x': 1}, {'num_read': 1, 'state': None})
    >>> list(Reader([{"x": 1}, {"x": 2}, {"x": 3}], seed=0, epoch=0, place=reader.place()))
    [{'x': 2}, {'x': 3}]
    """

    def __init__(
        self, dataset: Batches, *, seed: int, epoch: int, place: Mapping[str, Any] | None = None
    ) -> None:
        self._num_read = 0 if place is None else int(place["num_read"])
        state = None if place is None else place["state"]
        self._batches = _start(dataset, state, seed=seed, epoch=epoch)
        if state is None and self._num_read:
            skipped = sum(1 for _ in islice(self._batches, self._num_read))
            if skipped < self._num_read:
                raise TrainerError(
                    f"the dataset ended after {skipped} batches, but {self._num_read} of them were trained on "
                    "before the interruption.",
                    remedy="The dataset has changed: train from the start in another folder.",
                )

    def __iter__(self) -> Iterator[Arrays]:
        return self

    def __next__(self) -> Arrays:
        batch = next(self._batches)
        self._num_read += 1
        return batch

    def place(self) -> dict[str, Any]:
        """Return, as JSON values, where the next batch will come from."""
        state = getattr(self._batches, "state", None)
        found = state() if callable(state) else None
        try:
            json.dumps(found)
        except TypeError:
            found = None  # a state we cannot store: read the epoch again and skip
        return {"num_read": self._num_read, "state": found}

    def close(self) -> None:
        """Let the dataset stop its threads, if it has any."""
        close = getattr(self._batches, "close", None)
        if callable(close):
            close()


def length_of(dataset: Batches) -> int | None:
    """Return the number of batches in an epoch, None if the dataset does not know."""
    try:
        return len(dataset)  # type: ignore[arg-type]  # it may have a length; the protocol does not ask for one
    except (TypeError, NotImplementedError):
        return None


def fingerprint_of(dataset: Batches, *, seed: int) -> str:
    """Return the dataset's own fingerprint, or the digest of its first batch."""
    own = getattr(dataset, "fingerprint", None)
    own = own() if callable(own) else own
    if isinstance(own, str):
        return own
    with contextlib.closing(Reader(dataset, seed=seed, epoch=0)) as reader:
        first = next(reader, {})
    return digest_of(*(part for name in sorted(first) for part in (name, _digestible(first[name]))))


def _digestible(values: Any) -> object:
    array = np.asarray(values)
    return [str(value) for value in array.reshape(-1)] if array.dtype.hasobject else array


def _start(dataset: Batches, state: Any, *, seed: int, epoch: int) -> Iterator[Arrays]:
    """Start an epoch in its own order, or go on in it from `state`."""
    iterate = getattr(dataset, "iterate", None)
    if callable(iterate) and "epoch" in inspect.signature(iterate).parameters:
        return iter(iterate(state, epoch=epoch))
    with_seed = getattr(dataset, "with_seed", None)
    if callable(with_seed):
        dataset = with_seed(Seeds(seed).integer("trainer", "epoch", epoch))
        iterate = getattr(dataset, "iterate", None)
    if not callable(iterate):
        set_epoch = getattr(dataset, "set_epoch", None)
        if callable(set_epoch):  # else a look at it, as for its fingerprint, counts as an epoch
            set_epoch(epoch)
        return iter(dataset)
    return iter(iterate() if state is None else iterate(state))
