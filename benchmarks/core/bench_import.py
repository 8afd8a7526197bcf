"""What does ``import headwater`` cost beside bare Python?

Cold starts of two interpreters alternate, so that a busy machine slows both alike; the medians are set against
each other. The claim: under 60 ms more, and none of torch, ray, pydantic, pandas in ``sys.modules``. Importing
numpy alone and each word of the line are shown beside it.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import headwater

LIMIT_MS = 60.0
HEAVY = ("torch", "ray", "pydantic", "pandas", "sqlalchemy", "pyarrow")
STATEMENTS = {
    "bare Python": "pass",
    "import headwater": "import headwater",
    "import numpy": "import numpy",
    **{f"from headwater import {word}": f"from headwater import {word}" for word in headwater.LINE},
}


def main() -> int:
    """Measure, print a table, write JSON; 1 when the claim does not hold."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="fewer starts")
    asked.add_argument("--json", type=Path)
    arguments = asked.parse_args()
    starts = measure(num_starts=7 if arguments.quick else 31)
    bare_ms = median(starts["bare Python"])
    print(f"{'statement':<32}{'median':>10}{'best':>10}{'more than bare':>18}  heavy modules loaded")
    for name, times in starts.items():
        loaded = ", ".join(heavy_after(STATEMENTS[name])) or "-"
        more = median(times) - bare_ms
        print(f"{name:<32}{median(times):>7.1f} ms{min(times):>7.1f} ms{more:>15.1f} ms  {loaded}")
    more_ms = median(starts["import headwater"]) - bare_ms
    loaded_by_us = heavy_after("import headwater")
    holds = more_ms < LIMIT_MS and not loaded_by_us
    print(
        f"`import headwater` costs {more_ms:.1f} ms more than bare Python (limit {LIMIT_MS:.0f} ms): ", end=""
    )
    print("holds" if holds else "DOES NOT HOLD")
    if arguments.json:
        lines: list[dict[str, object]] = [
            {"name": f"{name}, more than bare", "value": round(median(times) - bare_ms, 2), "unit": "ms"}
            for name, times in starts.items()
        ]
        lines.append(
            {"name": "heavy modules after import headwater", "value": len(loaded_by_us), "unit": "modules"}
        )
        lines += [{"name": "python", "value": platform.python_version(), "unit": "version"}]
        lines += [{"name": "commit", "value": commit(), "unit": "git"}]
        arguments.json.write_text(json.dumps(lines, indent=1))
    return 0 if holds else 1


def measure(*, num_starts: int) -> dict[str, list[float]]:
    """Return the milliseconds of each statement's cold starts; one round over all comes before the next."""
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for turn in range(num_starts + 1):
        for name, statement in STATEMENTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            if turn:  # the first fills the page cache and the .pyc files
                times[name].append((time.perf_counter() - started) * 1e3)
    return times


def heavy_after(statement: str) -> list[str]:
    """Return which heavy modules `statement` loads."""
    code = f"{statement}\nimport sys; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()


def commit() -> str:
    """Return the commit that was measured, "unknown" outside a repository."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
