"""One side of a checkpoint: the process that takes it, or the one that goes on from it.

    python one_resume.py JOB.json

Both then run to the end and write what came after the checkpoint: a digest of every byte in order, and one of
the elements, which no order changes. Going on is right when they are equal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from contestants import Batch
from one_pass import built, run_job, write


class Resumable(Protocol):
    """A pipeline that can be left and gone on with."""

    def begin(self, folder: Path | None) -> Iterator[Batch]:
        """Start a pass, or go on from what `save` wrote into `folder`."""
        ...

    def save(self, folder: Path) -> None:
        """Write where the pass stands: behind the batch that was given last."""
        ...


def run(job: dict[str, Any]) -> None:
    """Take a checkpoint after `after` batches; or go on from the one that is there."""
    inputs, resumable = built(job)
    folder = Path(job["folder"])
    found = _take(resumable, folder, job["after"]) if job["after"] else _go_on(resumable, folder)
    exact, elements, count = blake2b(digest_size=16), 0, 0
    for batch in found.pop("batches"):
        for name in sorted(batch):
            exact.update(_bytes(batch[name]))
        elements = (elements + inputs.digest(batch)) % 2**64
        count += len(next(iter(batch.values())))
    write(job["result"], {**found, "exact": exact.hexdigest(), "elements": f"{elements:x}", "count": count})


def _take(resumable: Resumable, folder: Path, after: int) -> dict[str, Any]:
    start_s = time.perf_counter()
    batches = resumable.begin(None)
    next(batches)
    first_s = time.perf_counter() - start_s
    for _ in islice(batches, after - 1):
        pass
    start_s = time.perf_counter()
    resumable.save(folder)
    save_s = time.perf_counter() - start_s
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"batches": batches, "first_s": first_s, "save_s": save_s, "size_bytes": size_bytes}


def _go_on(resumable: Resumable, folder: Path) -> dict[str, Any]:
    start_s = time.perf_counter()
    batches = resumable.begin(folder)
    first = next(batches)
    restore_s = time.perf_counter() - start_s
    return {"batches": _with(first, batches), "restore_s": restore_s}


def _bytes(column: Any) -> bytes:
    """The numbers themselves; texts, of which an array may hold pointers, as they are written."""
    array = np.asarray(column)
    return array.tobytes() if array.dtype.kind in "biuf" else repr(array.tolist()).encode()


def _with(first: Batch, batches: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from batches


if __name__ == "__main__":
    run_job(Path(sys.argv[1]), run)
