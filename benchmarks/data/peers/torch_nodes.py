"""torchdata's nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.utils.data import BatchSampler, RandomSampler, default_collate
from torchdata import nodes

from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import batched, encoder, packed, read
from peers.plain_threads import rebatched
from peers.torch_loader import PhotoFiles, Table


def tiny(numbers: Numbers) -> Iterable[Any]:
    """Number by number; threads and processes only cost here."""
    source = nodes.IterableWrapper(range(numbers.size))
    batches = nodes.Batcher(nodes.Mapper(source, lambda x: x + 1), BATCH, drop_last=False)
    return nodes.Loader(nodes.Mapper(batches, torch.as_tensor))


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """Batch before map."""
    sampler = BatchSampler(range(numbers.size), BATCH, drop_last=False)
    return nodes.Loader(nodes.Mapper(nodes.SamplerWrapper(sampler), lambda batch: torch.as_tensor(batch) + 1))


def vision(photos: d1.Photos) -> Iterable[Any]:
    """OpenCV in two threads."""
    files = PhotoFiles(photos.files, "opencv")
    decoded = nodes.ParallelMapper(
        nodes.IterableWrapper(range(len(files))), files.__getitem__, num_workers=2, method="thread"
    )
    batches = nodes.Mapper(nodes.Batcher(decoded, d1.BATCH, drop_last=False), default_collate)
    return nodes.Loader(nodes.Prefetcher(batches, 2))


def text(texts: d2.Texts) -> Iterable[Any]:
    """Tokenised in two threads, or processes where the tokeniser holds the GIL; packed by hand."""
    tokens = nodes.ParallelMapper(
        nodes.IterableWrapper(Reading(texts.files)),
        encoder(texts),
        num_workers=2,
        method="process" if texts.plain else "thread",
    )
    return batched(packed(nodes.Loader(tokens)))


class Reading:
    """Texts of files, from the start each time."""

    def __init__(self, files: list[str]) -> None:
        self.files = files

    def __iter__(self) -> Iterator[list[str]]:
        return read(self.files)


def latency(remote: d3.Remote) -> Iterable[Any]:
    """A thread for each file, which reads it whole."""

    def whole(file: int) -> list[Any]:
        return [d3.parse(raw) for raw in remote.read(file)]

    source = nodes.IterableWrapper(range(remote.num_files))
    files = nodes.ParallelMapper(source, whole, num_workers=remote.num_files, method="thread")
    return rebatched(nodes.Loader(nodes.Unbatcher(files)))


def tabular(clicks: d4.Clicks) -> Iterable[Any]:
    """A table in memory, a sampler of batches, bulk reading in two threads."""
    rows = Table(d4.load(clicks.files))
    sampler = nodes.SamplerWrapper(BatchSampler(RandomSampler(rows), d4.BATCH, drop_last=False))
    yield from nodes.Loader(nodes.ParallelMapper(sampler, rows.__getitem__, num_workers=2, method="thread"))
