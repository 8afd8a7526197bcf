"""Go on behind elements that cannot be made.

Whoever can go on behind an error - a chain of functions behind an element, a source behind a row group or a
file - asks its `Env` whether to (`Env.pass_over`). So what is dropped is dropped where it is made, the elements
around it are made as ever, and a state means what it always does.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary

log = logging.getLogger("headwater.data")

# What is made again after a restore must not be counted again: so many of the last errors are remembered.
_REMEMBERED = 32
_SHOWN = 3
_MOST_KINDS = 100
# A share is judged after so many elements, and at the end: early on one error would be too large a share.
_ELEMENTS = 1_024


@dataclass(frozen=True, eq=False)
class IgnoreErrors(Unary):
    """The elements that can be made; `limit` is how many others there may be, or which share of all."""

    operator: ClassVar[str] = "ignore_errors"
    limit: int | float | None = None

    def __post_init__(self) -> None:
        limit = self.limit
        if limit is None or (type(limit) is int and limit >= 0) or (type(limit) is float and 0 < limit < 1):
            return
        raise DataError(
            "the limit is neither a number of elements nor a share of them.",
            where=f".{self.label}",
            remedy="Write limit=100 for at most 100, or limit=0.01 for at most one in a hundred.",
        )

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open the input such that it passes over errors and tells them here."""
        errors = Errors(self, state)
        inside = replace(env, ignoring=errors)
        source = resume(self.input, inside, state["input"] if state else None)
        return IgnoreErrorsCursor(errors, source, int(state["given"]) if state else 0)


class Errors:
    """Counts what is passed over; asked from whichever thread it happens in."""

    def __init__(self, node: IgnoreErrors, state: State | None) -> None:
        self.failed = int(state["failed"]) if state else 0
        self.recent: deque[int] = deque(state["recent"] if state else (), _REMEMBERED)
        self._node = node
        self._again = Counter(self.recent)
        self._last: deque[DataError] = deque(maxlen=_SHOWN)
        self._kinds: set[str] = set()
        self._lock = threading.Lock()

    def passed(self, error: DataError) -> None:
        """Count an error, unless it was counted before the state was taken from which the run went on."""
        with self._lock:
            self._tell(error)
            self._last.append(error)
            mark = zlib.crc32(str(error).encode())
            if self._again[mark] > 0:
                self._again[mark] -= 1
                return
            self.failed += 1
            self.recent.append(mark)
        if type(self._node.limit) is int and self.failed > self._node.limit:
            raise self._too_many(f"{self.failed:,} elements") from error

    def judge(self, given: int) -> None:
        """Refuse too large a share among those given and those passed over."""
        share, count = self._node.limit, given + self.failed
        if type(share) is float and self.failed > share * count:
            raise self._too_many(f"{self.failed:,} of {count:,} elements")

    def _tell(self, error: DataError) -> None:
        if error.problem not in self._kinds and len(self._kinds) < _MOST_KINDS:
            self._kinds.add(error.problem)
            log.warning("ignore_errors passes over an element, and all with this problem: %s", error)

    def _too_many(self, count: str) -> DataError:
        last = " | ".join(str(error) for error in self._last)
        return DataError(
            f"{count} could not be made, more than the limit. The last: {last}",
            where=f".{self._node.label}",
            remedy="Mend what they have in common, or raise the limit.",
        )


class IgnoreErrorsCursor:
    """State: how many elements were given, how many passed over, marks of the last of these; the input's."""

    def __init__(self, errors: Errors, source: Cursor, given: int) -> None:
        self._errors = errors
        self._source = source
        self._given = given

    def next(self, limit: int) -> Block | None:
        """What can be made, up to the next place where the share is judged: all runs judge at the same."""
        block = self._source.next(min(limit, _ELEMENTS - self._given % _ELEMENTS))
        if block is None:
            self._errors.judge(self._given)
            return None
        self._given += len(block)
        if self._given % _ELEMENTS == 0:
            self._errors.judge(self._given)
        return block

    def state(self) -> State:
        """Three numbers, a few marks, and the input's state."""
        counts = {"given": self._given, "failed": self._errors.failed, "recent": list(self._errors.recent)}
        return {**counts, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()
