"""Rounds of measurements: each in its own process, contestants in turns, elements checked.

Every bench_*.py of the pipelines calls `main` with its cases. In one round each contestant makes one pass over
the same inputs. Its rate is that of the whole pass, from ``iter()`` to the last batch: imports, the start of a
cluster and the building of a graph are outside, worker processes that an iterator starts are inside. In the
first round a second pass, outside the clock, looks at every element. Ratios are medians over the rounds of
ours / theirs within a round, so that what slows the machine for a while slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from contestants import OURS, Case, Contestant, Measurement, Standing
from one_pass import NOT_INSTALLED, NOT_THERE_YET
from process_tree import end_descendants, rss_bytes
from report import json_rows, show

_HERE = Path(__file__).resolve().parent
_SAMPLE_S = 0.05
_TIMEOUT_S = 600.0
# With --quick a contestant that takes this long to start and run is not run again.
_QUICK_S = 4.0
# Less noise on stderr; two workers also for libraries that count cores by themselves.
_ENVIRONMENT = {
    "PYTHONPATH": f"{_HERE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "true",
}


@dataclass(frozen=True)
class Out(Exception):  # noqa: N818 - not an error: a contestant that takes no part
    """A contestant is out, because it is not installed, not written yet, or failed."""

    reason: str
    failed: bool


def main(describe: str, cases: Callable[[Path, bool], Sequence[Case]]) -> int:
    """Parse the arguments, prepare the inputs in a scratch folder, run all rounds, print and write."""
    options = _arguments(describe)
    with tempfile.TemporaryDirectory(prefix="bench-data-") as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        prepared = cases(folder, options.quick)
        table = {case.name: _standings(case, options) for case in prepared}
        for number in range(options.rounds or (2 if options.quick else 5)):
            for case in prepared:
                for standing in table[case.name]:
                    if not (options.quick and standing.process_s > _QUICK_S):
                        _turn(case, standing, Path(scratch), check=number == 0)
    for case in prepared:
        show(case, table[case.name])
    if options.json:
        options.json.write_text(json.dumps(json_rows(prepared, table), indent=1) + "\n")
    return 1 if any(standing.failed for standings in table.values() for standing in standings) else 0


def _standings(case: Case, options: argparse.Namespace) -> list[Standing]:
    found = []
    for contestant in case.contestants:
        chosen = not options.only or contestant.name == OURS or contestant.name in options.only
        out = "" if chosen else "left out: not in --only"
        if options.quick and contestant.variant and not options.only:
            out = "left out by --quick"
        found.append(Standing(contestant, out=out))
    return found


def _turn(case: Case, standing: Standing, scratch: Path, *, check: bool) -> None:
    if standing.out:
        return
    _say(f"{case.name}: {standing.name}")
    start_s = time.monotonic()
    try:
        measured = measure(case, standing, scratch, check=check)
    except Out as out:
        standing.out, standing.failed = out.reason, out.failed
    else:
        standing.rounds.append(measured)
        if measured.problem:
            standing.out, standing.failed = f"other elements: {measured.problem}", True
    standing.process_s = time.monotonic() - start_s
    _say("")


def _say(what: str) -> None:
    """Show on a terminal what runs now."""
    if sys.stderr.isatty():
        print(f"\r{what:78.78}\r", end="", file=sys.stderr, flush=True)


def measure(case: Case, standing: Standing, scratch: Path, *, check: bool) -> Measurement:
    """One pass in a process of its own, watched from here; raises `Out` if there was none."""
    contestant = standing.contestant
    files = {name: scratch / f"{name}.json" for name in ("job", "result", "checked")}
    for path in files.values():
        path.unlink(missing_ok=True)
    inputs = case.inputs_for(contestant)
    job = {
        **job_of(contestant, inputs),
        "result": str(files["result"]),
        "checked": str(files["checked"]) if check else "",
        "num_batches": standing.num_batches,
    }
    files["job"].write_text(json.dumps(job))
    peak_bytes = watched("one_pass.py", files["job"], files["result"])
    found = json.loads(files["result"].read_text())
    num_batches, half_s = found.pop("num_batches"), found.pop("half_s")
    standing.num_batches = num_batches
    second_half = (num_batches - num_batches // 2) / max(1, num_batches)
    steady = found["elements"] * second_half / (found["seconds"] - half_s) if half_s else float("nan")
    measured = Measurement(**found, steady_rate=steady, peak_bytes=peak_bytes)
    if check:
        measured = replace(measured, **json.loads(files["checked"].read_text()))
    return measured


def job_of(contestant: Contestant, inputs: Any) -> dict[str, Any]:
    """What another process needs to know to build a contestant's pipeline."""
    kind = type(inputs)
    return {
        "module": contestant.module,
        "function": contestant.function,
        "options": contestant.options,
        "inputs": {"module": kind.__module__, "kind": kind.__name__, "fields": asdict(inputs)},
        "may_lack_calls": contestant.name.startswith(OURS),
    }


def watched(script: str, job: Path, result: Path) -> int:
    """Run a job to its end; return the peak of its tree's memory until there was a result. Raises `Out`."""
    log = job.with_suffix(".log")
    peak_bytes, start_s = 0, time.monotonic()
    with log.open("w") as errors:
        command = [sys.executable, str(_HERE / script), str(job)]
        child = subprocess.Popen(
            command, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL, env=os.environ | _ENVIRONMENT
        )
        try:
            while child.poll() is None and time.monotonic() - start_s < _TIMEOUT_S:
                if not result.exists():
                    peak_bytes = max(peak_bytes, rss_bytes(child.pid))
                time.sleep(_SAMPLE_S)
        finally:
            if child.poll() is None:
                end_descendants(child.pid)
                child.kill()
                child.wait()
    if child.returncode != 0:
        raise _reason(child.returncode, log)
    return peak_bytes


def _reason(code: int, log: Path) -> Out:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if code in (NOT_INSTALLED, NOT_THERE_YET):
        return Out(last, failed=False)
    if os.environ.get("BENCH_TRACEBACKS"):
        print("\n".join(lines[-60:]), file=sys.stderr)
    return Out(f"failed: {last[:200] or f'exit code {code} without a word'}", failed=True)


def _arguments(describe: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=describe, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less data, two rounds, no variants")
    parser.add_argument("--json", type=Path, help="write the rows here")
    parser.add_argument("--rounds", type=int, help="five unless --quick")
    parser.add_argument("--only", nargs="+", help="these contestants beside ours")
    parser.add_argument("--folder", type=Path, help="keep the inputs here, and use those that are there")
    return parser.parse_args()
