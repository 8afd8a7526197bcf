"""What data is there, as of when?

A store of samples that grows: rows with stable keys, event times and labels, ingested from files and tables,
deleted, compacted, and read at random as of any version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.samples.samples import Samples, create, open  # noqa: A004 - reads as samples.open()
from headwater.samples.schema import Field, Payload, Schema

if TYPE_CHECKING:
    from headwater.samples.following import follow
    from headwater.samples.ingest import Ingested
    from headwater.samples.segment import SegmentError
    from headwater.samples.snapshot import Snapshot

__all__ = [
    "Field",
    "Ingested",
    "Payload",
    "Samples",
    "Schema",
    "SegmentError",
    "Snapshot",
    "create",
    "follow",
    "open",
]


def __getattr__(name: str) -> Any:
    # These need SQLAlchemy or pyarrow, which `import headwater.samples` does without. No module may be named as
    # a function here: once imported it would stand in the function's place.
    from importlib import import_module

    homes = {"follow": "following", "Ingested": "ingest", "SegmentError": "segment", "Snapshot": "snapshot"}
    if name not in homes:
        raise AttributeError(f"module 'headwater.samples' has no attribute {name!r}")
    return getattr(import_module(f"headwater.samples.{homes[name]}"), name)
