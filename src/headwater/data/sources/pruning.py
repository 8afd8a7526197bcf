"""What the least and greatest value of each column of many rows say about a filter: whether any row can pass.

Only comparisons of a column with a constant say something, joined by "and" and "or". A row whose value is
missing makes none of them true, so what statistics leave out, such as NaN, cannot make a row pass.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from headwater.data.term import Term

Bounds: TypeAlias = tuple[Any, Any]
"""The least and greatest value; `(None, None)` where all values are missing."""

# Whole numbers up to here are the same as floats, in which Arrow compares the two kinds.
_EXACT = 1 << 53

_TURNED = {
    "less": "greater",
    "less_equal": "greater_equal",
    "greater": "less",
    "greater_equal": "less_equal",
    "equal": "equal",
}

_RULES_OUT: dict[str, Callable[[Any, Any, Any], bool]] = {
    "less": lambda least, _, value: least >= value,
    "less_equal": lambda least, _, value: least > value,
    "greater": lambda _, greatest, value: greatest <= value,
    "greater_equal": lambda _, greatest, value: greatest < value,
    "equal": lambda least, greatest, value: value < least or value > greatest,
}


def can_pass(term: Term, bounds: Mapping[str, Bounds]) -> bool:
    """Whether some row within `bounds` may make the filter true; yes, where it cannot be told.

    >>> import pyarrow.compute as pc
    >>> from headwater.data.term import read_term
    >>> can_pass(read_term((pc.field("x") > 9) & pc.field("y").is_valid()), {"x": (1, 8)})
    False
    """
    if term.kind != "call":
        return True
    if term.name == "and_kleene":
        return all(can_pass(part, bounds) for part in term.arguments)
    if term.name == "or_kleene":
        return any(can_pass(part, bounds) for part in term.arguments)
    if term.name == "is_in":
        return _can_be_in(term, bounds)
    if term.name in _TURNED and len(term.arguments) == 2:
        left, right = term.arguments
        if left.kind == "column":
            return _can_compare(term.name, left, right, bounds)
        return _can_compare(_TURNED[term.name], right, left, bounds)
    return True


def _can_be_in(term: Term, bounds: Mapping[str, Bounds]) -> bool:
    values = term.value["value_set"].as_py() if term.value is not None else None
    if not values or None in values:
        return True
    column = term.arguments[0]
    return any(_can_be("equal", column, value, bounds) for value in values)


def _can_compare(name: str, column: Term, constant: Term, bounds: Mapping[str, Bounds]) -> bool:
    if column.kind != "column" or constant.kind != "constant":
        return True
    try:
        value = constant.value.as_py()
    except ValueError:  # nanoseconds
        return True
    return _can_be(name, column, value, bounds)


def _can_be(name: str, column: Term, value: Any, bounds: Mapping[str, Bounds]) -> bool:
    if column.kind != "column" or column.path or column.name not in bounds or value is None:
        return True
    least, greatest = bounds[column.name]
    if least is None:
        return False
    if not (_alike(least, value) and _alike(greatest, value)):
        return True
    try:
        return not _RULES_OUT[name](least, greatest, value)
    except TypeError:  # times with and without a zone
        return True


def _alike(bound: Any, value: Any) -> bool:
    """Whether Python compares the two as Arrow does."""
    if type(bound) is type(value):
        return isinstance(bound, bool | int | float | str | bytes | datetime.datetime | datetime.date)
    kinds = {type(bound), type(value)}
    return kinds == {int, float} and max(abs(bound), abs(value)) <= _EXACT
