"""Did each training converge? Losses of all rounds, one after the other."""

from __future__ import annotations

from typing import Any

from headwater.loop import matplotlib
from headwater.loop.figures.picture import Material, Picture, day
from headwater.loop.results import Results
from headwater.loop.wording import shortened


def curves(material: Material) -> Picture:
    """Draw a panel per run: the loss over all steps that it ever trained, each round a stroke of its own."""
    picture = Picture(
        "losses",
        "Losses while training",
        "All steps of a run in order; every stroke is the training of one round. A stroke that begins higher "
        "than the one before ended has met samples that the model did not expect, or began from fresh weights.",
    )
    runs = [run for run in material.runs if any(line.training.get("curve") for line in run.rounds())]
    if not runs:
        return picture.without("No loss was recorded yet.")
    drawing = matplotlib.Drawing([1.05] * len(runs), gap_in=0.54)
    for run, panel in zip(runs, drawing.panels):
        _strokes(panel, run, material.style(run.name).colour)
        matplotlib.caption(panel, f"{shortened(run.name, 28)}: loss by step")
        matplotlib.count_axis(panel.xaxis)
    return picture.drawn(drawing)


def _strokes(panel: Any, run: Results, colour: str) -> None:
    before = 0
    for line in run.rounds():
        curve = line.training.get("curve") or []
        if not curve:
            continue
        steps = [before + int(step) for step, _ in curve]
        (stroke,) = panel.plot(
            steps,
            [float("nan") if loss is None else float(loss) for _, loss in curve],
            color=colour,
            linewidth=1.3,
            marker="o" if len(curve) == 1 else "",
            markersize=2.5,
        )
        stroke.set_gid(f"round {line.number}, {day(line.event_time)}")
        if before:
            panel.axvline(before, color=matplotlib.GRID, linewidth=0.7, zorder=0)
        before = steps[-1]
