"""Let a policy watch for a while before its word counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from headwater.core.errors import TriggersError
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.policy import Observed, Policy, Reading, State, View, expect
from headwater.triggers.together import Member, Step, step


@dataclass(frozen=True)
class _Warming(State):
    policy: State
    meanwhile: State
    num_passed: int = 0


@dataclass(frozen=True)
class Warmup(Policy, kind="warmup"):
    """Passes over the first triggers of `policy`; until then `meanwhile` decides (Modyn §WarmupTrigger).

    `policy` is shown no model meanwhile. `Drift` then fires at every evaluation without computing a distance:
    its windows turn over as if it had triggered, and it keeps the references to calibrate its threshold
    on when warm-up ends.

    >>> from headwater.triggers import Amount, Arrivals, replay
    >>> policy = Warmup(Amount(2), evaluations=3, meanwhile=Amount(5))
    >>> arrivals = Arrivals.of(range(10), ["2013-01-01"] * 10)
    >>> [fired.position for fired in replay(policy, arrivals).fired]
    [5, 8, 10]
    """

    policy: Policy
    _: KW_ONLY
    meanwhile: Policy
    """Who decides during warm-up, usually an `Amount` or an `Interval`."""

    evaluations: int = 3
    """How many triggers of `policy` are passed over; for `Drift` that is the number of evaluations."""

    def __post_init__(self) -> None:
        if isinstance(self.evaluations, bool) or not isinstance(self.evaluations, int) or self.evaluations < 1:
            raise TriggersError(
                "evaluations must be a whole number, at least 1.",
                where=f"Warmup(evaluations={self.evaluations!r})",
                remedy="Without warm-up, use the policy itself.",
            )

    def begin(self) -> State:
        """Both at their beginning."""
        return _Warming(self.policy.begin(), self.meanwhile.begin())

    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:
        """Listen to `meanwhile` while triggers of `policy` are passed over, then to `policy`."""
        now = expect(_Warming, state)
        used = 0
        readings: tuple[Reading, ...] = ()
        while now.num_passed < self.evaluations and used < len(arrivals):
            done = self._step(now, arrivals[used:], view)
            used += done.num_consumed
            readings += done.readings
            now = _after(done, now.num_passed)
            if done.triggers[1] is not None:
                trigger = replace(done.triggers[1], policy=f"{self.kind}({done.triggers[1].policy})")
                return Observed(now, used, trigger, readings, done.looked_ahead)
        if now.num_passed < self.evaluations:
            return Observed(now, used, None, readings)
        rest = self.policy.observe(now.policy, arrivals[used:], view)
        return replace(
            rest,
            state=replace(now, policy=rest.state),
            num_consumed=used + rest.num_consumed,
            readings=readings + rest.readings,
        )

    def restarted(self, state: State) -> State:
        """Restart both; what was passed over stays passed over."""
        now = expect(_Warming, state)
        return replace(
            now, policy=self.policy.restarted(now.policy), meanwhile=self.meanwhile.restarted(now.meanwhile)
        )

    def num_until_scoring(self, state: State) -> int | None:
        """The lesser of both."""
        now = expect(_Warming, state)
        costs = (self.policy.num_until_scoring(now.policy), self.meanwhile.num_until_scoring(now.meanwhile))
        return min((cost for cost in costs if cost is not None), default=None)

    def to_tree(self, state: State) -> dict[str, Any]:
        """Return both states and how many triggers were passed over."""
        now = expect(_Warming, state)
        return {
            "policy": self.policy.dump(now.policy),
            "meanwhile": self.meanwhile.dump(now.meanwhile),
            "num_passed": now.num_passed,
        }

    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Read what `to_tree` wrote."""
        policy, meanwhile = self.policy.load(tree["policy"]), self.meanwhile.load(tree["meanwhile"])
        return _Warming(policy, meanwhile, int(tree["num_passed"]))

    def _step(self, now: _Warming, arrivals: Arrivals, view: View) -> Step:
        warming = Member(self.policy, now.policy, replace(view, scorer=None))
        return step((warming, Member(self.meanwhile, now.meanwhile, view)), arrivals)


def _after(done: Step, num_passed: int) -> _Warming:
    policy, meanwhile = done.states
    return _Warming(policy, meanwhile, num_passed + (done.triggers[0] is not None))
