"""The error for a library that is not installed."""

from __future__ import annotations

from headwater.core.errors import DataError


def missing(library: str, *, extra: str = "images") -> DataError:
    """The error that names the library and the extra that brings it."""
    return DataError(
        f"{library} is not installed.",
        where=f"data.{extra}",
        remedy=f"pip install 'headwater[{extra}]'",
    )
