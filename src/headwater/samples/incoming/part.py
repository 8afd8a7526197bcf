"""What is committed in one piece: a file, a table, or a stretch of something long."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from headwater.core.digest import digest_file, digest_of
from headwater.core.errors import SamplesError
from headwater.core.registry import did_you_mean
from headwater.samples.incoming.arrow import num_parquet_rows, read_ipc, read_memory, read_parquet
from headwater.samples.incoming.batch import Batch, Cutter
from headwater.samples.incoming.csv import read_csv
from headwater.samples.incoming.images import SUFFIXES, is_image_folder, read_images
from headwater.samples.incoming.jsonl import read_jsonl
from headwater.samples.incoming.rows import read_rows
from headwater.samples.schema import Schema

READERS: Mapping[str, Callable[[Path], Iterator[Batch]]] = {
    "parquet": read_parquet,
    "csv": read_csv,
    "tsv": read_csv,
    "jsonl": read_jsonl,
    "ndjson": read_jsonl,
    "arrow": read_ipc,
    "feather": read_ipc,
}
"""The reader of each file suffix; a compressed text file has its format's suffix first (``.csv.gz``)."""

What: TypeAlias = Any
"""A path, an Arrow table or reader, a frame, a block, or an iterable of rows or blocks."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to read what is ingested."""

    format: str | None = None
    digest: str | None = None
    classes: Sequence[str] | None = None
    commit_rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows that become visible together. `digest` is None where only the rows themselves can tell it."""

    name: str
    batches: Iterator[Batch]
    digest: str | None = None
    size_bytes: int = -1
    mtime_ns: int = -1
    num_rows: int | None = None


def open_parts(what: What, schema: Schema, options: Options) -> Iterator[Part]:
    """Return the parts of `what` in order; nothing is read before a part's batches are."""
    if options.commit_rows is not None and options.commit_rows < 1:
        raise SamplesError("commit_rows must be at least 1.", where=f"commit_rows={options.commit_rows}")
    for part in _whole_parts(what, schema, options):
        yield from [part] if options.commit_rows is None else _stretches(part, options.commit_rows)


def format_of(path: Path) -> str | None:
    """Return the word in `READERS` that the file's name ends with, before a suffix of compression."""
    suffixes = [suffix[1:].lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in ("gz", "bz2", "zst"):
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in READERS else None


def _whole_parts(what: What, schema: Schema, options: Options) -> Iterator[Part]:
    if isinstance(what, str | Path):
        yield from _from_path(Path(what), schema, options)
        return
    name, digest = f"<{type(what).__name__}>", options.digest
    if isinstance(what, pa.Table | pa.RecordBatch):
        yield Part(batches=read_memory(what), num_rows=what.num_rows, name=name, digest=digest)
    elif isinstance(what, pa.RecordBatchReader) or hasattr(what, "__arrow_c_stream__"):
        yield Part(batches=read_memory(what), name=name, digest=digest)
    elif isinstance(what, Mapping):
        yield Part(batches=read_rows([what], schema), name=name, digest=digest)
    elif isinstance(what, Iterable) and not isinstance(what, bytes | bytearray):
        yield Part(batches=read_rows(what, schema), name=name, digest=digest)
    else:
        raise SamplesError(
            f"a {type(what).__name__} cannot be ingested.",
            where="ingest",
            remedy="Give a path, an Arrow table or reader, a frame, or an iterable of dicts.",
        )


def _from_path(path: Path, schema: Schema, options: Options) -> Iterator[Part]:
    if not path.exists():
        raise SamplesError(
            "there is no such file or folder.",
            where=str(path),
            remedy=f"Check its name; relative names start at {Path.cwd()}.",
        )
    if not path.is_dir():
        yield _from_file(path, options)
    elif options.digest is not None:
        raise SamplesError("digest= names one file, this is a folder.", where=str(path))
    elif options.format == "images" or (options.format is None and is_image_folder(path)):
        yield Part(name=str(path), batches=read_images(path, schema, classes=options.classes))
    else:
        files = sorted(file for file in path.iterdir() if file.is_file() and format_of(file))
        if not files:
            formats = ", ".join(READERS)
            raise SamplesError(
                f"nothing in this folder ends with {formats}, or is an image in a class's folder.",
                where=str(path),
                remedy="Name the files one by one with their format (format=, --format).",
            )
        yield from (_from_file(file, options) for file in files)


def _from_file(path: Path, options: Options) -> Part:
    word = options.format or format_of(path) or ""
    if word not in READERS:
        if path.suffix.lower() in SUFFIXES:
            remedy = "Images are ingested by folder, with one folder per class in it."
        else:
            remedy = f"{did_you_mean(path.suffix[1:], READERS)} Or name its format (format=, --format)."
        raise SamplesError(f"its format {word or path.suffix!r} is not known.", where=str(path), remedy=remedy)
    status = path.stat()
    return Part(
        name=str(path),
        batches=_unchanged(path, status, _readable(path, READERS[word](path))),
        digest=options.digest or digest_file(path),
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        num_rows=num_parquet_rows(path) if word == "parquet" else None,
    )


def _readable(path: Path, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Pass `batches` on. Raised: `SamplesError` where the file does not decompress, or a disk does not read."""
    try:
        yield from batches
    except (OSError, pa.ArrowInvalid) as error:
        raise SamplesError(
            f"it cannot be read to its end ({str(error).splitlines()[0]}); nothing of it was stored.",
            where=str(path),
            remedy="It may still have been written, or was cut short: copy it again.",
        ) from error


def _unchanged(path: Path, before: os.stat_result, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Pass `batches` on. Raised at the end: `SamplesError` if the file was written to meanwhile."""
    yield from batches
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SamplesError(
            "the file was written to while it was read; nothing of it was stored.",
            where=str(path),
            remedy="Ingest it when it is complete; follow() waits for that.",
        )


def _stretches(part: Part, commit_rows: int) -> Iterator[Part]:
    cutter = Cutter(part.batches)
    number = 0
    while cutter.has_more():
        batches = cutter.take(commit_rows)
        digest = None if part.digest is None else digest_of([part.digest, commit_rows, number])
        yield Part(name=part.name, batches=batches, digest=digest)
        for _ in batches:  # rows that were known, and so were not read
            pass
        number += 1
