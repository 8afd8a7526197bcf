"""Functions that write each row straight into the columns of a block, and the memory for those columns.

A function that returns a new array per element has it copied into a batch later. One that can fill memory it is
given follows `RowWriter`, and its rows lie in the batch from the start.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = dict[str, NDArray[Any]]
"""Arrays of one row for each element of a block."""

# As many blocks of one run as may be in a consumer's hands at once; more are made, but not kept.
_MOST_KEPT = 16


@runtime_checkable
class RowWriter(Protocol):
    """A callable for `map` that can also write its result into given rows.

    ``writer(element)`` returns the element without the names in `consumes`, and with those of `spec()`; `write`
    puts the same values of `spec()` into `row`. One with ``random = True`` gets a `Draws` as the last argument.
    """

    consumes: tuple[str, ...]

    def spec(self) -> Mapping[str, tuple[Any, tuple[int, ...]]]:
        """Type and shape of a row of each column that is written."""
        ...

    def write(self, element: Any, row: Rows, /, *draws: Any) -> None:
        """Fill `row`, a view for each name in `spec()`."""
        ...


class Memory:
    """Hands out arrays, and the same again once nobody refers to them.

    A fresh array of some megabytes is mapped anew, and the first touch of each of its pages goes through the
    kernel: for a batch of images that can cost as much as decoding them.
    """

    def __init__(self, spec: Mapping[str, tuple[Any, tuple[int, ...]]]) -> None:
        self._spec = {name: (np.dtype(dtype), tuple(shape)) for name, (dtype, shape) in spec.items()}
        self._kept: dict[str, list[NDArray[Any]]] = {name: [] for name in self._spec}
        self._lock = threading.Lock()  # one step is called by several threads at a time

    def rows(self, count: int) -> Rows:
        """Arrays of `count` rows; what stands in them is left over."""
        with self._lock:
            return {name: self._array(name, count) for name in self._spec}

    def _array(self, name: str, count: int) -> NDArray[Any]:
        dtype, shape = self._spec[name]
        kept = self._kept[name]
        # A view of any kind, also a torch tensor, refers to the array that owns the memory.
        free = [at for at in range(len(kept)) if _references(kept, at) == _UNUSED]
        fitting = [at for at in free if count <= len(kept[at]) <= 2 * count]
        if fitting:
            return kept[fitting[0]][:count]
        for at in reversed(free):
            del kept[at]
        array = np.empty((count, *shape), dtype)
        if len(kept) < _MOST_KEPT and _COUNTED:
            kept.append(array)
        return array[:count]


def _references(kept: list[Any], at: int) -> int:
    return sys.getrefcount(kept[at])


# For an object to which only a list refers; Python versions differ in what they count besides.
_UNUSED = _references([object()], 0)
# Without the interpreter lock, counts are split between threads and say nothing.
_COUNTED = getattr(sys, "_is_gil_enabled", lambda: True)()


def consecutive(values: Sequence[NDArray[Any]]) -> NDArray[Any] | None:
    """The slice of one array whose rows are `values`, in this order; None if they are no such rows.

    >>> block = np.zeros((3, 2))
    >>> consecutive([block[1], block[2]]).base is block
    True
    """
    first = values[0]
    whole = first.base
    if not isinstance(whole, np.ndarray) or whole.ndim != first.ndim + 1 or first.nbytes == 0:
        return None
    if whole.shape[1:] != first.shape or whole.dtype != first.dtype or not whole.flags.c_contiguous:
        return None
    begin, step = first.ctypes.data, first.nbytes
    for at, value in enumerate(values):
        if value.base is not whole or value.shape != first.shape or value.strides != first.strides:
            return None
        if value.ctypes.data != begin + at * step:
            return None
    at = (begin - whole.ctypes.data) // step
    return whole[at : at + len(values)]
