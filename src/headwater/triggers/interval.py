"""Train after every so much event time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from headwater.core.errors import TriggersError
from headwater.core.unit import format_duration
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.duration import microseconds_of
from headwater.triggers.policy import Observed, Policy, State, Trigger, View, expect, microseconds


@dataclass(frozen=True)
class _Awaiting(State):
    boundary_us: int | None = None
    num_since: int = 0


@dataclass(frozen=True)
class Interval(Policy, kind="interval"):
    """Fires at the end of each interval of event time (Modyn's TimeTrigger).

    Intervals are ``[start + i*every, start + (i+1)*every)``. The end of one is known when a *later* sample
    arrives; the trigger covers what came before that sample, which itself is not consumed. However many
    intervals passed, there is one trigger: those without a sample are skipped.

    >>> from headwater.triggers import Arrivals, replay
    >>> arrivals = Arrivals.of(range(4), ["2013-01-01", "2013-01-03", "2013-01-09", "2013-03-01"])
    >>> [(fired.position, str(fired.trigger.at)[:10]) for fired in replay(Interval("7d"), arrivals).fired]
    [(2, '2013-01-08'), (3, '2013-01-15')]
    """

    every: int | float | str
    """Seconds, or a text such as ``"7d"``; a year is 365 days."""

    start: str | datetime | None = None
    """Where the grid of intervals begins, UTC; None: at the first arrival."""

    def __post_init__(self) -> None:
        _ = self._every_us  # a bad `every` is refused here
        if self.start is not None:
            object.__setattr__(self, "start", _as_text(self.start, self._where))

    def begin(self) -> State:
        """No boundary yet: it depends on the first arrival."""
        return _Awaiting()

    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:
        """Fire at the first boundary that a sample has passed with others before it."""
        before = expect(_Awaiting, state)
        if len(arrivals) == 0:
            return Observed(state, 0)
        times = arrivals.times.astype(np.int64)
        boundary = self._first_boundary(times[0]) if before.boundary_us is None else before.boundary_us
        at = int(np.searchsorted(times, boundary))
        if at == len(arrivals):
            return Observed(_Awaiting(boundary, before.num_since + at), at)
        after = _Awaiting(boundary + self._every_us * ((int(times[at]) - boundary) // self._every_us + 1))
        if before.num_since + at == 0:
            return self.observe(after, arrivals, view)  # at is 0 and the boundary now lies ahead of it
        return Observed(after, at, self._trigger(boundary), looked_ahead=True)

    def restarted(self, state: State) -> State:
        """Keep the grid, forget the samples that the other trigger covered."""
        return _Awaiting(expect(_Awaiting, state).boundary_us)

    def to_tree(self, state: State) -> dict[str, Any]:
        """Return the next boundary in microseconds since 1970 and the samples since the last."""
        return vars(expect(_Awaiting, state)).copy()

    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Read what `to_tree` wrote."""
        boundary = tree["boundary_us"]
        return _Awaiting(None if boundary is None else int(boundary), int(tree["num_since"]))

    @property
    def _every_us(self) -> int:
        return microseconds_of(self.every, where=self._where)

    @property
    def _where(self) -> str:
        return f"Interval(every={self.every!r}, start={self.start!r})"

    def _first_boundary(self, first_us: Any) -> int:
        start = int(first_us) if self.start is None else microseconds(np.datetime64(str(self.start)))
        return start + self._every_us

    def _trigger(self, boundary_us: int) -> Trigger:
        every = self.every if isinstance(self.every, str) else format_duration(self.every)
        return Trigger(f"{every} of event time passed", np.datetime64(boundary_us, "us"), self.kind)


def _as_text(start: str | datetime, where: str) -> str:
    """Return an ISO text in UTC without an offset, which numpy reads back."""
    try:
        when = start if isinstance(start, datetime) else datetime.fromisoformat(str(start))
        if when.tzinfo is not None:
            when = when.astimezone(UTC).replace(tzinfo=None)
        return when.isoformat()
    except ValueError as error:
        raise TriggersError(
            f"start is not a date ({error}).",
            where=where,
            remedy="Write it as '2013-01-01' or '2013-01-01T06:00'.",
        ) from error
