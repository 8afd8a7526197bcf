"""Planners estimate, plan, explain, apply; afterwards a ledger sets what was predicted beside what was."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from headwater.core.budget import Budget, Estimate
from headwater.core.unit import format_duration


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing a plan will do: what, why, what it costs without and with it, and what limits it."""

    step: str
    why: str
    before: Estimate = field(default_factory=Estimate)
    after: Estimate
    bound_by: str = "-"


@dataclass(frozen=True)
class Plan:
    """What we will do. `explain` prints the same table for every planner of the house.

    >>> plan = Plan("demo", (Step(step="train", why="drift", after=Estimate(time_s=2.0), bound_by="cpu"),))
    >>> print(plan.explain())
    demo
    step   why    cost before  cost after  bound by
    train  drift  -            2s          cpu
    total         -            2s
    """

    title: str
    steps: tuple[Step, ...]

    @property
    def before(self) -> Estimate:
        """The cost of doing all steps as things are."""
        return _total(step.before for step in self.steps)

    @property
    def after(self) -> Estimate:
        """The cost of doing all steps as planned."""
        return _total(step.after for step in self.steps)

    def explain(self) -> str:
        """Return the table: step, why, cost before, cost after, bound by."""
        head = ("step", "why", "cost before", "cost after", "bound by")
        rows = [(s.step, s.why, str(s.before), str(s.after), s.bound_by) for s in self.steps]
        return f"{self.title}\n{table(head, [*rows, ('total', '', str(self.before), str(self.after), '')])}"

    def overruns(self, budget: Budget) -> list[str]:
        """Return what of `budget` the plan as a whole would exceed."""
        return budget.overruns(self.after)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {
            "title": self.title,
            "steps": [
                {
                    "step": s.step,
                    "why": s.why,
                    "before": vars(s.before),
                    "after": vars(s.after),
                    "bound_by": s.bound_by,
                }
                for s in self.steps
            ],
        }


@dataclass(frozen=True)
class Entry:
    """One prediction and what came of it, in seconds."""

    step: str
    predicted_s: float
    actual_s: float

    @property
    def ratio(self) -> float:
        """Actual over predicted: 1 is perfect, 2 took twice as long as was said."""
        return self.actual_s / self.predicted_s if self.predicted_s > 0 else math.inf


@dataclass
class Ledger:
    """Predicted against actual, step by step."""

    entries: list[Entry] = field(default_factory=list)

    def record(self, step: str, *, predicted_s: float, actual_s: float) -> Entry:
        """Add a line and return it."""
        entry = Entry(step, predicted_s, actual_s)
        self.entries.append(entry)
        return entry

    def error(self) -> float | None:
        """Return the median factor by which predictions were off (1 is perfect), None when empty."""
        factors = [max(e.ratio, 1 / e.ratio) for e in self.entries if 0 < e.ratio < math.inf]
        return median(factors) if factors else None

    def explain(self) -> str:
        """Return the table: step, predicted, actual, ratio."""
        rows = [
            (e.step, format_duration(e.predicted_s), format_duration(e.actual_s), f"{e.ratio:.2f}")
            for e in self.entries
        ]
        return table(("step", "predicted", "actual", "ratio"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` in columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in (head, *rows))


def _total(costs: Iterable[Estimate]) -> Estimate:
    total = Estimate()
    for cost in costs:
        total += cost
    return total
