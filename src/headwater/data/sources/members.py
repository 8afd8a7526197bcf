"""What the members of a sample mean by their ending: texts and whole numbers, the rest stays bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column

# The endings that the webdataset library reads as texts and as numbers.
TEXTS = frozenset({"txt", "text", "transcript", "json", "jsn"})
NUMBERS = frozenset({"cls", "cls2", "class", "count", "index", "inx", "id"})


def decoded(column: Any, ending: str, where: Callable[[int], str]) -> Column:
    """Return texts as an Arrow column (JSON too: what is in it is yours to parse), class numbers as int64.

    Raised for bytes that are no text or number: `DataError`, at ``where(row)``.
    """
    if ending in TEXTS:
        return _texts(column, where)
    return _numbers(column, where) if ending in NUMBERS else column


def _texts(column: Any, where: Callable[[int], str]) -> Column:
    import pyarrow as pa

    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        at = next(
            at for at, value in enumerate(column.to_pylist()) if value is not None and not _is_utf8(value)
        )
        raise _wrong(column[at].as_py(), "text in UTF-8", where(at)) from None


def _numbers(column: Any, where: Callable[[int], str]) -> Column:
    values = column.to_pylist()
    numbers = np.empty(len(values), np.int64)
    for at, value in enumerate(values):
        try:
            numbers[at] = int(value)
        except (TypeError, ValueError, OverflowError):
            raise _wrong(value, "whole number", where(at)) from None
    return numbers


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _wrong(value: bytes | None, what: str, where: str) -> DataError:
    found = "there is none" if value is None else f"{value[:40]!r} is no {what}"
    return DataError(f"{found}.", where=where, remedy="Mend the member, or read it as bytes with decode=False.")
