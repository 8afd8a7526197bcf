"""Why retrain at all? What the labels themselves do over event time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Block
from headwater.loop import matplotlib
from headwater.loop.figures.picture import Material, Picture
from headwater.loop.intervals import Intervals

_MOST_CLASSES = 7


def base_rate(material: Material) -> Picture:
    """Draw the share of each class among the labels, and how many there are."""
    picture = Picture(
        "labels",
        "What is to be predicted moves",
        "The share of each label among the samples of an interval, and below it their number. Where the share "
        "moves, a model that was trained before is asked about a world that it has not seen.",
    )
    times, labels = _labelled(material.index)
    if times.size == 0:
        return picture.without("No sample has a label yet.")
    cut = Intervals.of(times, every=material.comparison.every)
    drawing = matplotlib.Drawing([1.7, 0.6], share_x=True, gap_in=0.3)
    _shares(drawing, cut, labels)
    counts = drawing.panels[1]
    width = cut.length * 0.86
    counts.bar(cut.middles, cut.num_samples, width=width, color=matplotlib.MUTED, alpha=0.4)
    matplotlib.caption(counts, "samples")
    matplotlib.count_axis(counts.yaxis, most=2)
    drawing.time_axes()
    return picture.drawn(drawing)


def _shares(drawing: matplotlib.Drawing, cut: Intervals, labels: NDArray[Any]) -> None:
    panel = drawing.panels[0]
    classes, counts = np.unique(labels, return_counts=True)
    if classes.size == 2:
        rate = np.array([np.mean(labels[rows] == classes[1]) for rows in cut.rows])
        panel.plot(cut.middles, rate, color=matplotlib.INK, linewidth=1.6)
        panel.fill_between(cut.middles, rate, color=matplotlib.MUTED, alpha=0.16, linewidth=0)
        panel.set_ylim(bottom=0)
        matplotlib.caption(panel, f"share of label {classes[1]}")
    else:
        often = np.sort(classes[np.argsort(counts, kind="stable")[::-1][:_MOST_CLASSES]])
        shares = [[np.mean(labels[rows] == one) for rows in cut.rows] for one in often]
        styles = [matplotlib.style_of(number) for number in range(len(often))]
        for share, style in zip(shares, styles):
            panel.plot(cut.middles, share, color=style.colour, linestyle=style.dash, linewidth=1.5)
        drawing.legend([(f"label {one}", style) for one, style in zip(often, styles)], markers=False)
        more = classes.size - often.size
        matplotlib.caption(
            panel, "share of each label" + (f" (the {often.size} most frequent)" if more > 0 else "")
        )
    matplotlib.formatted_axis(panel.yaxis, lambda share: f"{share * 100:.3g} %", unit=0.01)


def _labelled(index: Block) -> tuple[NDArray[Any], NDArray[Any]]:
    times, labels = np.asarray(index["event_time"]), np.asarray(index["label"])
    if "label_time" not in index:
        return times, labels
    known = ~np.isnat(np.asarray(index["label_time"]))
    return times[known], labels[known]
