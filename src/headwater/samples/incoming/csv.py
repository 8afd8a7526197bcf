"""CSV and TSV: read as text in blocks, so that a wrong type is found by row and not by block."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from headwater.core.errors import SamplesError
from headwater.samples.incoming.batch import Batch
from headwater.samples.rejects import Reject

_BLOCK_BYTES = 8 << 20  # tens of thousands of rows
_HEADER_BYTES = 1 << 18
NULLS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")


def read_csv(path: Path) -> Iterator[Batch]:
    """Read a file with a header line; ``.tsv`` means tabs, ``.gz``, ``.bz2`` and ``.zst`` are decompressed."""
    malformed: list[tuple[int, str]] = []

    def note(row: Any) -> str:
        malformed.append((row.number, f"has {row.actual_columns} columns, expected {row.expected_columns}"))
        return "skip"

    delimiter = "\t" if ".tsv" in path.suffixes else ","
    parse = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note)
    # With threads pyarrow does not say which row was malformed.
    read = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False)
    try:
        names = _header(path, delimiter)
        convert = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), null_values=NULLS, strings_can_be_null=True
        )
        with pa.input_stream(str(path)) as stream, arrow_csv.open_csv(stream, read, parse, convert) as reader:
            yield from _batches(reader, malformed, path)
    except pa.ArrowInvalid as error:
        raise SamplesError(
            f"not CSV ({error}).", where=str(path), remedy="Check its delimiter, quotes and encoding (UTF-8)."
        ) from error


def _header(path: Path, delimiter: str) -> list[str]:
    with pa.input_stream(str(path)) as stream:
        text = stream.read(_HEADER_BYTES).decode("utf-8-sig", errors="replace")
    return next(csv.reader(io.StringIO(text), delimiter=delimiter), [])


def _batches(reader: Any, malformed: list[tuple[int, str]], path: Path) -> Iterator[Batch]:
    first, taken = 1, 0
    for block in reader:
        # Malformed rows have numbers of their own: the block's rows take those that are left, in order.
        candidates = np.arange(first, first + block.num_rows + len(malformed))
        numbers = candidates[~np.isin(candidates, [number - 1 for number, _ in malformed])][: block.num_rows]
        first = int(numbers[-1]) + 1 if numbers.size else first
        # The parser runs ahead of the blocks: only its rejects before this block's end belong to it.
        ready = [entry for entry in malformed[taken:] if entry[0] - 1 < first]
        taken += len(ready)
        yield Batch(dict(zip(block.schema.names, block.columns)), numbers, _rejects(ready, path))
    if malformed[taken:]:
        yield Batch({}, np.empty(0, np.int64), _rejects(malformed[taken:], path))


def _rejects(entries: list[tuple[int, str]], path: Path) -> tuple[Reject, ...]:
    return tuple(Reject(str(path), number - 1, "-", reason, {}) for number, reason in entries)
