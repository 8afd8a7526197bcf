"""Calling a user's function on a block, and saying at which element it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns
from headwater.data.function import Function
from headwater.data.origin import described


def call_each(function: Function, elements: list[Any], block: Block, operator: str) -> list[Any]:
    """Return what `function` makes of each element.

    Raised when the function raises: `DataError` that names it and the element, with the original as its cause.
    """
    results: list[Any] = []
    try:
        # extend() loops in C and keeps what came before an error: the number of results tells where it was.
        results.extend(map(function.call, elements))
    except Exception as error:
        raise function.failed(operator, error, locate(block, len(results), elements)) from error
    if len(results) < len(elements):
        # map() takes a StopIteration out of the function for its own end.
        stopped = StopIteration("raised by the function, which is no iterator")
        raise function.failed(operator, stopped, locate(block, len(results), elements))
    return results


def locate(block: Block, at: int, elements: list[Any] | None = None) -> str:
    """Say which element stands at `at`: its row in the source, and its key where it has one."""
    row = described(int(block.positions[at]))
    if isinstance(block, Columns):
        keys = block.columns.get("key")
        key = None if keys is None else keys[at]
    else:
        element = block.values[at] if elements is None else elements[at]
        key = element.get("key") if isinstance(element, Mapping) else None
    if isinstance(key, np.ndarray) and key.size:
        return f"the batch that begins with {row} (key {int(key.flat[0])})"
    return f"{row} (key {int(key)})" if isinstance(key, int | np.integer) else row


def carried(given: Mapping[str, Any], result: Mapping[str, Any], keep: tuple[str, ...]) -> dict[str, Any]:
    """The result, and what it lacks of the names to keep."""
    rest = {name: given[name] for name in keep if name in given and name not in result}
    return {**result, **rest}


def not_a_mapping(function: Function, operator: str, result: Any) -> DataError:
    """The error for a function that returned neither a dict nor an array."""
    return DataError(
        f"it returned a {type(result).__name__}.",
        where=function.where(operator),
        remedy="Return a dict of columns, or one array.",
    )
