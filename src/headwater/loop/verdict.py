"""What a comparison says, in sentences that do not flatter: what was won, what was lost, and what it cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from headwater.core.unit import format_duration
from headwater.loop.metric import label, lower_is_better, show
from headwater.loop.wording import counted

if TYPE_CHECKING:
    from headwater.loop.comparison import Comparison, Standing
    from headwater.loop.difference import Difference

# Costs closer than this are called equal: clocks of a shared machine are no better.
_SAME_COST = 0.05
_AFTER_A_DRAW = {
    "cheaper": " It won on cost.",
    "dearer": " It lost on cost: more training for nothing that could be shown.",
}


def sentences(comparison: Comparison, *, against: str | None, metric: str) -> tuple[str, ...]:
    """Return a paragraph for each run that was judged; with a baseline, one for each other run."""
    if against is not None and against not in {run.name for run in comparison.judged}:
        comparison[against]  # an unknown name is an error; a run without values is not
        return (*_alone(comparison, metric), f"{against}, the baseline, has not been judged yet.")
    if against is None or len(comparison.judged) < 2:
        return (*_alone(comparison, metric), *_caveats(comparison))
    if comparison.num_common == 0:
        return ("No sample was predicted by all runs, so they cannot be compared yet.", *_caveats(comparison))
    others = [run for run in comparison.judged if run.name != against]
    told = [_against(comparison, run, comparison[against], metric) for run in others]
    return (*told, *_caveats(comparison))


def _alone(comparison: Comparison, metric: str) -> list[str]:
    if not comparison.judged:
        return ["No run has been judged yet: a model is judged once the interval that it served is closed."]
    return [
        f"{run.name}: mean {label(metric)} {show(comparison.mean(run.name, metric))} over "
        f"{counted(int(comparison.counted.sum()), 'interval')} of {comparison.every} "
        f"({show(run.pooled[metric])} over all samples at once), "
        f"with {counted(run.costs.num_models, 'model')}, {run.costs.num_trained:,} samples trained on "
        f"and {format_duration(run.costs.training_s)} of training."
        for run in comparison.judged
    ]


def _against(comparison: Comparison, ours: Standing, theirs: Standing, metric: str) -> str:
    found = comparison.difference(ours.name, theirs.name, metric)
    parts = [_numbers(comparison, ours, theirs, metric, found), _judgement(ours, theirs, found)]
    if found.verdict == "worse":
        parts += _why_worse(comparison, ours, theirs, metric)
    return " ".join(parts)


def _numbers(comparison: Comparison, ours: Standing, theirs: Standing, metric: str, found: Difference) -> str:
    value, other = comparison.mean(ours.name, metric), comparison.mean(theirs.name, metric)
    change = f"{value - other:+.4f}"
    if math.isfinite(found.half_width):
        change += f" ± {found.half_width:.4f}"
    return (
        f"{ours.name}: mean {label(metric)} {show(value)} against {show(other)} of {theirs.name} "
        f"({change} over {counted(found.num_intervals, 'interval')} of {comparison.every})"
        f"{_price(ours, theirs)}."
    )


def _price(ours: Standing, theirs: Standing) -> str:
    seconds = _ratio(ours.costs.training_s, theirs.costs.training_s)
    samples = _ratio(ours.costs.num_trained, theirs.costs.num_trained)
    told = []
    if seconds is not None:
        told.append(f"{_times(seconds)} its training seconds")
    if samples is not None:
        told.append(f"{_times(samples)} its samples")
    return f", for {' and '.join(told)}" if told else ""


def _judgement(ours: Standing, theirs: Standing, found: Difference) -> str:
    price = _cheaper(ours, theirs)
    match found.verdict, price:
        case "better", "cheaper":
            return f"It won: better than {theirs.name}, and cheaper."
        case "better", "dearer":
            return f"It won on quality and lost on cost: better than {theirs.name}, for more training."
        case "better", _:
            return f"It won: better than {theirs.name}."
        case "worse", "cheaper":
            return f"It lost on quality: worse than {theirs.name}, though cheaper."
        case "worse", "dearer":
            return f"It lost: worse than {theirs.name}, and dearer."
        case "worse", _:
            return f"It lost: worse than {theirs.name}."
    if not math.isfinite(found.half_width):
        return "Too few intervals to tell a difference from chance."
    worst, best = found.half_width - found.gain, found.half_width + found.gain
    draw = f"No difference is shown: it may be anything from {worst:.4f} worse to {best:.4f} better."
    return draw + _AFTER_A_DRAW.get(price, "")


def _why_worse(comparison: Comparison, ours: Standing, theirs: Standing, metric: str) -> list[str]:
    """Facts that may explain it: how old the models were when they were asked, and where it hurt most."""
    counted = comparison.counted
    middles = comparison.intervals.middles[counted]
    ages, other_ages = ours.model_age(middles), theirs.model_age(middles)
    sign = -1.0 if lower_is_better(metric) else 1.0
    gains = sign * (ours.values[metric] - theirs.values[metric])[counted]
    worst = int(np.nanargmin(gains))
    day = comparison.intervals.starts[counted][worst].astype("datetime64[m]").item()
    when = f"It fell behind most in the interval of {comparison.every} from {day:%Y-%m-%d}"
    values = (
        f"{show(ours.values[metric][counted][worst])} against {show(theirs.values[metric][counted][worst])}"
    )
    if not (math.isfinite(ages[worst]) and math.isfinite(other_ages[worst])):
        return [f"{when} ({values})."]
    return [
        f"{when} ({values}), when its model was {_days(ages[worst])} old, that of {theirs.name} "
        f"{_days(other_ages[worst])}.",
        f"On average its models were {_days(float(np.nanmean(ages)))} old when they were asked, "
        f"those of {theirs.name} {_days(float(np.nanmean(other_ages)))}.",
    ]


def _caveats(comparison: Comparison) -> list[str]:
    told = []
    left_out = int((~comparison.counted).sum())
    if left_out:
        told.append(
            f"{counted(left_out, 'interval')} with less than a tenth of the usual number of samples "
            f"{'is' if left_out == 1 else 'are'} left out of the means."
        )
    unfinished = [run.name for run in comparison.runs if not run.is_finished]
    if unfinished:
        told.append(f"Not finished yet: {', '.join(unfinished)}. The numbers are of what has happened so far.")
    if comparison.unjudged and comparison.judged:
        told.append(f"Not judged yet: {', '.join(comparison.unjudged)}.")
    return told


def _cheaper(ours: Standing, theirs: Standing) -> str:
    """Judge by the samples trained on, which no clock disturbs; by seconds where they are unknown."""
    ratio = _ratio(ours.costs.num_trained, theirs.costs.num_trained)
    if ratio is None:
        ratio = _ratio(ours.costs.training_s, theirs.costs.training_s)
    if ratio is None or abs(ratio - 1) <= _SAME_COST:
        return "same"
    return "cheaper" if ratio < 1 else "dearer"


def _ratio(ours: float, theirs: float) -> float | None:
    return ours / theirs if theirs > 0 else None


def _times(ratio: float) -> str:
    if ratio >= 1.995:
        return f"{ratio:.1f} times"
    return f"{ratio:.0%} of".replace("%", " %") if ratio >= 0.095 else f"{ratio:.1%} of".replace("%", " %")


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 9.5 else format_duration(days * 86_400)
