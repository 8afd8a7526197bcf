"""A dataset as another library wants its elements, with the state of a stateful loader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.core.errors import DataError

if TYPE_CHECKING:
    from headwater.data.dataset import Dataset
    from headwater.data.run import Run


class Handed:
    """Elements of a dataset, their values converted one by one.

    Each pass is an epoch, of which shuffles have another order: the first is epoch 0, the next epoch 1, unless
    `set_epoch` says otherwise.

    `state_dict` and `load_state_dict` are those of a stateful loader: exact, at any element.
    """

    where = "dataset"

    def __init__(self, dataset: Dataset, *, columns: Iterable[str] | None = None) -> None:
        self.dataset = dataset
        self._columns = None if columns is None else tuple(columns)
        self._run: Run | None = None
        self._restored: Mapping[str, Any] | None = None
        self._epoch = 0  # that of the next pass from the start

    def __iter__(self) -> Iterator[Any]:
        self._run = self.running().iterate(self._restored, epoch=self._epoch)
        self._epoch += 1
        self._restored = None
        return self._converted(self._run)

    def __len__(self) -> int:
        return len(self.dataset)

    def state_dict(self) -> dict[str, Any]:
        """Where the newest iterator stands."""
        if self._restored is not None:
            return dict(self._restored)
        return (self._run or self.running().iterate(epoch=self._epoch)).state()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iterator go on from `state`, in its epoch; the one after it begins the next epoch."""
        self.running().iterate(state).close()  # a state of another graph is refused here, not an epoch later
        self._restored, self._epoch = state, int(state["epoch"])

    def set_epoch(self, epoch: int) -> None:
        """Let the next iterator be of this epoch, as torch's ``DistributedSampler`` does.

        A state that was loaded stays if it is of the same epoch, so that a loop over epochs can go on from it.
        Raised for a negative number: `DataError`.
        """
        self._epoch = check_epoch(epoch, where=f"{self.where}().set_epoch")
        if self._restored is not None and int(self._restored["epoch"]) != self._epoch:
            self._restored = None

    def running(self) -> Dataset:
        """The dataset that is iterated, here and now."""
        return self.dataset

    def convert(self, value: Any) -> Any:
        """A value of an element as the other library has it."""
        raise NotImplementedError

    def _converted(self, run: Run) -> Iterator[Any]:
        with run:
            for element in run:
                yield self.convert_element(element)

    def convert_element(self, element: Any) -> Any:
        """The same of a whole element, or of those of its values that are wanted."""
        if not isinstance(element, Mapping):
            return self.convert(element)
        names = element if self._columns is None else self._columns
        try:
            return {name: self.convert(element[name]) for name in names}
        except KeyError as error:
            raise DataError(
                f"there is no column {error}.",
                where=f"{self.where}(columns=...)",
                remedy=f"Known here: {', '.join(map(str, element))}.",
            ) from None


def check_epoch(epoch: Any, *, where: str) -> int:
    """The epoch as an int. Raised if it is no number from 0 on: `DataError`."""
    if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
        raise DataError(f"{epoch!r} is no number of an epoch.", where=where, remedy="Count from 0.")
    return int(epoch)


class NumpyArrays(Handed):
    """Elements whose values are all numpy: texts and other Arrow columns become arrays of Python objects."""

    where = "dataset.to_numpy"

    def convert(self, value: Any) -> Any:
        """Leave what is numpy."""
        return value.to_numpy(zero_copy_only=False) if type(value).__module__.startswith("pyarrow") else value
