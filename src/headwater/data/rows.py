"""Functions that write each row straight into the columns of a block.

A function that returns a new array per element has it copied into a batch later. One that can fill memory it is
given follows `RowWriter`, and its rows lie in the batch from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = dict[str, NDArray[Any]]
"""Arrays of one row for each element of a block."""


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
