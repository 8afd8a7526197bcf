"""Event time cut into intervals of equal length, for everything that is shown or compared over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import LoopError
from headwater.core.unit import parse_duration_s

_SECOND_US = 1_000_000
# Intervals begin at a whole day, hour or minute when their length is a multiple of it: readable dates, and the
# same intervals whichever runs are compared.
_UNITS_US = (86_400 * _SECOND_US, 3_600 * _SECOND_US, 60 * _SECOND_US, 1)
_LENGTHS = ("1s", "10s", "1m", "10m", "1h", "6h", "1d", "7d", "30d", "365d")
_AT_LEAST = 24  # intervals: fewer say little about a difference
_SAMPLES_EACH = 100  # on average; fewer make an AUC that is all noise
_MOST = 20_000  # intervals; more would neither be seen in a plot nor be meant


@dataclass(frozen=True, eq=False)
class Intervals:
    """The intervals that hold samples, in order, and the rows of each.

    >>> times = np.array(["2013-01-01T05", "2013-01-09T00", "2013-01-02T00"], "datetime64[us]")
    >>> cut = Intervals.of(times, every="7d")
    >>> [rows.tolist() for rows in cut.rows]
    [[0, 2], [1]]
    >>> cut.starts.astype("datetime64[D]").tolist()
    [datetime.date(2013, 1, 1), datetime.date(2013, 1, 8)]
    """

    starts: NDArray[np.datetime64]
    length: np.timedelta64
    rows: tuple[NDArray[np.intp], ...]

    @staticmethod
    def of(times: NDArray[Any], *, every: str, first: np.datetime64 | None = None) -> Intervals:
        """Group `times` (datetime64 ``[N]``), counted from `first` or the earliest of them.

        Raised: `LoopError` for a length that is not positive, or so short that nobody could look at the result.
        """
        length_us = round(parse_duration_s(every) * _SECOND_US)
        if length_us <= 0:
            raise LoopError(f"intervals of {every!r} have no length.", remedy="Write for example every='7d'.")
        times_us = times.astype("datetime64[us]").astype(np.int64)
        if times_us.size == 0:
            return Intervals(np.empty(0, "datetime64[us]"), np.timedelta64(length_us, "us"), ())
        begin_us = _begin_us(int(times_us.min()) if first is None else _us(first), length_us)
        number = (times_us - begin_us) // length_us
        _refuse_too_many(int(number.max() - number.min()) + 1, every)
        order = np.argsort(number, kind="stable")
        found, at = np.unique(number[order], return_index=True)
        return Intervals(
            starts=(begin_us + found * length_us).view("datetime64[us]"),
            length=np.timedelta64(length_us, "us"),
            rows=tuple(np.split(order, at[1:])),
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def middles(self) -> NDArray[np.datetime64]:
        """The middle of each interval, where a plot puts its value."""
        middles: NDArray[np.datetime64] = self.starts + self.length // 2
        return middles

    @property
    def num_samples(self) -> NDArray[np.int64]:
        """How many rows each interval has, ``[I]``."""
        return np.array([rows.size for rows in self.rows], np.int64)


def length_for(times: NDArray[Any]) -> str:
    """Return a length that gives some two dozen intervals or more, each with samples enough to score.

    >>> length_for(np.arange("2013-01-01", "2014-01-01", dtype="datetime64[m]"))
    '7d'
    """
    span_s = float((times.max() - times.min()) / np.timedelta64(1, "s")) if times.size else 0.0
    least_s = span_s / max(times.size / _SAMPLES_EACH, 2)
    lengths = [(parse_duration_s(length), length) for length in _LENGTHS]
    by_span = max((each for each in lengths if each[0] <= span_s / _AT_LEAST), default=lengths[0])
    by_samples = min((each for each in lengths if each[0] >= least_s), default=lengths[-1])
    return max(by_span, by_samples)[1]


def _begin_us(first_us: int, length_us: int) -> int:
    unit = next(unit for unit in _UNITS_US if length_us % unit == 0)
    return first_us // unit * unit


def _us(time: np.datetime64) -> int:
    return int(time.astype("datetime64[us]").astype(np.int64))


def _refuse_too_many(count: int, every: str) -> None:
    if count > _MOST:
        raise LoopError(
            f"the stream is {count:,} intervals of {every!r} long; at most {_MOST:,} can be looked at.",
            remedy="Choose longer intervals, for example every='30d'.",
        )
