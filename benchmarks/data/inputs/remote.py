"""D3: 64 files far away (30 ms to open, 15 ms for each read) -> parse -> batches of 256 records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inputs.digest import array_of, digest

BATCH = 256
OPEN_S, READ_S = 0.030, 0.015
RECORDS_PER_READ = 32


@dataclass(frozen=True)
class Remote:
    """`num_files` files of `num_reads` reads each; a record is a number that occurs once."""

    num_reads: int
    num_files: int = 64
    unit: str = "records"

    @property
    def elements(self) -> int:
        """The records of all files."""
        return self.num_files * self.num_reads * RECORDS_PER_READ

    @property
    def bound_s(self) -> float:
        """How long it takes with all files read at the same time."""
        return OPEN_S + self.num_reads * READ_S

    def chunk(self, file: int, read: int) -> bytes:
        """What one read brings: 32 lines, each a number."""
        first = (file * self.num_reads + read) * RECORDS_PER_READ
        return b"\n".join(b"%d" % number for number in range(first, first + RECORDS_PER_READ))

    def read(self, file: int) -> Iterator[bytes]:
        """Open a file and read it; blocks as a client of an object store would."""
        time.sleep(OPEN_S)
        for at in range(self.num_reads):
            time.sleep(READ_S)
            yield self.chunk(file, at)

    async def read_async(self, file: int) -> AsyncIterator[bytes]:
        """The same for an event loop."""
        await asyncio.sleep(OPEN_S)
        for at in range(self.num_reads):
            await asyncio.sleep(READ_S)
            yield self.chunk(file, at)

    def check(self, batches: Iterable[Any]) -> str:
        """Each record came once, in batches of 256 but for the last of each worker."""
        found, sizes = 0, list[int]()
        for batch in batches:
            records = array_of(batch)
            if records.ndim != 1:
                return f"a batch of the shape {records.shape}"
            found = (found + digest(records)) % 2**64
            sizes.append(records.size)
        if sum(sizes) != self.elements or found != digest(np.arange(self.elements)):
            return f"{sum(sizes):,} records, not each of {self.elements:,} once"
        short = sum(size != BATCH for size in sizes)
        return f"{short} batches of {len(sizes)} are not of {BATCH}" if short > 2 else ""


def parse(raw: bytes) -> NDArray[np.int64]:
    """The records of one read."""
    return np.array(raw.split(b"\n")).astype(np.int64)
