"""How much of the demo's wall time is not training?

Runs the flights demo in a fresh process, as ``make demo`` does, and sets the seconds in which a model was
being trained beside the wall time of the whole process: imports, ingest, triggers, selection, storing,
evaluation, matrix and report are all overhead. ``--quick`` runs the stream up to the end of March.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from headwater import loop
from headwater.loop.folder import RunFolder

BESIDE = ("evaluate", "score")  # on the other core, while a stage of the next round runs


def main() -> None:
    """Run, print a table, write JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--json", type=Path)
    arguments = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), quick=arguments.quick)
    for line in lines:
        print(f"{line['name']:<34}{line['value']:>10.3f} {line['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=1))


def measure(folder: Path, *, quick: bool) -> list[dict[str, object]]:
    """Return the wall time, the seconds of each stage summed over the runs, and the share of overhead."""
    command = [sys.executable, "-m", "examples.flights.demo", "--folder", str(folder)]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--until", "2013-04-01"] if quick else command, check=True, stdout=subprocess.DEVNULL
    )
    wall_s = time.perf_counter() - started
    stages: dict[str, float] = {}
    for name in ("drift", "monthly", "once"):
        for stage, seconds in loop.Results(RunFolder(folder / name)).seconds().items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    in_turn_s = sum(seconds for stage, seconds in stages.items() if stage not in BESIDE)
    lines: list[dict[str, object]] = [{"name": "wall", "value": wall_s, "unit": "s"}]
    for stage, seconds in sorted(stages.items()):
        name = f"{stage}, beside the others" if stage in BESIDE else stage
        lines.append({"name": name, "value": seconds, "unit": "s"})
    lines.append({"name": "imports, ingest, report, waiting", "value": wall_s - in_turn_s, "unit": "s"})
    share = 1 - stages.get("train", 0.0) / wall_s
    return [*lines, {"name": "share that is not training", "value": share, "unit": "ratio"}]


if __name__ == "__main__":
    main()
