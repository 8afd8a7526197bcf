"""Run a policy over arrivals that are already known, to see when it would have fired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headwater.triggers.arrivals import Arrivals
from headwater.triggers.policy import Policy, Reading, State, Trigger, View


@dataclass(frozen=True)
class Fired:
    """A trigger, and how many arrivals had been consumed by then."""

    position: int
    trigger: Trigger


@dataclass(frozen=True)
class Replay:
    """What happened, and where the policy stands after it."""

    fired: tuple[Fired, ...]
    readings: tuple[Reading, ...]
    state: State


def replay(
    policy: Policy,
    arrivals: Arrivals,
    *,
    view: View | None = None,
    state: State | None = None,
    after: Callable[[Trigger, Arrivals], View] | None = None,
) -> Replay:
    """Observe all `arrivals` and collect every trigger; `after` stands for training and returns the next view.

    `after` is given the trigger and the arrivals consumed since the one before it in this replay.
    """
    now = policy.begin() if state is None else state
    shown = view or View()
    used = since = 0
    fired: list[Fired] = []
    readings: list[Reading] = []
    while used < len(arrivals):
        seen = policy.observe(now, arrivals[used:], shown)
        now, used = seen.state, used + seen.num_consumed
        readings += seen.readings
        if seen.trigger is not None:
            fired.append(Fired(used, seen.trigger))
            shown = after(seen.trigger, arrivals[since:used]) if after else shown
            since = used
    return Replay(tuple(fired), tuple(readings), now)
