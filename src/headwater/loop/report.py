"""``report.html``: what runs did and what follows from it, in one file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import LoopError
from headwater.core.files import write_atomic
from headwater.core.plan import Ledger
from headwater.core.spec import Block
from headwater.core.unit import format_duration
from headwater.loop import table
from headwater.loop.comparison import Comparison, compare
from headwater.loop.environment import environment
from headwater.loop.intervals import length_for
from headwater.loop.results import Results
from headwater.loop.wording import counted, printable

if TYPE_CHECKING:
    from headwater.loop.figures import Material


def write(
    runs: Sequence[Results],
    path: str | Path,
    *,
    index: Block,
    baseline: str | None,
    title: str = "Continuous training",
    every: str | None = None,
    compared: Comparison | None = None,
    clock: Clock | None = None,
) -> Path:
    """Write the report of `runs` to `path`, whole or not at all, and return the path.

    `index` is `samples.Samples.index()` of the stream that the runs share; `baseline` names the run that the
    others are measured against. Runs are compared in intervals of `every`, by default of a length that suits
    the stream; `compared` is that comparison where it is known already (see `side_by_side`). Runs may be
    unfinished or empty: the report says what is missing.

    Raised: `LoopError` for a baseline that is no run's name, and when matplotlib or jinja2 are not installed.
    """
    jinja2, figures = _libraries()
    compared = compared or side_by_side(runs, index, every=every)
    material = figures.Material(tuple(runs), compared, index)
    page = jinja2.render(
        "report.html",
        title=printable(title),
        facts=_facts(compared, clock or WallClock()),
        verdict=_verdict(compared, baseline, material),
        comparison=table.comparison_columns(compared, against=baseline),
        pictures=figures.gallery(material),
        runs=[_run(run, material) for run in runs],
        ledger=_ledger(runs),
        environment=environment(),
    )
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, page.encode())
    return target


def side_by_side(runs: Sequence[Results], index: Block, *, every: str | None = None) -> Comparison:
    """Return the comparison that a report shows: in intervals of `every` or of a fitting length."""
    return compare(runs, index, every=every or length_for(np.asarray(index["event_time"])))


def _libraries() -> tuple[Any, Any]:
    try:
        from headwater.loop import figures, jinja2
    except ImportError as error:
        raise LoopError(
            f"a report needs {error.name}, which is not installed.",
            remedy="Install it with: pip install 'headwater[loop]'.",
        ) from error
    return jinja2, figures


def _facts(compared: Comparison, clock: Clock) -> list[str]:
    written = datetime.fromtimestamp(clock.now(), UTC)
    judged = f"{compared.num_common:,} samples judged in {counted(int(compared.counted.sum()), 'interval')}"
    return [
        counted(len(compared.runs), "run"),
        f"{judged} of {compared.every}",
        f"written {written:%Y-%m-%d %H:%M} UTC",
    ]


def _verdict(compared: Comparison, baseline: str | None, material: Material) -> list[dict[str, Any]]:
    """Return each paragraph with its first sentence apart, and the colour of the run that it speaks of."""
    told = []
    for paragraph in compared.verdict(baseline):
        about = next((run.name for run in compared.runs if paragraph.startswith(f"{run.name}: ")), None)
        first, _, rest = paragraph.partition(". ")
        told.append(
            {
                "first": _unbroken(first if not rest else f"{first}."),
                "rest": _unbroken(rest),
                "colour": None if about is None else material.style(about).colour,
            }
        )
    return told


def _unbroken(sentence: str) -> str:
    """Keep a per cent sign with its number."""
    return printable(sentence).replace(" %", "\N{NO-BREAK SPACE}%")


def _run(run: Results, material: Material) -> dict[str, Any]:
    lines = run.rounds()
    state = "finished" if run.is_finished else "not finished"
    spent_s = sum(run.seconds().values())
    return {
        "name": printable(run.name),
        "colour": material.style(run.name).colour,
        "state": f"{counted(len(lines), 'round')}, {state}, {format_duration(spent_s)} in all",
        "columns": table.round_columns(run) if lines else (),
        "configuration": _configuration(run),
    }


def _configuration(run: Results) -> str:
    try:
        told = run.folder.read_json("run.json")
    except (LoopError, ValueError) as error:
        return f"Not known: {error}"
    return json.dumps(told, indent=2, ensure_ascii=False)


def _ledger(runs: Sequence[Results]) -> dict[str, Any]:
    """Return predicted beside actual seconds of every training that was predicted."""
    known = [(run.name, line) for run in runs for line in run.rounds() if line.predicted_s is not None]
    ledger = Ledger()
    rows = []
    for name, line in known:
        actual_s = line.seconds.get("train", 0.0)
        entry = ledger.record(name, predicted_s=float(line.predicted_s or 0.0), actual_s=actual_s)
        rows.append((name, line.number, entry.predicted_s, entry.actual_s, entry.ratio))
    return {"columns": table.ledger_columns(rows), "error": ledger.error()}
