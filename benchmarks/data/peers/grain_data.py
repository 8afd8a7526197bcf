"""Grain, by its Dataset API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grain
import numpy as np
from grain import experimental
from pyarrow import parquet

from crops import with_opencv
from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import encoder

# Reading a cheap element in place is far faster than through Grain's default sixteen threads.
INLINE = grain.ReadOptions(num_threads=0)


def plus_one(x: Any) -> Any:
    return x + 1


def tiny(numbers: Numbers, *, num_workers: int) -> Iterable[Any]:
    """Index by index."""
    dataset = grain.MapDataset.range(numbers.size).map(plus_one).batch(BATCH).to_iter_dataset(INLINE)
    return dataset.mp_prefetch(grain.MultiprocessingOptions(num_workers)) if num_workers else dataset


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """Batch before map."""
    return grain.MapDataset.range(numbers.size).batch(BATCH).map(plus_one).to_iter_dataset(INLINE)


def photo(at: tuple[int, str], rng: Any) -> dict[str, Any]:
    key, path = at
    return {"image": with_opencv(Path(path).read_bytes(), rng), "key": key}


def vision(photos: d1.Photos, *, processes: bool) -> Iterable[Any]:
    """OpenCV in two threads or in two processes."""
    files = list(enumerate(photos.files))
    decoded = grain.MapDataset.source(files).seed(0).random_map(photo)
    if processes:
        batches = decoded.batch(d1.BATCH).to_iter_dataset(INLINE)
        return batches.mp_prefetch(grain.MultiprocessingOptions(num_workers=2))
    threads = grain.ReadOptions(num_threads=2, prefetch_buffer_size=2 * d1.BATCH)
    return decoded.to_iter_dataset(threads).batch(d1.BATCH, drop_remainder=False)


class RowGroups:
    """Texts of Parquet files by row group: random access as Grain wants it."""

    def __init__(self, files: list[str]) -> None:
        counts = [(path, parquet.ParquetFile(path).num_row_groups) for path in files]
        self.groups = [(path, group) for path, count in counts for group in range(count)]

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> list[str]:
        path, group = self.groups[index]
        texts: list[str] = parquet.ParquetFile(path).read_row_group(group).column("text").to_pylist()
        return texts


class Encode:
    """Texts to one array of tokens."""

    def __init__(self, texts: d2.Texts) -> None:
        self.encode = encoder(texts)

    def __call__(self, texts: list[str]) -> dict[str, Any]:
        """All tokens of a row group."""
        return {"tokens": self.encode(texts)}


def text(texts: d2.Texts, *, num_workers: int) -> Iterable[Any]:
    """Row groups, tokenised and packed by its concat-then-split, in two threads or in two processes."""
    tokens = grain.MapDataset.source(RowGroups(texts.files)).map(Encode(texts))
    threads = grain.ReadOptions(num_threads=2, prefetch_buffer_size=4)
    stream = tokens.to_iter_dataset(INLINE if num_workers else threads)
    rows = experimental.ConcatThenSplitIterDataset(stream, length_struct={"tokens": d2.LENGTH})
    batches = rows.batch(d2.BATCH, drop_remainder=False)
    return batches.mp_prefetch(grain.MultiprocessingOptions(num_workers)) if num_workers else batches


class Records(grain.IterDataset):  # type: ignore[misc]  # grain has no types for mypy
    """The reads of one remote file; no checkpoint is taken of it here."""

    def __init__(self, remote: d3.Remote, file: int) -> None:
        super().__init__()
        self.remote, self.file = remote, file

    def __iter__(self) -> Any:
        return RecordsIterator(self.remote.read(self.file))


class RecordsIterator(grain.DatasetIterator):  # type: ignore[misc]
    """The reads of one remote file, parsed."""

    def __init__(self, reads: Iterator[bytes]) -> None:
        super().__init__()
        self.reads = reads

    def __next__(self) -> Any:
        return d3.parse(next(self.reads))

    def get_state(self) -> Any:
        """Nothing: no checkpoint is taken here."""
        return {}

    def set_state(self, state: Any) -> None:
        """Not needed."""
        raise NotImplementedError


def latency(remote: d3.Remote) -> Iterable[Any]:
    """Interleaved, all files open at once, each with a thread and a buffer."""
    files = grain.MapDataset.range(remote.num_files).map(partial(Records, remote))
    together = experimental.InterleaveIterDataset(
        files,
        cycle_length=remote.num_files,
        num_make_iter_threads=remote.num_files,
        make_iter_buffer_size=remote.num_files,
        iter_buffer_size=8,
    )
    return together.batch(d3.BATCH // d3.RECORDS_PER_READ, drop_remainder=False).map(np.concatenate)


class Gather:
    """Rows of a table by their numbers."""

    def __init__(self, columns: d4.Columns) -> None:
        self.columns = columns

    def __call__(self, rows: Any) -> dict[str, Any]:
        """The rows of one batch."""
        return {name: column[rows] for name, column in self.columns.items()}


def tabular(clicks: d4.Clicks) -> Iterable[Any]:
    """A table in memory; row numbers are shuffled and batched, then each batch is gathered."""
    yield from _tabular(clicks)


def _tabular(clicks: d4.Clicks) -> Any:
    columns = d4.load(clicks.files)
    numbers = grain.MapDataset.range(len(columns["label"])).seed(0).shuffle().batch(d4.BATCH)
    return numbers.map(Gather(columns)).to_iter_dataset(INLINE)


class Resumed:
    """A dataset and the iterator of it that a checkpoint is taken of."""

    def __init__(self, dataset: Callable[[], Any]) -> None:
        self._dataset = dataset

    def begin(self, folder: Path | None) -> Iterator[Any]:
        """An iterator from the start, or from a state."""
        self._iterator = iter(self._dataset())
        if folder:
            self._iterator.set_state(json.loads((folder / "state.json").read_text()))
        return self._iterator

    def save(self, folder: Path) -> None:
        """The iterator's state."""
        (folder / "state.json").write_text(json.dumps(self._iterator.get_state()))


def vision_resumed(photos: d1.Photos) -> Resumed:
    return Resumed(partial(vision, photos, processes=False))


def tabular_resumed(clicks: d4.Clicks) -> Resumed:
    return Resumed(partial(_tabular, clicks))
