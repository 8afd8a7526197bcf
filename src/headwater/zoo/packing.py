"""A model into a draft: planes on all cores, written in order, a few chunks in memory at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from headwater.workers import Local, Workers
from headwater.zoo.blobs import Draft
from headwater.zoo.chain import Chain
from headwater.zoo.container import Entry, Index, Plane, Writer
from headwater.zoo.planes import Packed, Way, split
from headwater.zoo.planes import pack as pack_plane
from headwater.zoo.tensor import Content, item_bytes_of

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2  # chunks per worker that wait to be written: 4 MiB each


@dataclass(frozen=True)
class Sizes:
    """What a container takes, and what it would take without a base."""

    stored_bytes: int
    alone_bytes: int
    num_against: int
    """Planes that need the base; none means that there is nothing in common."""


def pack(
    content: Content, digests: Mapping[str, str], draft: Draft, *, against: Chain | None
) -> tuple[str, Sizes]:
    """Write a whole container and return the blob's digest and sizes."""
    writer = Writer(draft)
    planes: dict[str, list[Plane]] = {name: [] for name in content.tensors}
    first = _first_of_equals(content, digests)  # tied weights are written once
    saved = num_against = 0
    with Local() as workers:
        chunks = [(name, n) for name in first.values() for n in range(content.tensors[name].num_chunks)]
        for name, packed in in_order(
            workers, lambda at: _pack_chunk(content, at, against), dict.fromkeys(chunks)
        ):
            planes[name].extend(map(writer.add, packed))
            saved += sum(p.alone_bytes - len(p.data) for p in packed)
            num_against += sum(p.way in (Way.XOR, Way.SAME) for p in packed)
    shared = {name: tuple(places) for name, places in planes.items()}
    entries = {
        name: Entry(name, tensor.dtype, tensor.shape, digests[name], shared[first[name]])
        for name, tensor in content.tensors.items()
    }
    base = None if against is None else against.index.content
    blob = writer.finish(Index(content.digest(digests), base, entries, content.metadata))
    return blob, Sizes(draft.size_bytes, draft.size_bytes + saved, num_against)


def digests_of(content: Content) -> dict[str, str]:
    """Return the digest of each tensor's bytes, on all cores."""
    with Local() as workers:
        names = list(content.tensors)
        return dict(zip(names, in_order(workers, lambda name: content.tensors[name].digest(), names)))


def in_order(workers: Workers, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Map on all workers, give results in order, and run only a little ahead of who takes them."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(workers.submit(function, item))
        if len(waiting) > _AHEAD * workers.num_workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _pack_chunk(content: Content, at: tuple[str, int], against: Chain | None) -> tuple[str, list[Packed]]:
    name, number = at
    tensor = content.tensors[name]
    planes = split(tensor.chunk(number), item_bytes_of(tensor.dtype))
    if against is None or not against.has(name, tensor):
        return name, [pack_plane(plane, None) for plane in planes]
    return name, [pack_plane(plane, base) for plane, base in zip(planes, against.planes(name, number))]


def _first_of_equals(content: Content, digests: Mapping[str, str]) -> dict[str, str]:
    """Return, for each tensor, the first one with the same dtype, shape and bytes."""
    first: dict[tuple[str, tuple[int, ...], str], str] = {}
    return {
        name: first.setdefault((tensor.dtype, tensor.shape, digests[name]), name)
        for name, tensor in content.tensors.items()
    }
