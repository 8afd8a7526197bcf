"""Calling a user's function on a block, and saying at which element it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns
from headwater.data.function import Function
from headwater.data.origin import described


def call_each(
    function: Function, elements: list[Any], block: Block, operator: str, *more: list[Any], call: Any = None
) -> list[Any]:
    """Return what `function` makes of each element, and of what stands beside it in the lists `more`.

    `call` is what is called in its stead, if it has another way to do the same.

    Raised when the function raises: `DataError` that names it and the element, with the original as its cause.
    """
    results: list[Any] = []
    try:
        # extend() loops in C and keeps what came before an error: the number of results tells where it was.
        results.extend(map(call or function.call, elements, *more))
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
        keys = block.columns.get("key", block.columns.get("__key__"))
        key = None if keys is None else keys[at]
    else:
        element = block.values[at] if elements is None else elements[at]
        key = element.get("key", element.get("__key__")) if isinstance(element, Mapping) else None
    if isinstance(key, np.ndarray) and key.size:
        return f"the batch that begins with {row} (key {int(key.flat[0])})"
    if isinstance(key, int | np.integer):
        return f"{row} (key {int(key)})"
    # A text is the name of a sample in a tar file: an element's own, or a value of an Arrow column.
    text = key.as_py() if key is not None and hasattr(key, "as_py") else key
    return f"{row} (key {text})" if isinstance(text, str) else row


def truth(answer: Any, function: Function, operator: str, block: Block, at: int) -> bool:
    """The answer of a predicate as a bool; refused is what is neither yes nor no."""
    if isinstance(answer, np.ndarray) and answer.size != 1:
        found = f"an array of shape {list(answer.shape)}"
    elif answer is None:
        found = "None"
    else:
        return bool(answer)
    raise DataError(
        f"it returned {found}.",
        where=function.where(operator, locate(block, at)),
        remedy="Return True or False for one element; reduce an array with .all() or .any().",
    )


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
