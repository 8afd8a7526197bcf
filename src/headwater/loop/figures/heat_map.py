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
from headwater.loop.wording import shortened

_MOST_ROWS, _MOST_COLUMNS = 40, 60  # more could not be told apart on a page; every n-th is shown instead
_ROW_IN = 0.2
_READABLE = 1 / 36  # of the width: room for the four letters of .695
_TAIL = 5  # per cent of the cells, the worst, share the darkest colour


@dataclass(frozen=True, eq=False)
class _Map:
    """The part of ``matrix.json`` that is drawn: values ``[M, I]`` of one metric."""

    rounds: NDArray[np.int64]
    trained_at: NDArray[np.datetime64]
    edges: NDArray[np.datetime64]
    values: NDArray[np.float64]
    num_models: int


def maps(material: Material) -> Picture:
    """Draw a panel for each run that has a matrix, all with the same colours."""
    metric = material.comparison.headline
    picture = Picture(
        "matrix",
        "Every model on every interval",
        f"A row is a model, a column an interval of event time, the colour the model's {label(metric)} there. "
        "The stepped line is where each model was trained: left of it is its past, right of it what it did not "
        "know. Rows that darken to the right are models growing old.",
    )
    found = {run.name: each for run in material.runs if (each := _map_of(run, metric)) is not None}
    if not found:
        return picture.without("The matrix is written at the end of a run, when its stream has ended.")
    pooled = np.concatenate([each.values.reshape(-1) for each in found.values()])
    pooled = pooled[np.isfinite(pooled)]
    if not pooled.size:
        return picture.without(f"{label(metric)} is not defined on any interval of the matrix.")
    limits = _limits(pooled, metric)
    heights = [_ROW_IN * max(len(each.rounds), 2) for each in found.values()]
    drawing = matplotlib.Drawing(heights, gap_in=0.3, share_x=True)
    for (name, each), panel in zip(found.items(), drawing.panels):
        matplotlib.tiles(panel, _cells(each, metric, limits))
        _staircase(panel, each)
        _label_rows(panel, name, each)
    first, last = (end(each.edges[at] for each in found.values()) for end, at in ((min, 0), (max, -1)))
    drawing.panels[0].set_xlim(first, last)
    drawing.time_axes()
    drawing.swatches(_scale(metric, limits, pooled))
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


def _cells(found: _Map, metric: str, limits: tuple[float, float]) -> list[matplotlib.Tile]:
    least = (found.edges[-1] - found.edges[0]) * _READABLE
    cells = []
    places = ((row, column) for row in range(len(found.rounds)) for column in range(len(found.edges) - 1))
    for row, column in places:
        left, right = found.edges[column : column + 2]
        value = float(found.values[row, column])
        colour, ink = matplotlib.heat(_shade(value, metric, limits))
        tooltip = f"round {found.rounds[row]} on {day(left)}: {label(metric)} {show(value)}"
        start, stop = _free(left, right, found.trained_at[row])
        text = f"{value:.3f}".removeprefix("0") if math.isfinite(value) and stop - start >= least else ""
        middle = start + (stop - start) // 2
        cells.append(matplotlib.Tile(left, right, row, colour, tooltip, text, middle, ink))
    return cells


def _free(
    left: np.datetime64, right: np.datetime64, line: np.datetime64
) -> tuple[np.datetime64, np.datetime64]:
    """Return the larger part of a cell that the stepped line divides."""
    if left < line < right:
        return (left, line) if line - left > right - line else (line, right)
    return left, right


def _shade(value: float, metric: str, limits: tuple[float, float]) -> float:
    """Return the place of `value` between the worst (0) and the best (1)."""
    low, high = limits
    if not high > low:
        return 1.0 if math.isfinite(value) else math.nan
    shade = min(max((value - low) / (high - low), 0.0), 1.0) if math.isfinite(value) else value
    return 1 - shade if lower_is_better(metric) else shade


def _limits(values: NDArray[np.float64], metric: str) -> tuple[float, float]:
    """Return where the colours end; one bad model must not take the contrast of all others."""
    tail = (0, 100 - _TAIL) if lower_is_better(metric) else (_TAIL, 100)
    low, high = np.percentile(values, tail)
    return float(low), float(high)


def _scale(metric: str, limits: tuple[float, float], values: NDArray[np.float64]) -> list[tuple[str, str]]:
    steps = [float(step) for step in np.linspace(*limits, 5)]
    names = [f"{step:.3f}" for step in steps]
    names[0] = f"≤ {names[0]}" if values.min() < steps[0] else names[0]
    names[-1] = f"≥ {names[-1]}" if values.max() > steps[-1] else names[-1]
    return [(name, matplotlib.heat(_shade(step, metric, limits))[0]) for name, step in zip(names, steps)]


def _staircase(panel: Any, found: _Map) -> None:
    """Draw where each model was trained: a light line on a dark one is seen on cells of any colour."""
    times = np.repeat(found.trained_at, 2)
    heights = np.repeat(np.arange(len(found.rounds) + 1), 2)[1:-1] - 0.5
    for colour, width in (("#101214", 3.0), ("#ffffff", 1.4)):
        panel.plot(
            times, heights, color=colour, linewidth=width, solid_capstyle="butt", solid_joinstyle="miter"
        )


def _label_rows(panel: Any, name: str, found: _Map) -> None:
    shown = (
        "" if found.num_models == len(found.rounds) else f", {len(found.rounds)} of {found.num_models} models"
    )
    matplotlib.caption(panel, f"{shortened(name, 28)}: round{shown}")
    panel.set_ylim(len(found.rounds) - 0.5, -0.5)
    every = max(1, len(found.rounds) // 20)
    panel.set_yticks(range(0, len(found.rounds), every), [str(number) for number in found.rounds[::every]])
    panel.grid(visible=False)
