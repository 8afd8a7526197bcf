"""The only file that imports matplotlib: panels to draw on, in the look of the house, and their SVG.

Nothing global is changed: no pyplot, no rcParams, no backend. Each `Drawing` has its own figure and renderer,
so drawings may be made on several threads. Texts stay texts in the SVG, in the font of the page around it; ink,
grid and paper become CSS variables, so that one picture reads well on light and on dark.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from headwater.core.unit import format_bytes
from headwater.loop.svg import as_element
from headwater.loop.wording import printable, shortened

_CIVIDIS = colormaps["cividis"]
WIDTH_IN = 9.0
FONT_PT, TILE_PT = 8.0, 6.2
INK, MUTED, GRID, PAPER = "#1a1d21", "#6a717b", "#dde1e6", "#fdfdfe"
_AS_CSS = {INK: "currentColor", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)"}


@dataclass(frozen=True)
class Style:
    """How a strategy looks in every picture and table."""

    colour: str
    marker: str
    dash: Any


# Okabe and Ito's hues ("Color Universal Design", 2008), moved to a lightness that has a contrast of at least
# 3.3 both on white and on #16181d. Marker and dash say the same again for those who see no hues.
_COLOURS = ("#2f80c8", "#d55e00", "#0e9f74", "#c75c9a", "#a88414", "#7a6fd0", "#7d8590")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.6, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


def style_of(number: int) -> Style:
    """Return the look of the strategy with this number; neighbours differ in colour, marker and dash."""
    return Style(
        _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)], _DASHES[number % len(_DASHES)]
    )


# Stages are no strategies, so they have no hue of theirs: training stands out, the rest is grey.
STAGE_COLOURS = {
    "train": "#5a6b8c",
    "choose": "#8592ab",
    "watch": "#a9a290",
    "evaluate": "#8a8371",
    "compare": "#6e6a60",
    "store": "#c2c6cc",
}


def ink_on(colour: str) -> str:
    """Return black or white, whichever is easier to read on `colour`."""
    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return "#ffffff" if luminance < 0.18 else "#101214"


def heat(shade: float) -> tuple[str, str]:
    """Return the colour of a heat map between 0 and 1 (cividis, made for the colour-blind), and the ink on it.

    >>> heat(0.0)[1], heat(1.0)[1]
    ('#ffffff', '#101214')
    """
    if not math.isfinite(shade):
        return GRID, MUTED
    colour = str(to_hex(_CIVIDIS(min(max(shade, 0.0), 1.0))))
    return colour, ink_on(colour)


class Drawing:
    """One figure while it is drawn: panels under each other, or side by side."""

    def __init__(
        self,
        heights_in: Sequence[float],
        *,
        columns: int = 1,
        share_x: bool = False,
        left_in: float = 0.62,
        top_in: float = 0.32,
        gap_in: float = 0.5,
    ) -> None:
        bottom_in, right_in = 0.34, 0.2
        height_in = top_in + sum(heights_in) + gap_in * (len(heights_in) - 1) + bottom_in
        self._figure = Figure(figsize=(WIDTH_IN, height_in), dpi=72, facecolor="none")
        width_in = (WIDTH_IN - right_in - left_in * columns) / columns
        self.panels: list[Any] = []
        top = height_in - top_in
        for height in heights_in:
            for column in range(columns):
                x_in = left_in + column * (width_in + left_in)
                box = (x_in / WIDTH_IN, (top - height) / height_in, width_in / WIDTH_IN, height / height_in)
                shared = self.panels[0] if share_x and self.panels else None
                self.panels.append(_styled(self._figure.add_axes(box, sharex=shared)))
            top -= height + gap_in

    def time_axes(self) -> None:
        """Label the lowest panel with as few and as short dates as are needed; all panels share them."""
        locator = AutoDateLocator(minticks=4, maxticks=14)
        for panel in self.panels:
            panel.xaxis.set_major_locator(locator)
            panel.xaxis.set_major_formatter(_Dates(locator, show_offset=True))
            panel.tick_params(axis="x", labelbottom=panel is self.panels[-1])

    def count_axes(self) -> None:
        """Label the lowest panel with whole numbers; all panels share them."""
        for panel in self.panels:
            count_axis(panel.xaxis, most=12)
            panel.tick_params(axis="x", labelbottom=panel is self.panels[-1])

    def legend(self, entries: Iterable[tuple[str, Style]], *, markers: bool = True) -> None:
        """Name the strategies above the first panel, at the right."""
        self._legend([(name, _stroke(style, markers=markers)) for name, style in entries])

    def swatches(self, entries: Iterable[tuple[str, str]]) -> None:
        """Name colours of areas above the first panel, at the right."""
        self._legend([(name, Patch(facecolor=colour, edgecolor="none")) for name, colour in entries])

    def _legend(self, entries: list[tuple[str, Any]]) -> None:
        if not entries:
            return
        panel = self.panels[0]
        box = panel.get_position()
        handles = [handle for _, handle in entries]
        legend = self._figure.legend(
            handles,
            # A name that begins with an underscore would be left out; a space before it changes nothing to see.
            [f" {shortened(name, 28)}" for name, _ in entries],
            loc="lower right",
            bbox_to_anchor=(box.x1, box.y1 + 2 / 72 / self._figure.get_figheight()),
            ncols=min(len(entries), 6),
            frameon=False,
            fontsize=FONT_PT,
            labelcolor=INK,
            borderaxespad=0.15,
            borderpad=0.1,
            handlelength=2.2,
            handletextpad=0.3,
            columnspacing=1.6,
        )
        legend.set_in_layout(False)

    def svg(self, title: str) -> str:
        """Return the picture as an ``<svg>`` element; `title` says to readers of screens what it is."""
        out = io.StringIO()
        width, height = (inches * 72 for inches in self._figure.get_size_inches())
        renderer = _Renderer(width, height, out, image_dpi=72, metadata=_NO_METADATA)
        self._figure.draw(renderer)
        renderer.finalize()
        return as_element(out.getvalue(), title=title, colours=_AS_CSS)


# -- panels -----------------------------------------------------------------------------------------


def _styled(panel: Any) -> Any:
    panel.set_facecolor("none")
    for side, spine in panel.spines.items():
        spine.set_visible(side == "bottom")
        spine.set(color=MUTED, linewidth=0.7)
    panel.tick_params(axis="both", length=0, labelsize=FONT_PT, labelcolor=MUTED, pad=4)
    panel.tick_params(axis="x", length=3, width=0.7, color=MUTED)
    panel.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    panel.grid(visible=True, axis="y", color=GRID, linewidth=0.7)
    panel.set_axisbelow(True)
    panel.margins(x=0.01, y=0.08)
    return panel


def caption(panel: Any, text: str) -> None:
    """Say above the panel, at its left, what its vertical axis shows: no text is turned on its side."""
    panel.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6),
        textcoords="offset points",
        ha="left",
        va="baseline",
        fontsize=FONT_PT,
        color=INK,
        weight="bold",
        annotation_clip=False,
    )


class _Dates(ConciseDateFormatter):  # type: ignore[misc]  # matplotlib has no types
    """Dates as short as can be, but the first is whole: it says what the others leave out."""

    def format_ticks(self, values: Any) -> list[str]:
        texts: list[str] = super().format_ticks(values)
        if texts:
            texts[0] = _whole_date(texts[0], num2date(values[0]))
        return texts

    def get_offset(self) -> str:
        return ""


def _whole_date(short: str, time: datetime) -> str:
    if short == str(time.year):
        return short
    if short.isalpha():  # the name of a month
        return f"{short} {time.year}"
    return f"{time:%Y-%m-%d} {short}" if ":" in short or "." in short else f"{time:%Y-%m-%d}"


def count_axis(axis: Any, *, whole: bool = True, most: int = 8) -> None:
    """Label an axis of counts: 20k rather than 20000.0."""
    axis.set_major_locator(MaxNLocator(most, integer=whole, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_count(value)))


def formatted_axis(axis: Any, show: Callable[[float], str], *, most: int = 5, unit: float = 1.0) -> None:
    """Label an axis with what `show` makes of each value, at round multiples of `unit`."""
    axis.set_major_locator(_Multiples(unit, most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))


def duration_axis(axis: Any, longest_s: float, *, most: int = 6) -> None:
    """Label an axis of seconds in the unit that suits its length."""
    units = ((7_200, 3_600.0, "h"), (180, 60.0, "min"), (0.2, 1.0, "s"), (0, 1e-3, "ms"))
    unit, word = next((unit, word) for least, unit, word in units if longest_s >= least)
    formatted_axis(axis, lambda seconds: f"{seconds / unit:g} {word}" if seconds else "0", most=most, unit=unit)


def short_count(value: float) -> str:
    """Return a number with at most three digits and k, M or G.

    >>> [short_count(value) for value in (0, 0.5, 950, 20_000, 1_250_000)]
    ['0', '0.5', '950', '20k', '1.25M']
    """
    if not math.isfinite(value):
        return ""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def bytes_axis(axis: Any, most_bytes: float, *, most: int = 3) -> None:
    """Label an axis of sizes at round numbers of the binary unit that suits the largest."""
    unit = 1024.0 ** max(0, min(4, int(math.log2(max(most_bytes, 1)) // 10)))
    formatted_axis(axis, format_bytes, most=most, unit=unit)


@dataclass(frozen=True)
class Tile:
    """One cell of a heat map: from `left` to `right` in time, one row high around `row`."""

    left: np.datetime64
    right: np.datetime64
    row: int
    colour: str
    tooltip: str
    text: str = ""
    text_at: np.datetime64 | None = None
    ink: str = INK


def tiles(panel: Any, cells: Sequence[Tile]) -> None:
    """Draw all cells as one artist: a patch and a text for each would take ten times as long."""
    panel.add_artist(_Tiles(panel, cells))


class _Tiles(Artist):
    def __init__(self, panel: Any, cells: Sequence[Tile]) -> None:
        super().__init__()
        self._panel = panel
        self._cells = cells

    def draw(self, renderer: Any) -> None:
        times = [(cell.left, cell.right, cell.text_at or cell.left) for cell in self._cells]
        columns = date2num(np.array(times, "datetime64[us]")).T
        rows = np.array([cell.row for cell in self._cells], np.float64)
        to_page = self._panel.transData.transform
        left, bottom = to_page(np.stack([columns[0], rows + 0.5], axis=1)).T
        right, top = to_page(np.stack([columns[1], rows - 0.5], axis=1)).T
        text_x = to_page(np.stack([columns[2], rows], axis=1))[:, 0]
        for cell, *box in zip(self._cells, left, bottom, right, top, text_x):
            renderer.draw_tile(cell, *box)


class _Multiples(MaxNLocator):
    """Ticks at round multiples of a unit that is not a power of ten, such as the minute."""

    def __init__(self, unit: float, most: int) -> None:
        super().__init__(most, steps=[1, 2, 2.5, 5, 10])
        self._unit = unit

    def tick_values(self, vmin: float, vmax: float) -> Any:
        return np.asarray(super().tick_values(vmin / self._unit, vmax / self._unit)) * self._unit


def _stroke(style: Style, *, markers: bool) -> Line2D:
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.6,
        marker=style.marker if markers else "",
        markersize=5,
        markeredgecolor=PAPER,
        markeredgewidth=0.7,
    )


# -- SVG --------------------------------------------------------------------------------------------

_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


class _Renderer(RendererSVG):  # type: ignore[misc]  # matplotlib has no types
    """Writes texts as texts and an artist's gid as its tooltip."""

    def open_group(self, s: str, gid: str | None = None) -> None:  # noqa: ARG002 - matplotlib's signature
        self.writer.start("g")
        if gid:
            self.writer.element("title", printable(gid))

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,  # noqa: ARG002 - matplotlib's signature
        mtext: Any = None,
    ) -> None:
        anchor = "start"
        if mtext is not None and angle == 0:
            # The page's font has other widths than the one that was measured: give it the real anchor.
            x = mtext.get_transform().transform(mtext.get_unitless_position())[0]
            anchor = _ANCHORS[mtext.get_ha()]
        style = f"font-size: {prop.get_size():g}px; text-anchor: {anchor}; fill: {to_hex(gc.get_rgb())}"
        if prop.get_weight() == "bold":
            style += "; font-weight: 600"
        place = {"x": f"{x:.2f}", "y": f"{y:.2f}"}
        if angle:
            place["transform"] = f"rotate({-angle:g} {x:.2f} {y:.2f})"
        self.writer.element("text", printable(s), attrib={**place, "style": style})

    def draw_tile(
        self, cell: Tile, left: float, bottom: float, right: float, top: float, text_x: float
    ) -> None:
        """Write a rectangle with its tooltip and its text; matplotlib's vertical axis points up, SVG's down."""
        self.open_group("tile", cell.tooltip)
        box = {"x": f"{left:.2f}", "y": f"{self.height - top:.2f}"}
        box |= {"width": f"{right - left:.2f}", "height": f"{top - bottom:.2f}"}
        self.writer.element("rect", attrib={**box, "style": f"fill: {cell.colour}"})
        if cell.text:
            style = f"font-size: {TILE_PT}px; text-anchor: middle; fill: {cell.ink}"
            baseline = self.height - (top + bottom) / 2 + 0.36 * TILE_PT
            place = {"x": f"{text_x:.2f}", "y": f"{baseline:.2f}"}
            self.writer.element("text", printable(cell.text), attrib={**place, "style": style})
        self.close_group("tile")

    def get_text_width_height_descent(
        self,
        s: str,
        prop: Any,
        ismath: Any,  # noqa: ARG002 - matplotlib's signature
    ) -> tuple[float, float, float]:
        """Measure as plain text: dollars in a name are no formula, and a letter that the font lacks is wide."""
        known = "".join(c if c.isprintable() and ord(c) < 0x250 else "M" for c in s)
        size: tuple[float, float, float] = super().get_text_width_height_descent(known, prop, False)
        return size
