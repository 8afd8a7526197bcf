"""Several runs judged on the same samples: quality by interval of event time, cost, and what follows from both.

A run's quality is that of its composite model (Modyn, Böther et al., SIGMOD 2025): each sample is scored by
the model that served when it arrived, and the score of the run is the plain mean over intervals. All runs are
restricted to the samples that every one of them predicted, since first models may come at different times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater import trainer
from headwater.core.errors import LoopError
from headwater.core.key import Keys, contains
from headwater.core.registry import did_you_mean
from headwater.core.spec import Block
from headwater.loop import verdict
from headwater.loop.costs import Costs
from headwater.loop.difference import Difference, paired
from headwater.loop.intervals import Intervals
from headwater.loop.metric import lower_is_better
from headwater.loop.predictions import Predictions
from headwater.loop.results import Results

METRICS = ("accuracy", "auroc", "log_loss")

# An interval cut short at either end would weigh as much as a whole one in a plain mean, with far more noise.
_THIN = 0.1


@dataclass(frozen=True, eq=False)
class Standing:
    """One run in a comparison."""

    name: str
    is_finished: bool
    costs: Costs
    trained_at: NDArray[np.datetime64]
    """Event time at which each of its models took over, ``[M]``."""
    values: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Each metric by interval, ``[I]``, NaN where it is undefined."""
    pooled: Mapping[str, float] = field(default_factory=dict)
    """Each metric over all samples at once."""

    def model_age(self, at: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return the age in days of the model that served at each of `at`; NaN before the first."""
        newest = np.searchsorted(self.trained_at, at, side="right") - 1
        age = np.full(at.size, np.nan)
        served = newest >= 0
        age[served] = (at[served] - self.trained_at[newest[served]]) / np.timedelta64(1, "D")
        return age


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs over the same samples. Build it with `compare`."""

    runs: tuple[Standing, ...]
    metrics: tuple[str, ...]
    every: str
    intervals: Intervals
    counted: NDArray[np.bool_]
    """Which intervals enter the mean, ``[I]``: those with at least a tenth of the median number of samples."""
    num_common: int
    """Samples that every judged run predicted."""
    num_any: int
    """Samples that at least one run predicted."""
    unjudged: tuple[str, ...] = ()
    """Runs that have not predicted anything yet; they are left out of the common samples."""

    @property
    def judged(self) -> tuple[Standing, ...]:
        """The runs that have values."""
        return tuple(run for run in self.runs if run.name not in self.unjudged)

    @property
    def headline(self) -> str:
        """The metric that sentences speak of: AUC where it is defined, else the first one that is."""
        known = [m for m in self.metrics if any(math.isfinite(self.mean(run.name, m)) for run in self.judged)]
        return "auroc" if "auroc" in known else (known or list(self.metrics))[0]

    def __getitem__(self, name: str) -> Standing:
        """Return a run by name. Raised: `LoopError` with the nearest name when there is none."""
        for run in self.runs:
            if run.name == name:
                return run
        names = [run.name for run in self.runs]
        raise LoopError(f"there is no run {name!r} in the comparison.", remedy=did_you_mean(name, names))

    def mean(self, name: str, metric: str) -> float:
        """Return the plain mean over the counted intervals, NaN when there is none."""
        values = self._counted(self[name], metric)
        values = values[np.isfinite(values)]
        return float(values.mean()) if values.size else math.nan

    def difference(self, name: str, against: str, metric: str | None = None) -> Difference:
        """Return how much better `name` is than `against`, interval by interval."""
        metric = metric or self.headline
        ours, theirs = self._counted(self[name], metric), self._counted(self[against], metric)
        return paired(ours, theirs, lower_is_better=lower_is_better(metric))

    def verdict(self, against: str | None = None, *, metric: str | None = None) -> tuple[str, ...]:
        """Return in sentences what each run won and lost against the baseline `against`."""
        return verdict.sentences(self, against=against, metric=metric or self.headline)

    def to_json(self) -> dict[str, Any]:
        """Return all numbers as JSON values."""
        return {
            "every": self.every,
            "num_common": self.num_common,
            "num_any": self.num_any,
            "intervals": [str(start) for start in self.intervals.starts],
            "num_samples": self.intervals.num_samples.tolist(),
            "counted": self.counted.tolist(),
            "runs": [self._standing_json(run) for run in self.runs],
        }

    def _standing_json(self, run: Standing) -> dict[str, Any]:
        return {
            "name": run.name,
            "is_finished": run.is_finished,
            "mean": {metric: _known(self.mean(run.name, metric)) for metric in run.values},
            "pooled": {metric: _known(value) for metric, value in run.pooled.items()},
            "values": {metric: [_known(v) for v in values.tolist()] for metric, values in run.values.items()},
            "costs": run.costs.to_json(),
        }

    def _counted(self, run: Standing, metric: str) -> NDArray[np.float64]:
        values = run.values.get(metric)
        return values[self.counted] if values is not None else np.full(int(self.counted.sum()), np.nan)


def compare(
    runs: Sequence[Results], index: Block, *, every: str = "7d", metrics: tuple[str, ...] = METRICS
) -> Comparison:
    """Return how `runs` did on the samples that all of them predicted, in intervals of `every`.

    `index` is `samples.Samples.index()`: columns key, event_time and label. Samples that were deleted since are
    left out. Runs that have not predicted anything yet are listed as `unjudged`.

    Raised: `LoopError` for two runs of one name or intervals without length, `ConfigError` for a metric that
    the trainer does not know.
    """
    _refuse_equal_names([run.name for run in runs])
    said = {run.name: found for run in runs if (found := run.predictions()) is not None}
    truth = _Truth.of(index)
    common = _common([p.keys for p in said.values()])
    common = common[contains(common, truth.keys)]
    times, labels = truth.of_keys(common)
    cut = Intervals.of(times, every=every, first=truth.first)
    count = cut.num_samples
    return Comparison(
        runs=tuple(_standing(run, said.get(run.name), common, labels, cut, metrics) for run in runs),
        metrics=metrics,
        every=every,
        intervals=cut,
        counted=count >= _THIN * np.median(count) if count.size else np.empty(0, np.bool_),
        num_common=int(common.size),
        num_any=_num_distinct([p.keys for p in said.values()]),
        unjudged=tuple(run.name for run in runs if run.name not in said),
    )


@dataclass(frozen=True, eq=False)
class _Truth:
    """Event times and labels by key, ascending."""

    keys: Keys
    times: NDArray[Any]
    labels: NDArray[Any]
    first: np.datetime64 | None

    @staticmethod
    def of(index: Block) -> _Truth:
        keys = np.asarray(index["key"], np.int64)
        times = np.asarray(index["event_time"])
        order = np.argsort(keys, kind="stable")
        first = np.datetime64(times.min(), "us") if times.size else None
        return _Truth(keys[order], times[order], np.asarray(index["label"])[order], first)

    def of_keys(self, keys: Keys) -> tuple[NDArray[Any], NDArray[Any]]:
        at = np.searchsorted(self.keys, keys)
        return self.times[at], self.labels[at]


def _standing(
    run: Results,
    said: Predictions | None,
    common: Keys,
    labels: NDArray[Any],
    cut: Intervals,
    metrics: tuple[str, ...],
) -> Standing:
    stored = [line.event_time for line in run.rounds() if line.variant]
    known = Standing(run.name, run.is_finished, Costs.of(run), np.array(stored, "datetime64[us]"))
    if said is None:
        return known
    probabilities = said.probabilities[np.searchsorted(said.keys, common)]
    all_of_it = trainer.Predictions(common, probabilities, labels)
    parts = [trainer.measure(all_of_it.rows(rows), metrics) for rows in cut.rows]
    pooled = trainer.measure(all_of_it, metrics)
    return replace(
        known,
        values={m: np.array([_number(part[m]) for part in parts], np.float64) for m in metrics},
        pooled={m: _number(pooled[m]) for m in metrics},
    )


def _common(keys: Sequence[Keys]) -> Keys:
    """Return the keys that are in each of the sorted arrays."""
    if not keys:
        return np.empty(0, np.int64)
    common, *others = keys
    for other in others:
        common = common[contains(common, other)]
    return common


def _num_distinct(keys: Sequence[Keys]) -> int:
    every = np.sort(np.concatenate(keys)) if keys else np.empty(0, np.int64)
    return int((np.diff(every) != 0).sum()) + bool(every.size)


def _refuse_equal_names(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise LoopError(f"two runs are called {name!r}.", remedy="Give each run a name of its own.")


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
