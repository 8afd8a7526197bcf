"""Arrays of different shapes in one array, the places left over filled with a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.operators.calling import locate
from headwater.data.operators.ragged import as_array, is_list, names_in, ragged, shown, values_of
from headwater.data.stack import stack

Shape: TypeAlias = tuple[int | None, ...]

# From this mean length on, a copy per row is quicker than one boolean mask over the whole batch (measured for
# 64 rows of int64: rows of 20, 22 against 5 us; of 200, 27 and 23 us; of 500, 37 and 53 us).
_LONG = 200


@dataclass(frozen=True)
class Padding:
    """Shapes by column (None: to the longest), and what is filled in: one value, or one for each column.

    >>> Padding().columns(Items([[1], [2, 3]], np.arange(2)), "padded_batch")
    {'': array([[1, 0],
           [2, 3]])}
    """

    shapes: Mapping[str, Shape] | None = None
    values: Any = 0

    def columns(self, block: Block, operator: str, *, longest: int | None = None) -> dict[str, Column]:
        """The elements of a block as columns, each of one shape.

        `longest` is the length of the first axis wherever no shape is given. Raised for an element that does
        not fit: `DataError` naming it.
        """
        names = names_in(block, operator)
        self._check_names(block, names, operator)
        return {name: self._column(block, name, operator, longest) for name in names}

    def _check_names(self, block: Block, names: list[str], operator: str) -> None:
        given = [*(self.shapes or ()), *(self.values if isinstance(self.values, Mapping) else ())]
        unknown = [name for name in given if name not in names]
        if unknown:
            raise DataError(
                f"padding is given for {shown(unknown[0])}, which the elements do not have: {names}.",
                where=f".{operator}, {locate(block, 0)}",
                remedy="Name columns of the elements.",
            )

    def _column(self, block: Block, name: str, operator: str, longest: int | None) -> Column:
        column = values_of(block, name, operator)
        if not _is_ragged(column):
            return column if isinstance(block, Columns) else _stacked(block, name, operator)
        shape = (self.shapes or {}).get(name)
        if shape is None and isinstance(column, np.ndarray) and longest in (None, column.shape[1]):
            return column
        rows = _Rows(block, name, operator, (longest,) if shape is None else shape, exact=shape is not None)
        value = self.values.get(name, 0) if isinstance(self.values, Mapping) else self.values
        return rows.filled(value)


ZEROS = Padding()
"""To the longest, with zeros."""


def as_shapes(shapes: Any) -> Mapping[str, Shape] | None:
    """What a user writes for shapes: by column, or for plain values one; a number for arrays of one axis."""
    if shapes is None:
        return None
    if not isinstance(shapes, Mapping):
        return {BARE: _shape(shapes)}
    return {str(name): _shape(shape) for name, shape in shapes.items()}


def as_values(values: Any) -> Any:
    """What a user writes for values, as Python's own numbers."""
    if isinstance(values, Mapping):
        return {str(name): as_values(value) for name, value in values.items()}
    plain = values.item() if isinstance(values, np.generic) else values
    if not isinstance(plain, bool | int | float):
        raise DataError(
            f"padding_values={values!r} is no number.", remedy="Pass a number, or {'column': number, ...}."
        )
    return plain


def _shape(shape: Any) -> Shape:
    parts = tuple(shape) if isinstance(shape, list | tuple) else (shape,)
    wrong = [
        part for part in parts if part is not None and (not isinstance(part, int | np.integer) or part < -1)
    ]
    if wrong or not parts:
        raise DataError(
            f"padded_shapes has {shape!r}.",
            remedy="A shape is a number, or a tuple of numbers; None where the longest decides.",
        )
    return tuple(None if part is None or part == -1 else int(part) for part in parts)


def _is_ragged(column: Column | list[Any]) -> bool:
    """Whether the rows are arrays: a number or a text stands for itself."""
    if isinstance(column, np.ndarray):
        return column.ndim > 1
    if isinstance(column, list):
        return isinstance(column[0], list | tuple) or (isinstance(column[0], np.ndarray) and column[0].ndim > 0)
    return is_list(column.type)


def _stacked(block: Items, name: str, operator: str) -> Column:
    """One column of plain values, as in a batch."""
    values = block.values if name == BARE else [{name: value[name]} for value in block.values]
    return stack(Items(values, block.positions), operator=operator)[name]


@dataclass(frozen=True)
class _Rows:
    """The rows of one column and the shape that they are to have."""

    block: Block
    name: str
    operator: str
    shape: Shape
    exact: bool

    def filled(self, value: Any) -> NDArray[Any]:
        """All rows in one array."""
        column = values_of(self.block, self.name, self.operator)
        if len(self.shape) == 1 and self._is_flat(column):
            return self._flat(column, value)
        return self._deep([as_array(row, at, *self._place) for at, row in enumerate(_listed(column))], value)

    @property
    def _place(self) -> tuple[Block, str, str]:
        return self.block, self.name, self.operator

    def _is_flat(self, column: Column | list[Any]) -> bool:
        if isinstance(column, np.ndarray):
            return column.ndim == 2
        if isinstance(column, list):
            return all(_num_axes(row) == 1 for row in column)
        return not is_list(column.type.value_type)

    def _flat(self, column: Column | list[Any], value: Any) -> NDArray[Any]:
        rows = ragged(self.block, self.name, self.operator)
        lengths = rows.lengths
        width = int(lengths.max(initial=0)) if self.shape[0] is None else self.shape[0]
        if (lengths > width).any():
            at = int(np.argmax(lengths > width))
            raise self._too_large(at, f"{lengths[at]} values", str(width))
        values = rows.values
        if not len(values) and isinstance(column, list) and not isinstance(column[0], np.ndarray):
            values = np.empty(0, type(value))  # empty lists have no type of their own
        out = self._full((len(lengths), width), values.dtype, value)
        if len(values) > _LONG * len(lengths):
            stops = np.cumsum(lengths)
            for row, length, stop in zip(out, lengths.tolist(), stops.tolist()):
                row[:length] = values[stop - length : stop]
        else:
            out[np.arange(width) < lengths[:, None]] = values
        return out

    def _deep(self, rows: list[NDArray[Any]], value: Any) -> NDArray[Any]:
        num_axes = max((row.ndim for row in rows if row.size), default=len(self.shape))
        shape = self._whole(rows, num_axes)
        dtype = next((row.dtype for row in rows if row.size), np.dtype(type(value)))
        out = self._full((len(rows), *shape), dtype, value)
        for at, row in enumerate(rows):
            if not row.size:
                continue
            if row.ndim != num_axes or row.dtype != dtype:
                raise self._wrong(at, f"{row.dtype}{list(row.shape)}", f"{dtype} of {num_axes} axes")
            if any(size > most for size, most in zip(row.shape, shape)):
                raise self._too_large(at, f"the shape {list(row.shape)}", str(list(shape)))
            out[at][tuple(slice(size) for size in row.shape)] = row
        return out

    def _whole(self, rows: list[NDArray[Any]], num_axes: int) -> tuple[int, ...]:
        if self.exact and len(self.shape) != num_axes:
            at = next(i for i, row in enumerate(rows) if row.size)
            raise self._wrong(
                at, f"of shape {list(rows[at].shape)}", f"of {len(self.shape)} axes in padded_shapes"
            )
        given = (*self.shape, *[None] * num_axes)[:num_axes]
        most = [max((row.shape[i] for row in rows if row.ndim > i), default=0) for i in range(num_axes)]
        return tuple(size if wish is None else wish for size, wish in zip(most, given))

    def _full(self, shape: tuple[int, ...], dtype: np.dtype[Any], value: Any) -> NDArray[Any]:
        if not holds(dtype, value):
            raise DataError(
                f"{shown(self.name)} is {dtype}, which cannot hold the padding value {value!r}.",
                where=f".{self.operator}, {locate(self.block, 0)}",
                remedy=f"Give it its own: padding_values={{{self.name!r}: ...}}, or convert the column before.",
            )
        return np.full(shape, value, dtype)

    def _too_large(self, at: int, has: str, most: str) -> DataError:
        return DataError(
            f"{shown(self.name)} has {has}, more than the {most} to pad to.",
            where=f".{self.operator}, {locate(self.block, at)}",
            remedy="Cut it in a .map() before, drop it with .filter(), or give a larger padded_shapes.",
        )

    def _wrong(self, at: int, found: str, wanted: str) -> DataError:
        return DataError(
            f"{shown(self.name)} is {found}, and should be {wanted}.",
            where=f".{self.operator}, {locate(self.block, at)}",
            remedy="Make all elements alike in a .map() before.",
        )


def holds(dtype: np.dtype[Any], value: float) -> bool:
    """Whether a number of that type can have the value, but for rounding."""
    if dtype.kind not in "biufc":
        return False
    if not math.isfinite(value):
        return dtype.kind in "fc"
    try:
        with np.errstate(all="ignore"):
            return bool(np.array(value).astype(dtype) == value)
    except OverflowError:
        return False


def _num_axes(row: Any) -> int:
    if isinstance(row, np.ndarray):
        return row.ndim
    return 2 if isinstance(row, list | tuple) and row and isinstance(row[0], list | tuple | np.ndarray) else 1


def _listed(column: Column | list[Any]) -> list[Any]:
    return list(column) if isinstance(column, list | np.ndarray) else list(column.to_pylist())
