"""torch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    get_worker_info,
)
from torch.utils.data import Dataset as TorchDataset

from crops import DECODERS
from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import encoder, packed, read
from peers.plain_threads import read_together, rebatched


class PlusOne(TorchDataset[Any]):
    """``i + 1`` for an index, or for a list of them."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        return index + 1 if isinstance(index, int) else torch.as_tensor(index) + 1


def tiny(numbers: Numbers, *, num_workers: int) -> Iterable[Any]:
    """Index by index."""
    return DataLoader(PlusOne(numbers.size), batch_size=BATCH, num_workers=num_workers)


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """Bulk reading: a sampler of batches, and automatic batching off."""
    dataset = PlusOne(numbers.size)
    batches = BatchSampler(SequentialSampler(dataset), BATCH, drop_last=False)
    return DataLoader(dataset, sampler=batches, batch_size=None)


class PhotoFiles(TorchDataset[Any]):
    """A file for each index."""

    def __init__(self, files: list[str], decoder: str) -> None:
        self.files = files
        self.decode = DECODERS[decoder]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict[str, Any]:
        raw = Path(self.files[index]).read_bytes()
        return {"image": self.decode(raw, np.random.default_rng((0, index))), "key": index}


def vision(photos: d1.Photos, *, decoder: str, num_workers: int = 2) -> Iterable[Any]:
    """Files by index, collated by default."""
    return DataLoader(PhotoFiles(photos.files, decoder), batch_size=d1.BATCH, num_workers=num_workers)


def _share(what: Iterable[Any]) -> list[Any]:
    """Every how-many-th for this worker; all outside of a worker."""
    worker = get_worker_info()
    return list(what) if worker is None else list(what)[worker.id :: worker.num_workers]


class PackedTexts(IterableDataset[Any]):
    """Rows of tokens of a worker's files."""

    def __init__(self, texts: d2.Texts) -> None:
        self.texts = texts

    def __iter__(self) -> Iterator[Any]:
        return packed(map(encoder(self.texts), read(_share(self.texts.files))))


def text(texts: d2.Texts, *, num_workers: int) -> Iterable[Any]:
    """Files in turns to workers, packing in them."""
    return DataLoader(PackedTexts(texts), batch_size=d2.BATCH, num_workers=num_workers)


class RemoteRecords(IterableDataset[Any]):
    """Batches of a worker's files, each file read in a thread."""

    def __init__(self, remote: d3.Remote) -> None:
        self.remote = remote

    def __iter__(self) -> Iterator[Any]:
        return rebatched(read_together(self.remote, _share(range(self.remote.num_files))))


def latency(remote: d3.Remote) -> Iterable[Any]:
    """Two workers with 32 threads each."""
    return DataLoader(RemoteRecords(remote), batch_size=None, num_workers=2)


class Table(TorchDataset[Any]):
    """Rows of a table in memory, one or many."""

    def __init__(self, columns: d4.Columns) -> None:
        self.columns = {name: torch.as_tensor(column) for name, column in columns.items()}

    def __len__(self) -> int:
        return len(self.columns["label"])

    def __getitem__(self, index: Any) -> dict[str, Any]:
        return {name: column[index] for name, column in self.columns.items()}


def tabular(clicks: d4.Clicks, *, num_workers: int = 0) -> Iterable[Any]:
    """A table in memory, a sampler of batches, bulk reading; a generator, since reading belongs to the pass."""
    rows = Table(d4.load(clicks.files))
    batches = BatchSampler(RandomSampler(rows), d4.BATCH, drop_last=False)
    yield from DataLoader(rows, sampler=batches, batch_size=None, num_workers=num_workers)
