"""States that are told when they are asked for, not when they were taken.

Where the order is given up for speed, what came after a place is known only once it has come. A state taken
there names all that was given since, in that order, and then what is under way; so whoever replays from it
meets the same elements in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Live(dict[str, Any]):
    """A state that is still to be told; empty as a dict."""

    def __init__(self, tell: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._tell = tell

    def told(self) -> dict[str, Any]:
        """The state as it is now."""
        return self._tell()


def told(state: Any) -> Any:
    """The same tree, in which all is told.

    >>> told({"input": Live(lambda: {"at": 3}), "left": 2})
    {'input': {'at': 3}, 'left': 2}
    """
    if isinstance(state, Live):
        return told(state.told())
    if isinstance(state, dict):
        return {name: told(part) for name, part in state.items()}
    return [told(part) for part in state] if isinstance(state, list) else state
