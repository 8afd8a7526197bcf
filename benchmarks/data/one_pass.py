"""One measurement: a contestant's pass, in the process that this file is run as.

    python one_pass.py JOB.json

The job names module, function, inputs and options, and the files to write: `result` as soon as the clock has
stopped, `checked` after a second pass, which is not measured and in which each element is looked at.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contestants import Batch
from process_tree import adopt_orphans, cpu_s, end_descendants

# Exit codes for what is no failure: a peer's library is not installed; a call of ours is not written yet.
NOT_INSTALLED, NOT_THERE_YET = 3, 4
_OUR_OWN = ("headwater", "peers", "inputs")


def run(job: dict[str, Any]) -> None:
    """Measure, write, check, write."""
    inputs, batches = built(job)
    measured = timed(batches, num_batches=job["num_batches"])
    measured["elements"] = inputs.elements
    write(job["result"], measured)
    if job["checked"]:
        write(job["checked"], {"problem": inputs.check(built(job)[1])})


def built(job: dict[str, Any]) -> tuple[Any, Any]:
    """The inputs, and what the contestant's function makes of them."""
    kind = getattr(importlib.import_module(job["inputs"]["module"]), job["inputs"]["kind"])
    inputs = kind(**job["inputs"]["fields"])
    build = getattr(importlib.import_module(job["module"]), job["function"], None)
    if build is None:
        raise NotImplementedError(f"{job['module']} has no {job['function']}")
    return inputs, build(inputs, **job["options"])


def timed(batches: Iterable[Batch], *, num_batches: int) -> dict[str, Any]:
    """Iterate with a null step; the half is one of `num_batches`, where an earlier round has counted them."""
    pid = os.getpid()
    cpu_before_s = cpu_s(pid)
    first_s = half_s = 0.0
    count, half = 0, num_batches // 2
    clock = time.perf_counter
    start_s = clock()
    for _ in batches:
        count += 1
        if count == 1:
            first_s = clock() - start_s
        if count == half:
            half_s = clock() - start_s
    seconds = clock() - start_s
    return {
        "seconds": seconds,
        "first_batch_s": first_s,
        "half_s": half_s,
        "num_batches": count,
        "cpu_s": cpu_s(pid) - cpu_before_s,
    }


def write(path: str, what: dict[str, Any]) -> None:
    """Write JSON that is there whole or not at all."""
    partial = Path(path + ".partial")
    partial.write_text(json.dumps(what))
    partial.rename(path)


def run_job(path: Path, work: Callable[[dict[str, Any]], None]) -> None:
    """End this process: 0, 3 if a library is missing, 4 if a call of ours is; stderr's last line says which."""
    adopt_orphans()
    code = _attempt(json.loads(path.read_text()), work)
    sys.stderr.flush()
    # Libraries' own ways to end may wait long for workers.
    end_descendants(os.getpid())
    os._exit(code)


def _attempt(job: dict[str, Any], work: Callable[[dict[str, Any]], None]) -> int:
    try:
        work(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, the harness shows it and goes on
        if isinstance(error, ModuleNotFoundError) and f"{error.name}".split(".")[0] not in _OUR_OWN:
            print(f"not installed: {error.name}", file=sys.stderr)
            return NOT_INSTALLED
        if job["may_lack_calls"] and isinstance(error, ImportError | AttributeError | NotImplementedError):
            print(f"not there yet: {error}", file=sys.stderr)
            return NOT_THERE_YET
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    run_job(Path(sys.argv[1]), run)
