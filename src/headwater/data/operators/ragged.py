"""Rows of different lengths as one flat array with a length for each row."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Block, Columns
from headwater.data.operators.calling import locate


@dataclass(slots=True)
class Ragged:
    """All rows one after the other, and how long each is."""

    values: NDArray[Any]
    lengths: NDArray[np.int64]


def names_in(block: Block, operator: str) -> list[str]:
    """The columns that every element of the block has; `BARE` for plain values."""
    if isinstance(block, Columns):
        return list(block.columns)
    first = block.values[0]
    if not isinstance(first, Mapping):
        return [BARE]
    for at, value in enumerate(block.values):
        if not isinstance(value, Mapping) or value.keys() != first.keys():
            found = sorted(value) if isinstance(value, Mapping) else f"a {type(value).__name__}"
            raise DataError(
                f"the element has {found}, those before it have {sorted(first)}.",
                where=f".{operator}, {locate(block, at)}",
                remedy="Let the function before return the same names for every element.",
            )
    return list(first)


def values_of(block: Block, name: str, operator: str) -> Column | list[Any]:
    """The values of one column (`BARE`: of the elements), an array where the block has columns, else a list.

    Raised where there is no such column: `DataError` naming those there are.
    """
    if isinstance(block, Columns):
        if name not in block.columns:
            raise _no_column(block, 0, name, list(block.columns), operator)
        return block.columns[name]
    bare = name == BARE
    for at, value in enumerate(block.values):
        if isinstance(value, Mapping) == bare or not (bare or name in value):
            raise _no_column(block, at, name, list(value) if isinstance(value, Mapping) else [BARE], operator)
    return block.values if bare else [value[name] for value in block.values]


def lengths_of(block: Block, name: str, operator: str) -> NDArray[np.int64]:
    """How long each row of a column is, without reading the rows where that is to be had."""
    column = values_of(block, name, operator)
    if isinstance(column, np.ndarray):
        if column.ndim < 2:
            raise _not_rows(block, 0, name, column[0], operator)
        return np.full(len(column), column.shape[1], np.int64)
    if not isinstance(column, list):
        _check_present(column, block, name, operator)
        return _arrow_lengths(column, block, name, operator)
    try:
        return np.fromiter(map(len, column), np.int64, len(column))
    except TypeError as error:
        at = next(i for i, value in enumerate(column) if not hasattr(value, "__len__"))
        raise _not_rows(block, at, name, column[at], operator) from error


def ragged(block: Block, name: str, operator: str) -> Ragged:
    """The rows of one column: an Arrow list column and a numpy column ``[N, k]`` without a copy.

    Lists of whole numbers become int64, of others float64; arrays keep their type, which must be one. Raised
    for a row that is missing, is no list of numbers or is of another type: `DataError` naming it.
    """
    column = values_of(block, name, operator)
    if isinstance(column, np.ndarray):
        lengths = lengths_of(block, name, operator)
        return Ragged(column.reshape(-1, *column.shape[2:]), lengths)
    if isinstance(column, list):
        return _of_list(column, block, name, operator)
    return _of_arrow(column, block, name, operator)


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is that of lists."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def shown(name: str) -> str:
    """A column as errors call it."""
    return f"`{name}`" if name else "the element"


def _of_arrow(column: Any, block: Block, name: str, operator: str) -> Ragged:
    _check_present(column, block, name, operator)
    lengths = _arrow_lengths(column, block, name, operator)
    inner = column.flatten()
    if inner.null_count:
        missing = int(np.flatnonzero(np.asarray(inner.is_null()))[0])
        at = int(np.searchsorted(np.cumsum(lengths), missing, side="right"))
        raise _missing(block, at, f"a value of {shown(name)}", operator)
    values = inner.to_numpy(zero_copy_only=False)
    if values.dtype.hasobject:
        raise _not_rows(block, 0, name, column[0].as_py(), operator)
    return Ragged(values, lengths)


def _check_present(column: Any, block: Block, name: str, operator: str) -> None:
    if column.null_count:
        at = int(np.flatnonzero(np.asarray(column.is_null()))[0])
        raise _missing(block, at, shown(name), operator)


def _arrow_lengths(column: Any, block: Block, name: str, operator: str) -> NDArray[np.int64]:
    if not is_list(column.type):
        raise _not_rows(block, 0, name, column[0].as_py(), operator)
    if hasattr(column, "offsets"):
        return np.diff(np.asarray(column.offsets)).astype(np.int64, copy=False)
    return np.full(len(column), column.type.list_size, np.int64)


def _of_list(rows: list[Any], block: Block, name: str, operator: str) -> Ragged:
    kinds = set(map(type, rows))
    if kinds <= {list, tuple}:
        found = _numbers(rows)
        if found is not None:
            return found
    arrays = [as_array(row, at, block, name, operator) for at, row in enumerate(rows)]
    lengths = np.fromiter(map(len, arrays), np.int64, len(arrays))
    # An empty list says nothing about the type; an empty array does, but need not be heard.
    filled = [at for at, row in enumerate(arrays) if len(row)] or [0]
    first = arrays[filled[0]]
    for at in filled:
        row = arrays[at]
        if row.dtype != first.dtype or row.shape[1:] != first.shape[1:]:
            raise _differs(block, at, name, row, first, operator)
    return Ragged(np.concatenate([arrays[at] for at in filled]), lengths)


def _numbers(rows: list[Any]) -> Ragged | None:
    """Lists of Python's own numbers; None for anything else."""
    first = next((row[0] for row in rows if len(row)), 0)
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    # One list of all, then one conversion: 17 ns a number, against 39 ns through itertools.chain.
    flat: list[Any] = []
    for row in rows:
        flat += row
    try:
        if type(first) is int:
            return Ragged(np.frombuffer(array("q", flat), np.int64), lengths)
        if type(first) is float:
            return Ragged(np.frombuffer(array("d", flat), np.float64), lengths)
    except (TypeError, ValueError, OverflowError):
        pass
    return None


def as_array(row: Any, at: int, block: Block, name: str, operator: str) -> NDArray[Any]:
    """A row as an array of numbers; refused with its place if it is none."""
    try:
        found = row if isinstance(row, np.ndarray) else np.asarray(row)
    except ValueError as error:
        raise _not_rows(block, at, name, row, operator) from error
    if found.ndim == 0 or found.dtype.kind in "OUS" or isinstance(row, str | bytes):
        raise _not_rows(block, at, name, row, operator)
    return found


def _differs(
    block: Block, at: int, name: str, row: NDArray[Any], first: NDArray[Any], operator: str
) -> DataError:
    is_, was = (f"{it.dtype}{['*', *it.shape[1:]]}".replace("'", "") for it in (row, first))
    return DataError(
        f"{shown(name)} is {is_}, in rows before it {was}.",
        where=f".{operator}, {locate(block, at)}",
        remedy="Rows of a column need one type: convert with .astype(...) in a .map() before.",
    )


def _not_rows(block: Block, at: int, name: str, value: Any, operator: str) -> DataError:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return DataError(
        f"{shown(name)} is {text if len(text) < 60 else text[:57] + '...'} ({type(value).__name__}), "
        "no list of numbers.",
        where=f".{operator}, {locate(block, at)}",
        remedy="Give lists of numbers or numpy arrays of one or more dimensions.",
    )


def _missing(block: Block, at: int, what: str, operator: str) -> DataError:
    return DataError(
        f"{what} is missing (null).",
        where=f".{operator}, {locate(block, at)}",
        remedy="Fill it, or drop such rows with .filter().",
    )


def _no_column(block: Block, at: int, name: str, names: list[str], operator: str) -> DataError:
    there = ", ".join(f"`{it}`" for it in names if it) or "a plain value"
    wanted = f"no column `{name}`" if name else "a dict instead of a plain value"
    return DataError(
        f"there is {wanted}; what there is: {there}.",
        where=f".{operator}, {locate(block, at)}",
        remedy="Name a column that every element has.",
    )
