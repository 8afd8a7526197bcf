"""Train after every so many arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater.core.errors import TriggersError
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.policy import Observed, Policy, State, Trigger, View, expect


@dataclass(frozen=True)
class _Counted(State):
    num_since: int = 0


@dataclass(frozen=True)
class Amount(Policy, kind="amount"):
    """Fires on the `every`-th arrival since it last fired (Modyn's DataAmountTrigger).

    >>> from headwater.triggers import Arrivals, replay
    >>> arrivals = Arrivals.of(range(10), ["2013-01-01"] * 10)
    >>> [fired.position for fired in replay(Amount(4), arrivals).fired]
    [4, 8]
    """

    every: int
    """Number of arrivals, at least 1."""

    def __post_init__(self) -> None:
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise TriggersError(
                "every must be a whole number, at least 1.",
                where=f"Amount(every={self.every!r})",
                remedy="To train on each arrival use every=1.",
            )

    def begin(self) -> State:
        """Nothing counted."""
        return _Counted()

    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:  # noqa: ARG002
        """Fire when the count is full."""
        since = expect(_Counted, state).num_since
        left = self.every - since
        if len(arrivals) < left:
            return Observed(_Counted(since + len(arrivals)), len(arrivals))
        noun = "arrival" if self.every == 1 else "arrivals"
        trigger = Trigger(f"{self.every:,} {noun} since the last", arrivals.times[left - 1], self.kind)
        return Observed(_Counted(), left, trigger)

    def restarted(self, state: State) -> State:  # noqa: ARG002
        """Count from here."""
        return _Counted()

    def to_tree(self, state: State) -> dict[str, Any]:
        """Return ``{"num_since": n}``."""
        return {"num_since": expect(_Counted, state).num_since}

    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Read ``{"num_since": n}``; a count that should have fired belongs to another `every`."""
        if not 0 <= int(tree["num_since"]) < self.every:
            raise ValueError(f"{tree['num_since']} arrivals were counted")
        return _Counted(int(tree["num_since"]))
