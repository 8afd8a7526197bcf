"""JSON lines: one object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from headwater.samples.incoming.batch import BATCH_ROWS, Batch
from headwater.samples.rejects import Reject


def read_jsonl(path: Path) -> Iterator[Batch]:
    """Read the file line by line; a line that is not a JSON object is a bad row, an empty line is none."""
    with pa.input_stream(str(path)) as stream:
        lines = enumerate(_lines(stream), start=1)
        while chunk := list(islice(lines, BATCH_ROWS)):
            yield _batch(chunk, str(path))


def _lines(stream: Any) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(1 << 20):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _batch(chunk: list[tuple[int, bytes]], file: str) -> Batch:
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    for number, line in chunk:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            rejects.append(Reject(file, number, "-", f"is not JSON ({error})", {"line": line}))
            continue
        if isinstance(row, dict):
            rows.append(row)
            numbers.append(number)
        else:
            rejects.append(Reject(file, number, "-", "is not a JSON object", {"line": line}))
    return Batch(columns_of(rows), np.array(numbers, np.int64), tuple(rejects))


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return rows as columns; a row without a column has None there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
