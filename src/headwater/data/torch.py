"""Elements as torch tensors; the only file here that knows torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, default_collate, default_convert, get_worker_info

from headwater.data.handing import Handed

if TYPE_CHECKING:
    from headwater.data.dataset import Dataset


class Tensors(Handed, IterableDataset[Any]):
    """A dataset whose arrays are tensors, sharing memory where the array may be written.

    What torch has no type for (texts, bytes, times) stays as it is: numpy or Arrow. With `pin`, tensors are in
    page-locked memory, from which copies to a GPU overlap; it is on by itself where there is a GPU.

    In a ``DataLoader(tensors, batch_size=None, num_workers=n)`` worker k makes the elements k, k + n, ..., so
    that each comes once and, as the loader asks its workers in turn, in the dataset's order.

    Each pass is an epoch, of which shuffles have another order. Workers that are not persistent are made anew
    for each pass and cannot count: there call ``tensors.set_epoch(n)`` before it. Persistent workers count by
    themselves.

    `state_dict` and `load_state_dict` are those of a stateful loader: exact, at any batch; in a worker, those
    of its share, as torchdata's ``StatefulDataLoader`` wants it.
    """

    where = "dataset.to_torch"

    def __init__(
        self, dataset: Dataset, *, columns: Iterable[str] | None = None, pin: bool | None = None
    ) -> None:
        super().__init__(dataset, columns=columns)
        self._pin = torch.cuda.is_available() if pin is None else pin

    def running(self) -> Dataset:
        """The dataset, or in a DataLoader's worker its share, made in that process alone."""
        worker = get_worker_info()
        if worker is None or worker.num_workers == 1:
            return self.dataset if worker is None else self.dataset.with_options(parallel="inline")
        return self.dataset.shard(worker.num_workers, worker.id).with_options(parallel="inline")

    def convert(self, value: Any) -> Any:
        """A tensor where torch has the type."""
        # A worker must not touch the GPU: there the loader's own pin_memory does it.
        return as_tensor(value, pin=self._pin and get_worker_info() is None)


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


def collate(rows: list[Any]) -> Any:
    """Rows as one batch of tensors, as torch's DataLoader makes it."""
    return default_collate(rows)


def convert(element: Any) -> Any:
    """The arrays in an element as tensors, as torch's DataLoader makes them; read-only ones are copied."""
    if isinstance(element, Mapping):
        return {name: convert(part) for name, part in element.items()}
    return as_tensor(element) if isinstance(element, np.ndarray) else default_convert(element)  # type: ignore[no-untyped-call]


def pinned(value: Any) -> Any:
    """The same with all tensors in page-locked memory."""
    if isinstance(value, torch.Tensor):
        return value.pin_memory()
    if isinstance(value, Mapping):
        return {name: pinned(part) for name, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(pinned, value))
    return value
