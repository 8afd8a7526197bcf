"""How does each model do before and after its time? Every model on every interval, one map per run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.loop import matplotlib
from headwater.loop.figures.picture import Material, Picture, day, moments
from headwater.loop.metric import label, lower_is_better, show
from headwater.loop.results import Results

_MOST_ROWS, _MOST_COLUMNS = 40, 60  # more could not be told apart on a page; every n-th is shown instead
_ROW_IN = 0.2
_READABLE_COLUMNS = 22  # a cell must be wide enough for the five letters of 0.695


@dataclass(frozen=True, eq=False)
class _Map:
    """The part of ``matrix.json`` that is drawn: values ``[M, I]`` of one metric."""

    rounds: NDArray[np.int64]
    trained_at: NDArray[np.datetime64]
    edges: NDArray[np.datetime64]
    values: NDArray[np.float64]
    num_models: int


def maps(material: Material) -> list[Picture]:
    """Draw one map for each run that has a matrix, all with the same colours."""
    metric = material.comparison.headline
    found = {run.name: _map_of(run, metric) for run in material.runs}
    known = [each.values[np.isfinite(each.values)] for each in found.values() if each is not None]
    pooled = np.concatenate(known) if known else np.empty(0)
    limits = (float(pooled.min()), float(pooled.max())) if pooled.size else (0.0, 1.0)
    return [_picture(name, each, metric, limits) for name, each in found.items()]


def _picture(name: str, found: _Map | None, metric: str, limits: tuple[float, float]) -> Picture:
    picture = Picture(
        f"matrix-{name}",
        f"Every model of {name} on every interval",
        f"A row is a model, a column an interval, the colour its {label(metric)} there (brighter is better; the same "
        "scale for all runs). The stepped line is where each model was trained: left of it is its past, right of it "
        "what it did not know. Rows that darken to the right show models growing old.",
    )
    if found is None:
        return picture.without("The matrix is written at the end of a run, when its stream has ended.")
    if not np.isfinite(found.values).any():
        return picture.without(f"{label(metric)} is not defined on any interval of the matrix.")
    drawing = matplotlib.Drawing([_ROW_IN * max(len(found.rounds), 2)], left_in=0.62, top_in=0.34)
    _cells(drawing.panels[0], found, metric, limits)
    _staircase(drawing.panels[0], found)
    shown = (
        "" if found.num_models == len(found.rounds) else f", {len(found.rounds)} of {found.num_models} models"
    )
    matplotlib.caption(drawing.panels[0], f"round{shown}")
    _axes(drawing.panels[0], found)
    return picture.drawn(drawing)


def _map_of(run: Results, metric: str) -> _Map | None:
    matrix = run.matrix()
    if not matrix or not matrix["models"] or len(matrix["edges_us"]) < 2:
        return None
    cells = [
        [math.nan if cell.get(metric) is None else cell[metric] for cell in row] for row in matrix["cells"]
    ]
    values = np.array(cells, np.float64)
    rows = np.unique(np.linspace(0, values.shape[0] - 1, _MOST_ROWS).round().astype(int))
    merged = math.ceil(values.shape[1] / _MOST_COLUMNS)
    starts = np.arange(0, values.shape[1], merged)
    edges = moments([*(matrix["edges_us"][start] for start in starts), matrix["edges_us"][-1]])
    return _Map(
        rounds=np.array([matrix["models"][row]["round"] for row in rows]),
        trained_at=moments([matrix["models"][row]["at_us"] for row in rows]),
        edges=edges,
        values=_merged(values[rows], starts),
        num_models=values.shape[0],
    )


def _merged(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of the known values between two starts; NaN where none is known."""
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=1)
    counts = np.add.reduceat(known.astype(np.float64), starts, axis=1)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _cells(panel: Any, found: _Map, metric: str, limits: tuple[float, float]) -> None:
    low, high = limits
    wide = found.values.shape[1] <= _READABLE_COLUMNS
    left, width = found.edges[:-1], np.diff(found.edges)
    for row, values in enumerate(found.values):
        for column, value in enumerate(values):
            shade = (value - low) / (high - low) if high > low else 1.0
            shade = 1 - shade if lower_is_better(metric) else shade
            colour, ink = matplotlib.heat(shade)
            (cell,) = panel.barh(
                [row], [width[column]], left=left[column], height=1.0, color=colour, linewidth=0
            )
            cell.set_gid(f"round {found.rounds[row]} on {day(left[column])}: {label(metric)} {show(value)}")
            if wide and math.isfinite(value):
                middle = left[column] + width[column] / 2
                text = f"{value:.3f}".removeprefix("0")
                panel.text(middle, row, text, color=ink, fontsize=6.2, ha="center", va="center_baseline")


def _staircase(panel: Any, found: _Map) -> None:
    """Draw where each model was trained; on light and dark cells alike, hence a light line on a dark one."""
    times = np.repeat(found.trained_at, 2)
    heights = np.repeat(np.arange(len(found.rounds) + 1), 2)[1:-1] - 0.5
    for colour, width in (("#101214", 3.2), ("#ffffff", 1.4)):
        panel.plot(
            times, heights, color=colour, linewidth=width, solid_capstyle="butt", solid_joinstyle="miter"
        )


def _axes(panel: Any, found: _Map) -> None:
    panel.set_xlim(found.edges[0], found.edges[-1])
    panel.set_ylim(len(found.rounds) - 0.5, -0.5)
    every = max(1, len(found.rounds) // 20)
    panel.set_yticks(range(0, len(found.rounds), every), [str(number) for number in found.rounds[::every]])
    panel.grid(visible=False)
    matplotlib.time_axis(panel)
