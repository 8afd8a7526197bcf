"""Tables for a terminal of any width: the rounds of a run, and runs side by side; the report shows the same.

A terminal that is too narrow loses the least important columns first, and says which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headwater.core.unit import format_bytes
from headwater.loop.comparison import Comparison, Standing
from headwater.loop.metric import label, show
from headwater.loop.results import Results, RoundResult
from headwater.loop.wording import counted, printable, shortened

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

STAGES = ("watch", "choose", "train", "store", "evaluate")
_METRICS = ("accuracy", "auroc", "log_loss")
_GAP = 2
_LEAST_TEXT = 18  # a reason cut shorter than this says nothing


@dataclass(frozen=True)
class Column:
    """A head, a text per row, and the value that each text stands for."""

    head: str
    texts: tuple[str, ...]
    values: tuple[Any, ...]
    rank: int = 0
    """Narrow places leave out the highest ranks first; 0 always stays."""
    is_text: bool = False
    """Stands at the left and may be cut; numbers stand at the right and never are."""

    @property
    def width(self) -> int:
        """Letters of the widest cell."""
        return max(len(text) for text in (self.head, *self.texts))

    def cut(self, width: int) -> Column:
        """Return the column with its texts cut to `width`; numbers stay whole."""
        if not self.is_text or self.width <= width:
            return self
        return replace(self, texts=tuple(shortened(text, width) for text in self.texts))


@dataclass(frozen=True)
class Fitted:
    """A table that fits where it is printed."""

    title: str
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        """Letters that the whole table takes."""
        return sum(column.width + _GAP for column in self.columns)

    def fit(self, width: int) -> tuple[Column, ...]:
        """Return the columns that fit into `width`, in their order, with long texts cut."""
        kept = list(self.columns)
        while (spare := _spare(kept, width)) < 0 and any(column.rank for column in kept):
            kept.remove(max(reversed(kept), key=lambda column: column.rank))
        return tuple(column.cut(_least(column) + max(spare, 0)) for column in kept)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.table import Table
        from rich.text import Text

        shown = self.fit(options.max_width)
        heads = [column.head for column in shown]
        missing = [column.head for column in self.columns if column.head not in heads]
        grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
        for column in shown:
            grid.add_column(Text(column.head), justify="left" if column.is_text else "right", no_wrap=True)
        for row in zip(*(column.texts for column in shown)):
            grid.add_row(*(Text(text) for text in row))
        yield Text(self.title, style="italic")
        yield grid
        if missing:
            yield Text(f"too narrow for: {', '.join(missing)}", style="dim italic")


def rounds(results: Results) -> Fitted:
    """Return the rounds of one run as a table."""
    lines = results.rounds()
    spent = f", {sum(results.seconds().values()):.1f} s in all" if lines else ""
    state = "" if results.is_finished else ", not finished"
    title = f"{printable(results.name)}: {counted(len(lines), 'round')}{spent}{state}"
    return Fitted(title, round_columns(results))


def round_columns(results: Results) -> tuple[Column, ...]:
    """Return a column for each thing that is known of a round."""
    lines = results.rounds()
    named = {name for line in lines for name in line.metrics}
    metrics = [name for name in _METRICS if name in named] + sorted(named - set(_METRICS))
    columns = [
        _column(lines, "round", lambda line: line.number, str),
        _column(lines, "event time", lambda line: line.event_time, _minute),
        _column(lines, "reason", lambda line: printable(line.reason), str, rank=1, is_text=True),
        _column(lines, "new", lambda line: line.num_new, _whole, rank=2),
        _column(lines, "selected", lambda line: line.num_selected, _whole),
        *(_column(lines, f"{stage} s", _stage_s(stage), _seconds, rank=_RANKS[stage]) for stage in STAGES),
        _column(lines, "stored", lambda line: line.size_bytes or None, _bytes, rank=2),
        *(_metric(lines, name, first=name == _headline(metrics)) for name in metrics),
        _column(lines, "scored", lambda line: line.num_scored or None, _whole, rank=5),
    ]
    return tuple(columns)


def comparison(compared: Comparison, *, against: str | None = None) -> Fitted:
    """Return runs side by side as a table."""
    judged = int(compared.counted.sum())
    title = f"{compared.num_common:,} samples in {counted(judged, 'interval')} of {compared.every}"
    return Fitted(title, comparison_columns(compared, against=against))


def comparison_columns(compared: Comparison, *, against: str | None = None) -> tuple[Column, ...]:
    """Return a column for each thing that runs are compared by; with a baseline, the gain over it."""
    head = compared.headline
    others = [metric for metric in compared.metrics if metric != head]
    runs = compared.runs
    columns = [
        _column(runs, "run", lambda run: printable(run.name), str, is_text=True),
        _column(runs, f"mean {label(head)}", lambda run: compared.mean(run.name, head), show),
    ]
    if against is not None and against not in compared.unjudged:
        columns.append(_gain(compared, against))
    for metric in others:
        columns.append(_column(runs, f"mean {label(metric)}", _mean(compared, metric), show, rank=2))
    return (
        *columns,
        _column(runs, f"pooled {label(head)}", lambda run: run.pooled.get(head), show, rank=4),
        _column(runs, "models", lambda run: run.costs.num_models, _whole, rank=1),
        _column(runs, "samples trained", lambda run: run.costs.num_trained, _whole),
        _column(runs, "training s", lambda run: run.costs.training_s, _seconds, rank=1),
        _column(runs, "all stages s", lambda run: run.costs.total_s, _seconds, rank=3),
        _column(runs, "stored", lambda run: run.costs.stored_bytes, _bytes, rank=3),
        _column(runs, "in full", lambda run: run.costs.full_bytes, _bytes, rank=5),
    )


def ledger_columns(rows: Sequence[tuple[str, int, float, float, float]]) -> tuple[Column, ...]:
    """Return the columns of (run, round, predicted seconds, actual seconds, actual over predicted)."""
    return (
        _column(rows, "run", lambda row: printable(row[0]), str, is_text=True),
        _column(rows, "round", lambda row: row[1], str),
        _column(rows, "predicted s", lambda row: row[2], _seconds),
        _column(rows, "actual s", lambda row: row[3], _seconds),
        _column(rows, "actual / predicted", lambda row: row[4], _seconds),
    )


def print_rounds(results: Results, *, console: Console | None = None) -> None:
    """Print the rounds of one run."""
    table = rounds(results)
    (console or _console(table)).print(table)


def print_comparison(
    compared: Comparison, *, against: str | None = None, console: Console | None = None
) -> None:
    """Print runs side by side, and what follows from it in sentences."""
    from rich.text import Text

    table = comparison(compared, against=against)
    console = console or _console(table)
    console.print(table)
    for sentence in compared.verdict(against):
        console.print(Text(f"\n{printable(sentence)}"))


def _console(table: Fitted) -> Console:
    """Return where to print; a file or a pipe has no width, so there nothing is left out."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=max(table.width, 100))


# -- columns ------------------------------------------------------------------------------------------

_RANKS = {"train": 1, "choose": 4, "watch": 4, "evaluate": 4, "store": 5}


def _column(
    lines: Sequence[Any],
    head: str,
    value: Callable[[Any], Any],
    form: Callable[[Any], str],
    *,
    rank: int = 0,
    is_text: bool = False,
) -> Column:
    values = tuple(value(line) for line in lines)
    texts = tuple("-" if each is None else form(each) for each in values)
    return Column(head, texts, values, rank, is_text)


def _stage_s(stage: str) -> Callable[[RoundResult], float | None]:
    return lambda line: line.seconds.get(stage)


def _metric(lines: Sequence[RoundResult], name: str, *, first: bool) -> Column:
    return _column(lines, label(name), lambda line: line.metrics.get(name), show, rank=0 if first else 3)


def _headline(metrics: Sequence[str]) -> str:
    return "auroc" if "auroc" in metrics else metrics[0] if metrics else ""


def _mean(compared: Comparison, metric: str) -> Callable[[Standing], float]:
    return lambda run: compared.mean(run.name, metric)


def _gain(compared: Comparison, against: str) -> Column:
    def gain(run: Standing) -> float | None:
        if run.name == against or run.name in compared.unjudged:
            return None
        return compared.difference(run.name, against).gain

    def text(run: Standing) -> str:
        if (found := gain(run)) is None or not math.isfinite(found):
            return "-"
        width = compared.difference(run.name, against).half_width
        return f"{found:+.4f}" + (f" ± {width:.4f}" if math.isfinite(width) else "")

    head = f"better than {printable(against)} by"
    return Column(head, tuple(map(text, compared.runs)), tuple(map(gain, compared.runs)), rank=1)


def _least(column: Column) -> int:
    return min(column.width, _LEAST_TEXT) if column.is_text else column.width


def _spare(columns: Sequence[Column], width: int) -> int:
    return width - sum(_least(column) + _GAP for column in columns)


def _minute(time: Any) -> str:
    return str(time.astype("datetime64[m]")).replace("T", " ")


def _whole(number: int) -> str:
    return f"{number:,}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}"


def _bytes(size: int) -> str:
    return format_bytes(size)
