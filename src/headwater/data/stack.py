"""From a list of elements to columns: rows returned one by one become arrays again."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column, Spec
from headwater.data.block import BARE, Items
from headwater.data.origin import described
from headwater.data.rows import consecutive


def stack(items: Items, *, operator: str) -> dict[str, Column]:
    """Return one column for each name in the elements, or one bare column for plain values.

    Texts and bytes become Arrow columns; everything else numpy, all of one type and shape: the first's.
    Raised when an element differs from the first: `DataError` naming both.

    >>> stack(Items([{"x": 1.5}, {"x": 2.5}], np.arange(2)), operator="batch")
    {'x': array([1.5, 2.5])}
    """
    first = items.values[0]
    if not isinstance(first, Mapping):
        return {BARE: _column(items.values, "the element", items, operator)}
    names = first.keys()
    for at, value in enumerate(items.values):
        if not isinstance(value, Mapping) or value.keys() != names:
            shown = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise _differs(items, at, operator, f"has {shown}", f"has {sorted(names)}")
    return {
        name: _column([value[name] for value in items.values], f"`{name}`", items, operator) for name in names
    }


def _column(values: list[Any], name: str, items: Items, operator: str) -> Column:
    fast = _numbers(values)
    if fast is not None:
        return fast
    kinds = set(map(type, values))
    if len(kinds) > 1:
        at = next(i for i, value in enumerate(values) if type(value) is not type(values[0]))
        kind, other = type(values[at]).__name__, type(values[0]).__name__
        raise _differs(items, at, operator, f"{name} is a {kind}", f"it is a {other}")
    if isinstance(values[0], str | bytes):
        import pyarrow as pa

        return pa.array(values, pa.string() if isinstance(values[0], str) else pa.binary())
    if isinstance(values[0], np.ndarray):
        return _stack_arrays(values, name, items, operator)
    try:
        column = np.array(values)
    except (ValueError, TypeError) as error:
        raise _not_a_column(items, operator, name, values[0]) from error
    if column.dtype.kind in "OUS" or (isinstance(values[0], int) and column.dtype.kind == "u"):
        raise _not_a_column(items, operator, name, values[0])
    return column


def _numbers(values: list[Any]) -> Column | None:
    """Python's own numbers, of the type of the first; None if another does not fit it without loss.

    Faster than `numpy.array`, which looks for a common type; and a batch's type hangs on no later element.
    """
    try:
        if type(values[0]) is int:
            return np.frombuffer(array("q", values), np.int64)
        if type(values[0]) is float:
            return np.fromiter(values, np.float64, len(values))
    except (TypeError, ValueError, OverflowError):
        pass
    return None


def _stack_arrays(values: list[Any], name: str, items: Items, operator: str) -> Column:
    first = values[0]
    for at, value in enumerate(values):
        if value.shape != first.shape or value.dtype != first.dtype:
            is_, was = (f"{it.dtype}{list(it.shape)}" for it in (value, first))
            raise _differs(items, at, operator, f"{name} is {is_}", f"it is {was}")
    if first.dtype.hasobject:
        raise _not_a_column(items, operator, name, first)
    together = consecutive(values)
    return np.stack(values) if together is None else together


def describe(items: Items, at: int) -> str:
    """Say which element this is: its row in the source, and its key where it has one."""
    value = items.values[at]
    key = value.get("key") if isinstance(value, Mapping) else None
    shown = f" (key {int(key)})" if isinstance(key, int | np.integer) else ""
    return f"{described(int(items.positions[at]))}{shown}"


def _differs(items: Items, at: int, operator: str, found: str, first: str) -> DataError:
    return DataError(
        f"in {describe(items, at)} {found}, but in {describe(items, 0)} {first}.",
        where=f".{operator}",
        remedy="Rows stack into columns only if all have the same names, types and shapes: "
        "make the function before it return them alike (pad, crop or convert).",
    )


def _not_a_column(items: Items, operator: str, name: str, value: Any) -> DataError:
    return DataError(
        f"{name} of {describe(items, 0)} is a {type(value).__name__}, which does not stack into a column.",
        where=f".{operator}",
        remedy="Return numbers, texts, bytes or numpy arrays of one shape; for lists of different lengths use "
        ".padded_batch(...), .ragged_batch(...) or .pack(...).",
    )


def spec_of(element: Any) -> Spec:
    """The columns that elements such as this one stack into."""
    return Spec.of(stack(Items([element], np.zeros(1, np.int64)), operator="spec"))
