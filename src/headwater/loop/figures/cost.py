"""What does it cost? Quality against cost, seconds by stage, and bytes kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from headwater.core.unit import format_bytes, format_duration
from headwater.loop import matplotlib
from headwater.loop.comparison import Standing
from headwater.loop.figures.picture import Material, Picture
from headwater.loop.metric import label, lower_is_better, show
from headwater.loop.wording import shortened

STAGES = ("train", "choose", "watch", "evaluate", "compare", "store")
_MOST_BARS = 120


def against_quality(material: Material) -> Picture:
    """Draw each strategy as a point: what it spent on training, and how good it was."""
    comparison = material.comparison
    metric = comparison.headline
    picture = Picture(
        "cost",
        "Cost against quality",
        f"Each point is a strategy: left is cheaper, {'down' if lower_is_better(metric) else 'up'} is better. "
        "Samples count repetitions and do not depend on the machine; seconds do.",
    )
    runs = [run for run in comparison.judged if math.isfinite(comparison.mean(run.name, metric))]
    if len(runs) < 2:
        return picture.without(
            "A comparison needs at least two runs that have been judged on the same samples."
        )
    drawing = matplotlib.Drawing([2.2], columns=2)
    by_samples, by_seconds = drawing.panels
    for run in runs:
        _point(by_samples, material, run, float(run.costs.num_trained), metric)
        _point(by_seconds, material, run, run.costs.training_s, metric)
    for panel, words in ((by_samples, "samples trained on"), (by_seconds, "seconds of training")):
        matplotlib.caption(panel, f"mean {label(metric)} against {words}")
        panel.margins(y=0.18)
    _from_zero(by_samples, max(run.costs.num_trained for run in runs))
    matplotlib.count_axis(by_samples.xaxis, most=5)
    longest_s = max(run.costs.training_s for run in runs)
    _from_zero(by_seconds, longest_s)
    matplotlib.duration_axis(by_seconds.xaxis, longest_s, most=5)
    return picture.drawn(drawing)


def stages(material: Material) -> Picture:
    """Draw a bar per run: its seconds, stage by stage."""
    picture = Picture(
        "stages",
        "Where the seconds go",
        "Seconds of each stage, summed over all rounds. What is not training is what the loop itself costs; "
        "evaluations may have run beside other stages.",
    )
    totals = {run.name: run.seconds() for run in material.runs}
    if not any(sum(seconds.values()) > 0 for seconds in totals.values()):
        return picture.without("No stage has been finished yet.")
    drawing = matplotlib.Drawing([0.36 * len(totals) + 0.1], left_in=1.15)
    panel = drawing.panels[0]
    longest = max(sum(seconds.values()) for seconds in totals.values())
    for row, (name, seconds) in enumerate(totals.items()):
        _stacked(panel, row, name, seconds, longest)
    panel.set_yticks(range(len(totals)), [shortened(name, 16) for name in totals])
    panel.set_ylim(len(totals) - 0.5, -0.5)
    panel.grid(visible=False)
    matplotlib.duration_axis(panel.xaxis, longest)
    drawing.swatches([(stage, matplotlib.STAGE_COLOURS[stage]) for stage in STAGES])
    return picture.drawn(drawing)


def stored(material: Material) -> Picture:
    """Draw what each model takes in the zoo beside what it would take in full."""
    picture = Picture(
        "stored",
        "Bytes kept per model",
        "The pale bar is a model in full, the coloured one what the zoo stores of it, compressed without loss: "
        "the whole model, or where the bar is shortest only its difference to another.",
    )
    runs = {run.name: [line for line in run.rounds() if line.variant] for run in material.runs}
    runs = {name: lines for name, lines in runs.items() if any(line.full_bytes for line in lines)}
    if not runs:
        return picture.without("No model has been stored yet.")
    drawing = matplotlib.Drawing([0.85] * len(runs), gap_in=0.32, share_x=True)
    for (name, lines), panel in zip(runs.items(), drawing.panels):
        lines = lines[-_MOST_BARS:]
        rounds = np.array([line.number for line in lines])
        panel.bar(rounds, [line.full_bytes for line in lines], width=0.78, color=matplotlib.MUTED, alpha=0.28)
        bars = panel.bar(
            rounds, [line.size_bytes for line in lines], width=0.78, color=material.style(name).colour
        )
        for bar, line in zip(bars, lines):
            bar.set_gid(
                f"round {line.number}: {format_bytes(line.size_bytes)} of {format_bytes(line.full_bytes)}"
            )
        kept, full = (sum(getattr(line, field) for line in lines) for field in ("size_bytes", "full_bytes"))
        words = f"{format_bytes(kept)} kept of {format_bytes(full)}"
        matplotlib.caption(panel, f"{shortened(name, 28)}: {words}, by round")
        matplotlib.bytes_axis(panel.yaxis, max(line.full_bytes for line in lines))
    last = max(lines[-1].number for lines in runs.values())
    first = min(lines[-_MOST_BARS:][0].number for lines in runs.values())
    drawing.panels[0].set_xlim(first - 0.6, max(last, first + 11) + 0.6)  # a single bar is no wall
    drawing.count_axes()
    return picture.drawn(drawing)


def _point(panel: Any, material: Material, run: Standing, cost: float, metric: str) -> None:
    style = material.style(run.name)
    value = material.comparison.mean(run.name, metric)
    (point,) = panel.plot(
        [cost],
        [value],
        marker=style.marker,
        markersize=8,
        color=style.colour,
        markeredgecolor=matplotlib.PAPER,
        markeredgewidth=0.8,
    )
    costs = run.costs
    point.set_gid(
        f"{run.name}: {label(metric)} {show(value)}, {costs.num_trained:,} samples, "
        f"{format_duration(costs.training_s)}"
    )
    panel.annotate(
        shortened(run.name, 20),
        (cost, value),
        xytext=(8, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=matplotlib.FONT_PT,
        color=matplotlib.INK,
    )


def _from_zero(panel: Any, most: float) -> None:
    """Leave room at the right for the name of the dearest."""
    panel.set_xlim(-0.03 * most, most * 1.28 if most > 0 else 1.0)


def _stacked(panel: Any, row: int, name: str, seconds: dict[str, float], longest_s: float) -> None:
    start = 0.0
    for stage in STAGES:
        length = seconds.get(stage, 0.0)
        if length <= 0:
            continue
        colour = matplotlib.STAGE_COLOURS[stage]
        (bar,) = panel.barh([row], [length], left=start, height=0.62, color=colour)
        bar.set(edgecolor=matplotlib.PAPER, linewidth=0.6, gid=f"{name}, {stage}: {format_duration(length)}")
        if length > 0.08 * longest_s:
            ink = matplotlib.ink_on(colour)
            panel.text(
                start + length / 2, row, stage, color=ink, fontsize=6.6, ha="center", va="center_baseline"
            )
        start += length
    panel.annotate(
        format_duration(start),
        (start, row),
        xytext=(5, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=matplotlib.FONT_PT,
        color=matplotlib.MUTED,
    )
    panel.set_xlim(0, longest_s * 1.1)
