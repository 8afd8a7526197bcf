"""Why did it train when it did? Drift distances, their thresholds, and all triggers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.loop import matplotlib
from headwater.loop.figures.picture import Material, Picture, day, moments
from headwater.loop.metric import show
from headwater.loop.results import Results
from headwater.loop.wording import shortened

_MOST_POINTS = 1_500  # a page is not wider; of those that would coincide the largest distance is kept


def distances(material: Material) -> Picture:
    """Draw a panel for each run and distance: the readings, their threshold, and every trigger."""
    picture = Picture(
        "drift",
        "Drift and what it set off",
        "Each evaluation of a drift policy: the distance between a reference and the newest samples, as the "
        "newest model sees them, and as a dashed line the threshold in force. Vertical lines are triggers, "
        "with a mark where the distance fired. After training the reference moves on, and the distance falls.",
    )
    panels = [(run, metric) for run in material.runs for metric in _metrics(run)]
    if not panels:
        return picture.without("No drift distance was measured: no trigger policy here looks at drift.")
    drawing = matplotlib.Drawing([1.7] * len(panels), share_x=True, gap_in=0.36)
    for (run, metric), panel in zip(panels, drawing.panels):
        _draw(panel, material, run, metric)
        matplotlib.caption(panel, f"{shortened(run.name, 28)}: {shortened(metric, 28)} distance")
    drawing.time_axes()
    return picture.drawn(drawing)


def _draw(panel: Any, material: Material, run: Results, metric: str) -> None:
    readings = [r for r in run.readings() if r["metric"] == metric]
    times = moments([r["at_us"] for r in readings])
    values = np.array([_number(r["distance"]) for r in readings])
    thresholds = np.array([_number(r["threshold"]) for r in readings])
    fired = np.array([bool(r["fired"]) for r in readings])
    colour = material.style(run.name).colour
    for line in run.state.rounds:
        at = moments([line.at_us])[0]
        trigger = panel.axvline(at, color=matplotlib.MUTED, linewidth=0.8, alpha=0.55)
        trigger.set_gid(f"round {line.number}, {day(at)}: {line.reason}")
    shown = _thinned(values, fired)
    panel.plot(times[shown], values[shown], color=colour, linewidth=1.1)
    panel.plot(times[shown], thresholds[shown], color=matplotlib.INK, linewidth=1.1, linestyle=(0, (4, 2)))
    for i in np.flatnonzero(fired & np.isfinite(values)):
        (mark,) = panel.plot(
            [times[i]], [values[i]], marker="o", markersize=5, color=colour, markeredgecolor=matplotlib.PAPER
        )
        mark.set_gid(f"{day(times[i])}: distance {show(values[i])}, threshold {show(thresholds[i])}")
    panel.set_ylim(bottom=min(0.0, float(np.nanmin(values, initial=0.0))))


def _metrics(run: Results) -> list[str]:
    return sorted({str(reading["metric"]) for reading in run.readings()})


def _thinned(values: NDArray[np.float64], fired: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return which readings to draw: all that fired, and the largest of each run of neighbours."""
    every = -(-values.size // _MOST_POINTS)
    if every <= 1:
        return np.arange(values.size)
    starts = np.arange(0, values.size, every)
    known = np.nan_to_num(values, nan=-np.inf)
    largest = [start + int(np.argmax(known[start : start + every])) for start in starts]
    return np.union1d(np.array(largest, np.intp), np.flatnonzero(fired))


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
