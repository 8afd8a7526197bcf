"""What is read from the catalogue, and what is committed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headwater.samples.runs import Deletion, Ranges
from headwater.samples.segment import SegmentRecord


@dataclass(frozen=True)
class State:
    """Everything a reader needs of one version, read at one instant."""

    version: int
    newest: int
    oldest: int
    horizon: int
    num_rows: int
    created_us: int
    next_segment: int
    segments: tuple[SegmentRecord, ...]
    deletions: tuple[Deletion, ...]


@dataclass(frozen=True)
class Version:
    """A line of the store's history; `created` is ``datetime64[us]``."""

    version: int
    created: np.datetime64
    operation: str
    detail: Mapping[str, Any]
    num_rows: int
    readable: bool
    next_key: int = 0
    """Keys below this one had been given out by then."""


@dataclass(frozen=True)
class KnownFile:
    """A file that was ingested: its digest stands for ``first_key .. first_key + num_rows - 1``."""

    digest: str
    name: str
    first_key: int
    num_rows: int
    num_rejected: int = 0
    size_bytes: int = -1
    mtime_ns: int = -1
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one commit does to the store, on top of version `base`."""

    base: int
    operation: str
    detail: Mapping[str, Any]
    created_us: int
    next_key: int
    next_segment: int
    num_rows: int
    added: Sequence[SegmentRecord] = ()
    removed: Sequence[SegmentRecord] = ()
    files: Sequence[KnownFile] = ()
    deleted: Ranges | None = None
    oldest: int = 0
