"""Any `core.source.Source` - samples above all - read by key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from headwater.core.digest import digest_of
from headwater.core.key import Keys
from headwater.core.source import Selected, Source, read_columns, reads_apart
from headwater.core.spec import Column
from headwater.data.block import Positions
from headwater.data.graph import Node
from headwater.data.sources.indexed import Indexed


@dataclass(frozen=True, eq=False)
class Keyed(Indexed):
    """The rows of `keys`, in their order; all keys of the source if left out."""

    operator: ClassVar[str] = "from_source"
    source: Source
    keys: Keys | None = None
    columns: tuple[str, ...] | None = None

    @cached_property
    def chosen(self) -> Keys:
        """The keys in reading order."""
        return self.source.keys() if self.keys is None else self.keys

    @property
    def num_rows(self) -> int:
        """One row per key."""
        return len(self.chosen)

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Read the keys that stand at `positions`."""
        if self.keys is None and isinstance(self.source, Selected):
            return dict(self.source.read_at(positions, self.columns))
        return dict(read_columns(self.source, self.chosen[positions], self.columns))

    def column_names(self) -> tuple[str, ...]:
        """All of the source; none to choose from, if it reads all or nothing."""
        if not reads_apart(self.source):
            return ()
        return self.columns or tuple(self.source.spec)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Read these alone."""
        return replace(self, columns=names)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The source's fingerprint, and the keys' digest where not all are read."""
        keys = None if self.keys is None else digest_of(self.keys)
        return {"source": self.source.fingerprint, "keys": keys}

    @property
    def label(self) -> str:
        """The source's kind and the number of keys."""
        return f"from_source({type(self.source).__name__}, {self.num_rows:,} keys)"
