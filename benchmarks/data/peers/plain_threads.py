"""No library at all: threads and a queue, as one would write them in an afternoon."""

from __future__ import annotations

import queue
import tarfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np

from crops import with_opencv
from inputs import photos as d1
from inputs import remote as d3


def vision(photos: d1.Photos) -> Iterable[Any]:
    """Photos from the shards, decoded ahead by OpenCV in two threads, stacked."""
    decoded = _decoded(photos.shards)
    while batch := list(islice(decoded, d1.BATCH)):
        keys, images = zip(*batch)
        yield {"image": np.stack(images), "key": keys}


def _decoded(shards: list[str]) -> Iterator[tuple[int, Any]]:
    waiting: deque[tuple[int, Future[Any]]] = deque()
    with ThreadPoolExecutor(2) as threads:
        for key, raw in _photos(shards):
            rng = np.random.default_rng((0, key))
            waiting.append((key, threads.submit(with_opencv, raw, rng)))
            if len(waiting) > 2 * d1.BATCH:
                key, image = waiting.popleft()
                yield key, image.result()
        for key, image in waiting:
            yield key, image.result()


def _photos(shards: list[str]) -> Iterator[tuple[int, bytes]]:
    for path in shards:
        with tarfile.open(path) as shard:
            for member in shard:
                yield int(member.name[:-4]), shard.extractfile(member).read()  # type: ignore[union-attr]


def latency(remote: d3.Remote) -> Iterable[Any]:
    """A thread for each file."""
    return rebatched(read_together(remote, range(remote.num_files)))


def read_together(remote: d3.Remote, files: Iterable[int]) -> Iterator[Any]:
    """The parsed reads of all files as they come, each file in a thread; None in the queue ends a file."""
    found: queue.Queue[Any] = queue.Queue(maxsize=256)

    def work(file: int) -> None:
        for raw in remote.read(file):
            found.put(d3.parse(raw))
        found.put(None)

    threads = [threading.Thread(target=work, args=(file,), daemon=True) for file in files]
    for thread in threads:
        thread.start()
    open_files = len(threads)
    while open_files:
        records = found.get()
        if records is None:
            open_files -= 1
        else:
            yield records


def rebatched(parts: Iterable[Any]) -> Iterator[Any]:
    """Records of 32 each into batches of 256."""
    waiting = iter(parts)
    while batch := list(islice(waiting, d3.BATCH // d3.RECORDS_PER_READ)):
        yield np.concatenate(batch)
