"""Several policies side by side: step them to the first trigger among them, and combine what they say.

Modyn's EnsembleTrigger, stated as steps. In the order of the stream a member that fires sets its flag; once
enough flags are set the whole fires, all flags are cleared, and every member goes on behind that sample.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headwater.core.errors import TriggersError
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.policy import Observed, Policy, Reading, State, Trigger, View, expect


@dataclass(frozen=True)
class Member:
    """A policy, where it stands, and what it may look at."""

    policy: Policy
    state: State
    view: View

    def observe(self, arrivals: Arrivals) -> Observed:
        """Ask the policy."""
        return self.policy.observe(self.state, arrivals, self.view)

    def num_until_scoring(self) -> int | None:
        """Ask the policy."""
        return self.policy.num_until_scoring(self.state)


@dataclass(frozen=True)
class Step:
    """All members, `num_consumed` arrivals later: who fired there, and what was measured on the way."""

    states: tuple[State, ...]
    num_consumed: int
    triggers: tuple[Trigger | None, ...]
    readings: tuple[Reading, ...]
    looked_ahead: bool


def step(members: Sequence[Member], arrivals: Arrivals) -> Step:
    """Take `members` to the first trigger among them, but no further than where one next asks a model.

    A model is asked on the last arrival of a step only, and cheap members go first and shorten the step, so
    no evaluation is thrown away (but for one where a look ahead meets it).
    """
    costs = [member.num_until_scoring() for member in members]
    limit = min([len(arrivals), *(cost for cost in costs if cost is not None)])
    heads: dict[int, Observed] = {}
    for i in sorted(range(len(members)), key=lambda i: costs[i] is not None):
        heads[i] = members[i].observe(arrivals[:limit])
        if heads[i].trigger is not None:
            limit = min(limit, heads[i].num_consumed + heads[i].looked_ahead)
    # A trigger that needed a later sample comes behind one that did not, as it would if the stream paused.
    events = [(head.num_consumed, head.looked_ahead) for head in heads.values() if head.trigger is not None]
    num_consumed, looked_ahead = min(events, default=(limit, False))
    for i, head in heads.items():
        is_there = head.num_consumed == num_consumed and (
            head.trigger is None or head.looked_ahead == looked_ahead
        )
        if not is_there:
            heads[i] = members[i].observe(arrivals[:num_consumed])
    ordered = [heads[i] for i in range(len(members))]
    return Step(
        states=tuple(head.state for head in ordered),
        num_consumed=num_consumed,
        triggers=tuple(head.trigger for head in ordered),
        readings=tuple(reading for head in ordered for reading in head.readings),
        looked_ahead=looked_ahead,
    )


@dataclass(frozen=True)
class _Flagged(State):
    states: tuple[State, ...]
    flags: tuple[Trigger | None, ...]
    num_since: int = 0


class Together(Policy):
    """Fires when enough members have fired since it last did; `AnyOf`, `AllOf` and `AtLeast` say how many.

    A trigger that would cover no new arrival is dropped, with its flags.
    """

    of: tuple[Policy, ...]
    restart: bool

    @property
    @abstractmethod
    def num_needed(self) -> int:
        """How many flags make a trigger."""

    def check(self) -> None:
        """Raised: `TriggersError` unless `of` holds policies."""
        where = type(self).__name__
        strange = [member for member in self.of if not isinstance(member, Policy)]
        if strange:
            remedy = f"Write {where}(Amount(1000), Interval('7d')): each policy is an argument of its own."
            raise TriggersError(f"{strange[0]!r} is not a trigger policy.", where=where, remedy=remedy)
        if not self.of:
            remedy = f"Write {where}(Amount(1000), Interval('7d'))."
            raise TriggersError("at least one policy is needed.", where=f"{where}()", remedy=remedy)

    def begin(self) -> State:
        """All members at their beginning, no flag set."""
        return _Flagged(tuple(member.begin() for member in self.of), (None,) * len(self.of))

    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:
        """Step from one member's trigger to the next until enough flags are set."""
        now = expect(_Flagged, state)
        used = 0
        readings: tuple[Reading, ...] = ()
        while used < len(arrivals):
            members = [Member(policy, own, view) for policy, own in zip(self.of, now.states)]
            done = step(members, arrivals[used:])
            used += done.num_consumed
            readings += done.readings
            flags = tuple(new or old for new, old in zip(done.triggers, now.flags))
            now = _Flagged(done.states, flags, now.num_since + done.num_consumed)
            if sum(flag is not None for flag in flags) >= self.num_needed:
                is_new = now.num_since > 0
                now = self._cleared(now)
                if is_new:
                    return Observed(now, used, self._trigger(flags), readings, done.looked_ahead)
        return Observed(now, used, None, readings)

    def restarted(self, state: State) -> State:
        """Restart every member and clear the flags."""
        cleared = self._cleared(expect(_Flagged, state))
        return replace(cleared, states=_restart(self.of, cleared.states))

    def num_until_scoring(self, state: State) -> int | None:
        """The least of the members'."""
        pairs = zip(self.of, expect(_Flagged, state).states)
        costs = [policy.num_until_scoring(own) for policy, own in pairs]
        return min((cost for cost in costs if cost is not None), default=None)

    def to_tree(self, state: State) -> dict[str, Any]:
        """Return the members' states and flags as JSON values."""
        now = expect(_Flagged, state)
        return {
            "of": [policy.dump(own) for policy, own in zip(self.of, now.states)],
            "flags": [flag and flag.to_tree() for flag in now.flags],
            "num_since": now.num_since,
        }

    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Read what `to_tree` wrote for as many members."""
        if not len(tree["of"]) == len(tree["flags"]) == len(self.of):
            raise ValueError(f"it has {len(tree['of'])} members, here are {len(self.of)}")
        states = tuple(policy.load(own) for policy, own in zip(self.of, tree["of"]))
        flags = tuple(flag and Trigger.from_tree(flag) for flag in tree["flags"])
        return _Flagged(states, flags, int(tree["num_since"]))

    def _cleared(self, now: _Flagged) -> _Flagged:
        states = _restart(self.of, now.states) if self.restart else now.states
        return _Flagged(states, (None,) * len(self.of))

    def _trigger(self, flags: tuple[Trigger | None, ...]) -> Trigger:
        raised = [flag for flag in flags if flag is not None]
        words = ", ".join(flag.policy for flag in raised)
        return Trigger(
            "; ".join(flag.reason for flag in raised), max(flag.at for flag in raised), f"{self.kind}({words})"
        )


def _restart(policies: Sequence[Policy], states: Sequence[State]) -> tuple[State, ...]:
    return tuple(policy.restarted(own) for policy, own in zip(policies, states))
