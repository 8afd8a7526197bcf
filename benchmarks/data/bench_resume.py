"""What does a checkpoint in the middle of an epoch weigh, and how soon does a new process go on from it?

D1 (photos) and D4 (rows of Parquet, shuffled as a whole), each left after a tenth, a half and nine tenths of
the batches. A second process goes on: the clock runs from its first call to its first batch, imports excluded.
What both give after the checkpoint is compared: "exact" is byte for byte in the same order, crops included.
Shown is the worst of the three places, and beside it a fresh start's first batch, which cannot be saved.

    python benchmarks/data/bench_resume.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contestants import OURS, Contestant
from harness import Out, job_of, watched
from headwater.core.plan import table
from inputs import clicks, photos
from report import Row, surroundings

LIMIT_BYTES, LIMIT_S = 4_096, 1.0
PLACES = (0.1, 0.5, 0.9)
CONTESTANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (OURS, "ours", {}),
    ("tf.data", "peers.tf_data", {}),
    ("tf.data, symbolic", "peers.tf_data", {"symbolic": True}),
    ("Grain", "peers.grain_data", {}),
    ("StatefulDataLoader", "peers.stateful_loader", {}),
    ("HF datasets", "peers.hf_datasets", {}),
)
HEAD = ("contestant", "bytes", "save", "restore", "fresh start", "what comes after", "")


@dataclass(frozen=True)
class Resumption:
    """The worst over the places."""

    size_bytes: int
    save_s: float
    restore_s: float
    fresh_s: float
    after: str


def main() -> int:
    """Measure, print, write; 1 if anything failed, or ours is not exact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less data, one place, one round")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, help="three unless --quick")
    parser.add_argument("--only", nargs="+", help="these contestants beside ours")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 3)
    places = PLACES[1:2] if options.quick else PLACES
    rows: list[Row] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-data-") as scratch:
        folder = Path(scratch)
        for case, function, inputs, num_batches in _cases(folder, options.quick):
            after = [int(place * num_batches) for place in places]
            found: dict[str, Resumption | Out] = {}
            for name, module, settings in CONTESTANTS:
                if not options.only or name in {OURS, *options.only}:
                    contestant = Contestant(name, module, function, settings)
                    found[name] = _resumption(contestant, inputs, folder, after=after, rounds=rounds)
            show(case, found)
            rows += json_rows(case, found)
            failed |= any(_failed(name, one) for name, one in found.items())
    if options.json:
        options.json.write_text(json.dumps(rows + surroundings(), indent=1) + "\n")
    return int(failed)


def _failed(name: str, found: Resumption | Out) -> bool:
    """Ours must be exact; of the others it is shown."""
    return found.failed if isinstance(found, Out) else name == OURS and found.after != "exact"


def _cases(folder: Path, quick: bool) -> list[tuple[str, str, Any, int]]:
    d1 = photos.make(folder / "photos", num_photos=640 if quick else 4_000)
    d4 = clicks.make(folder / "clicks", num_rows=400_000 if quick else 2_000_000)
    return [
        ("resume D1", "vision_resumed", d1, d1.num_photos // photos.BATCH),
        ("resume D4", "tabular_resumed", d4, int(d4.num_rows * clicks.THRESHOLD) // clicks.BATCH),
    ]


def _resumption(
    contestant: Contestant, inputs: Any, folder: Path, *, after: Sequence[int], rounds: int
) -> Resumption | Out:
    """Leave and go on at each of the places; medians over the rounds, then the worst place."""
    try:
        places = [[_once(contestant, inputs, folder, after=place) for _ in range(rounds)] for place in after]
    except Out as out:
        return out
    everything = [one for place in places for one in place]
    verdicts = {one["after"] for one in everything}
    return Resumption(
        size_bytes=max(one["size_bytes"] for one in everything),
        save_s=max(statistics.median(one["save_s"] for one in place) for place in places),
        restore_s=max(statistics.median(one["restore_s"] for one in place) for place in places),
        fresh_s=statistics.median(one["first_s"] for one in everything),
        after=" or ".join(sorted(verdicts)),
    )


def _once(contestant: Contestant, inputs: Any, folder: Path, *, after: int) -> dict[str, Any]:
    """Two processes: one leaves and runs on, the other goes on from what it left."""
    with tempfile.TemporaryDirectory(dir=folder) as checkpoint:
        left = _process(contestant, inputs, folder, {"folder": checkpoint, "after": after})
        gone_on = _process(contestant, inputs, folder, {"folder": checkpoint, "after": 0})
    same_elements = left["elements"] == gone_on["elements"]
    verdict = "exact" if left["exact"] == gone_on["exact"] else "same elements, but not exact"
    wrong = f"other elements ({gone_on['count']:,}, not {left['count']:,})"
    return {**left, "restore_s": gone_on["restore_s"], "after": verdict if same_elements else wrong}


def _process(contestant: Contestant, inputs: Any, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    result, path = folder / "result.json", folder / "job.json"
    result.unlink(missing_ok=True)
    path.write_text(json.dumps({**job_of(contestant, inputs), **job, "result": str(result)}))
    watched("one_resume.py", path, result)
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def show(case: str, found: dict[str, Resumption | Out]) -> None:
    """Print one table, and whether the claim holds."""
    rows: list[tuple[str, ...]] = []
    for name, one in found.items():
        if isinstance(one, Out):
            rows.append((name, "-", "-", "-", "-", "-", one.reason))
        else:
            times = (f"{seconds * 1e3:,.0f} ms" for seconds in (one.save_s, one.restore_s, one.fresh_s))
            rows.append((name, f"{one.size_bytes:,}", *times, one.after, ""))
    print(f"\n{case}\n{table(HEAD, rows)}")
    ours = found[OURS]
    if isinstance(ours, Resumption):
        holds = ours.size_bytes < LIMIT_BYTES and ours.restore_s < LIMIT_S and ours.after == "exact"
        print(f"under {LIMIT_BYTES:,} bytes, {LIMIT_S:.0f} s, exact: {'holds' if holds else 'DOES NOT HOLD'}")


def json_rows(case: str, found: dict[str, Resumption | Out]) -> list[Row]:
    """A row for each figure, and how many times ours the peers' are."""
    rows: list[Row] = []
    ours = found[OURS]
    for name, one in found.items():
        if isinstance(one, Out):
            rows.append({"name": f"out {case}: {name}", "value": one.reason, "unit": "reason"})
            continue
        figures = {
            "bytes": (one.size_bytes, "bytes"),
            "save": (one.save_s, "s"),
            "restore": (one.restore_s, "s"),
        }
        figures["fresh start"] = (one.fresh_s, "s")
        rows += [
            {"name": f"{what} {case}: {name}", "value": v, "unit": unit} for what, (v, unit) in figures.items()
        ]
        rows.append({"name": f"after {case}: {name}", "value": one.after, "unit": "verdict"})
        if name != OURS and isinstance(ours, Resumption):
            for what, value in (
                ("seconds", one.restore_s / ours.restore_s),
                ("bytes", one.size_bytes / ours.size_bytes),
            ):
                rows.append({"name": f"ratio {case} {what} vs {name}", "value": value, "unit": "x"})
    return rows


if __name__ == "__main__":
    sys.exit(main())
