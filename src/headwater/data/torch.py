"""Elements as torch tensors; the only file here that knows torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from headwater.core.errors import DataError

if TYPE_CHECKING:
    from headwater.data.dataset import Dataset
    from headwater.data.run import Run


class Tensors(IterableDataset[Any]):
    """A dataset whose arrays are tensors, sharing memory where the array may be written.

    What torch has no type for (texts, bytes, times) stays as it is: numpy or Arrow. With `pin`, tensors are in
    page-locked memory, from which copies to a GPU overlap; it is on by itself where there is a GPU.

    `state_dict` and `load_state_dict` are those of a stateful loader: exact, at any batch.
    """

    def __init__(
        self, dataset: Dataset, *, columns: Iterable[str] | None = None, pin: bool | None = None
    ) -> None:
        self.dataset = dataset
        self._columns = None if columns is None else tuple(columns)
        self._pin = torch.cuda.is_available() if pin is None else pin
        self._run: Run | None = None
        self._restored: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        if worker is not None and worker.num_workers > 1:
            raise DataError(
                f"each of {worker.num_workers} DataLoader workers would give all elements.",
                where="dataset.to_torch()",
                remedy="Use DataLoader(..., batch_size=None, num_workers=0); .prefetch(2) works ahead.",
            )
        self._run = self.dataset.iterate(self._restored)
        self._restored = None
        return self._tensors(self._run)

    def __len__(self) -> int:
        return len(self.dataset)

    def state_dict(self) -> dict[str, Any]:
        """Where the newest iterator stands."""
        if self._restored is not None:
            return dict(self._restored)
        return (self._run or self.dataset.iterate()).state()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iterator go on from `state`."""
        self.dataset.iterate(state).close()  # a state of another graph is refused here, not an epoch later
        self._restored = state

    def _tensors(self, run: Run) -> Iterator[Any]:
        with run:
            for element in run:
                yield self._convert(element)

    def _convert(self, element: Any) -> Any:
        if not isinstance(element, Mapping):
            return as_tensor(element, pin=self._pin)
        names = element if self._columns is None else self._columns
        try:
            return {name: as_tensor(element[name], pin=self._pin) for name in names}
        except KeyError as error:
            raise DataError(
                f"there is no column {error}.",
                where="dataset.to_torch(columns=...)",
                remedy=f"Known here: {', '.join(map(str, element))}.",
            ) from None


def as_tensor(value: Any, *, pin: bool = False) -> Any:
    """Return a tensor of an array or number, or `value` itself where torch has no type for it.

    >>> as_tensor(np.array([1.0, 2.0]))
    tensor([1., 2.], dtype=torch.float64)
    """
    if isinstance(value, bool | int | float | np.bool_ | np.number):
        return torch.as_tensor(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biufc":
        return value
    try:
        tensor = torch.from_numpy(_owned(value))
    except TypeError:  # a dtype such as float128
        return value
    return tensor.pin_memory() if pin else tensor


def _owned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array if torch may share its memory, else a copy: torch has no read-only or byte-swapped tensors."""
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    if array.flags.writeable and all(step >= 0 for step in array.strides):
        return array
    return array.copy()
