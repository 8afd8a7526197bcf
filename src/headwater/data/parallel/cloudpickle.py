"""Functions as bytes for another process: by reference where they can be imported there, else by value."""

from __future__ import annotations

from typing import Any

from headwater.core.errors import DataError


def dumps(value: Any) -> bytes:
    """The bytes of a function and what it closes over.

    Raised if something in it cannot leave this process: `DataError` that says what.
    """
    try:
        import cloudpickle
    except ImportError as error:
        raise DataError(
            "functions cannot be sent to other processes without cloudpickle.",
            where='parallel="processes"',
            remedy="Install it with: pip install 'headwater[data]'.",
        ) from error
    try:
        return bytes(cloudpickle.dumps(value, protocol=5))
    except Exception as error:
        raise DataError(
            f"it cannot be sent to another process: {type(error).__name__}: {error}.",
            where='parallel="processes"',
            remedy='Open files, sockets and locks inside the function, or use parallel="threads".',
        ) from error
