"""What the rounds found, as a table for people and as rows for machines."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from contestants import OURS, Case, Standing
from headwater.core.plan import table

_VERSIONS = (
    "numpy", "pyarrow", "torch", "tensorflow-cpu", "grain", "torchdata", "ray", "datasets", "webdataset",
    "opencv-python-headless", "simplejpeg", "pillow", "tokenizers",
)  # fmt: skip
_HEAD = ("contestant", "rate", "steady", "spread", "ours / it", "first batch", "CPU us/el.", "peak MiB", "")
Row = dict[str, Any]


def show(case: Case, standings: Sequence[Standing]) -> None:
    """Print one case: a line for each contestant, also for those that are out."""
    ours = _ours(standings)
    rows = [_line(standing, ours) for standing in standings]
    print(f"\n{case.name}: {case.inputs.elements:,} {case.inputs.unit}, rates in {case.inputs.unit}/s")
    print(table(_HEAD, rows))
    best = best_peer(standings)
    if ours and best:
        print(f"ours / best peer ({best.name}): {ratio(ours, best):.2f}")


def _line(standing: Standing, ours: Standing | None) -> tuple[str, ...]:
    if not standing.rounds:
        return (standing.name, "-", "-", "-", "-", "-", "-", "-", standing.out)
    rates = [measured.rate for measured in standing.rounds]
    elements = standing.rounds[0].elements
    return (
        standing.name,
        f"{standing.median('rate'):,.0f}",
        f"{standing.median('steady_rate'):,.0f}",
        f"{(max(rates) - min(rates)) / statistics.median(rates):.0%}",
        f"{ratio(ours, standing):.2f}" if ours and standing.counts else "-",
        f"{standing.median('first_batch_s') * 1e3:,.0f} ms",
        _short(standing.median("cpu_s") / elements * 1e6),
        f"{standing.median('peak_bytes') / 2**20:,.0f}",
        standing.out or ("one round" if len(rates) == 1 else ""),
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(ours: Standing, theirs: Standing) -> float:
    """The median over the rounds of our rate over theirs: more than 1 where ours is faster."""
    pairs = zip(ours.rounds, theirs.rounds)
    return statistics.median(mine.rate / other.rate for mine, other in pairs)


def best_peer(standings: Sequence[Standing]) -> Standing | None:
    """The peer with the highest median rate."""
    peers = [standing for standing in standings if standing.counts and not standing.name.startswith(OURS)]
    return max(peers, key=lambda peer: peer.median("rate"), default=None)


def json_rows(cases: Sequence[Case], standings: Mapping[str, Sequence[Standing]]) -> list[Row]:
    """Everything that was found, and on what it was found."""
    rows = [row for case in cases for row in _case_rows(case, standings[case.name])]
    return rows + surroundings()


def _case_rows(case: Case, standings: Sequence[Standing]) -> list[Row]:
    ours, best, rows = _ours(standings), best_peer(standings), []
    for standing in standings:
        if ours and standing.counts and not standing.name.startswith(OURS):
            rows.append(_row(f"ratio {case.name} vs {standing.name}", ratio(ours, standing), "x"))
    if ours and best:
        rows.append(_row(f"ratio {case.name} vs best", ratio(ours, best), "x"))
        rows.append(_row(f"best peer {case.name}", best.name, "name"))
    for standing in standings:
        rows += _figures(case, standing)
    return rows


def _figures(case: Case, standing: Standing) -> list[Row]:
    what = f"{case.name}: {standing.name}"
    if not standing.rounds:
        return [_row(f"out {what}", standing.out, "reason")]
    elements = standing.rounds[0].elements
    figures = {
        "rate": (standing.median("rate"), f"{case.inputs.unit}/s"),
        "steady rate": (standing.median("steady_rate"), f"{case.inputs.unit}/s"),
        "first batch": (standing.median("first_batch_s"), "s"),
        "cpu": (standing.median("cpu_s") / elements * 1e6, "us/element"),
        "peak rss": (standing.median("peak_bytes") / 2**20, "MiB"),
    }
    rows = [_row(f"{figure} {what}", *found) for figure, found in figures.items()]
    rows.append(_row(f"rates {what}", [measured.rate for measured in standing.rounds], "each round"))
    return rows + ([_row(f"out {what}", standing.out, "reason")] if standing.out else [])


def surroundings() -> list[Row]:
    """Commit, machine and versions."""
    rows = [
        _row("commit", commit(), "git"),
        _row("machine", f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {_processor()}", "name"),
        _row("load", os.getloadavg()[0], "1 min"),
        _row("python", platform.python_version(), "version"),
    ]
    for package in _VERSIONS:
        try:
            rows.append(_row(package, metadata.version(package), "version"))
        except metadata.PackageNotFoundError:
            rows.append(_row(package, "not installed", "version"))
    return rows


def commit() -> str:
    """Return the commit that was measured, "unknown" outside a repository; "+" if files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _ours(standings: Sequence[Standing]) -> Standing | None:
    return next((standing for standing in standings if standing.name == OURS and standing.counts), None)


def _row(name: str, value: Any, unit: str) -> Row:
    return {"name": name, "value": value, "unit": unit}
