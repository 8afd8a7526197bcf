"""Does it stay good? Each metric over event time, one line per strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.loop import matplotlib
from headwater.loop.comparison import Standing
from headwater.loop.figures.picture import Material, Picture, day
from headwater.loop.metric import label, lower_is_better
from headwater.loop.results import Results


def over_time(material: Material) -> Picture:
    """Draw a panel per metric, with a mark on the line wherever a new model took over."""
    comparison = material.comparison
    picture = Picture(
        "quality",
        "Quality over event time",
        f"Each point is an interval of {comparison.every}, scored by the model that served at the time, on "
        "samples that it had not seen and that every strategy predicted. A mark on a line is a new model "
        "taking over: a line that falls between two marks is a model growing old.",
    )
    metrics = _drawable(material)
    if not metrics:
        return picture.without("No interval has been judged yet.")
    heights = [2.3] + [1.25] * (len(metrics) - 1)
    drawing = matplotlib.Drawing(heights, share_x=True, gap_in=0.34)
    for metric, panel in zip(metrics, drawing.panels):
        better = "lower is better" if lower_is_better(metric) else "higher is better"
        matplotlib.caption(panel, f"{label(metric)} ({better})")
        for run in comparison.judged:
            _line(panel, material, run, metric)
    drawing.time_axes()
    drawing.legend([(run.name, material.style(run.name)) for run in comparison.judged])
    return picture.drawn(drawing)


def _drawable(material: Material) -> list[str]:
    comparison = material.comparison
    known = [m for m in comparison.metrics if any(np.isfinite(r.values[m]).any() for r in comparison.judged)]
    return sorted(known, key=lambda metric: metric != comparison.headline)


def _line(panel: Any, material: Material, run: Standing, metric: str) -> None:
    comparison, style = material.comparison, material.style(run.name)
    values = np.where(comparison.counted, run.values[metric], np.nan)
    known = np.isfinite(values)
    times, values = comparison.intervals.middles[known], values[known]
    panel.plot(times, values, color=style.colour, linestyle=style.dash, linewidth=1.6)
    results = material.results(run.name)
    for number, at, height in _takeovers(results, times, values):
        (mark,) = panel.plot(
            [at],
            [height],
            marker=style.marker,
            markersize=5,
            color=style.colour,
            markeredgecolor=matplotlib.PAPER,
            markeredgewidth=0.7,
        )
        mark.set_gid(f"{run.name}, round {number}, {day(at)}: {results.state.rounds[number].reason}")


def _takeovers(
    results: Results, times: NDArray[np.datetime64], values: NDArray[np.float64]
) -> list[tuple[int, np.datetime64, float]]:
    """Return round, time and height on the line of each model that took over where there is a line."""
    if times.size == 0:
        return []
    stored = [(line.number, line.event_time) for line in results.rounds() if line.variant]
    seconds = times.astype(np.float64)
    shown = [(number, at) for number, at in stored if at <= times[-1]]
    # A model that came before the first common interval is marked where the line begins.
    before = [number for number, at in shown if at < times[0]]
    shown = [(number, max(at, times[0])) for number, at in shown if number not in before[:-1]]
    return [(number, at, float(np.interp(at.astype(np.float64), seconds, values))) for number, at in shown]
