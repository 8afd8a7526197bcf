"""A store of samples that grows: ingest, delete, compact, and read as of any version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import SamplesError
from headwater.core.key import Keys, as_keys
from headwater.core.spec import Block, Spec
from headwater.core.unit import parse_bytes, parse_duration_s
from headwater.samples.schema import Schema

if TYPE_CHECKING:
    from headwater.samples.catalogue import Version
    from headwater.samples.ingest import Ingested, Rules
    from headwater.samples.place import Place
    from headwater.samples.progress import Report
    from headwater.samples.snapshot import Moment, Snapshot, SomeKeys


def create(
    path: str | Path,
    schema: Schema,
    *,
    catalogue: str | None = None,
    segment_bytes: int | str = "512MiB",
    clock: Clock | None = None,
) -> Samples:
    """Make an empty store in the folder `path`.

    `catalogue` is SQLite inside the folder, or ``"postgresql+psycopg://user@host/database"``. A segment is
    closed when it holds `segment_bytes`. Ingest times and `max_future` go by `clock`.
    """
    from headwater.samples.place import make_place

    clock = clock or WallClock()
    size_bytes = parse_bytes(segment_bytes)
    return Samples(make_place(Path(path), schema, catalogue=catalogue, segment_bytes=size_bytes, clock=clock))


@overload
def open(  # noqa: A001
    path: str | Path, version: None = None, *, catalogue: str | None = None, clock: Clock | None = None
) -> Samples: ...
@overload
def open(  # noqa: A001
    path: str | Path, version: int, *, catalogue: str | None = None, clock: Clock | None = None
) -> Snapshot: ...
def open(  # noqa: A001 - reads as samples.open()
    path: str | Path, version: int | None = None, *, catalogue: str | None = None, clock: Clock | None = None
) -> Samples | Snapshot:
    """Open the store in the folder `path`: to read and write, or, with a `version`, to read as of then.

    `catalogue` is needed only if its address has a password that is in neither PGPASSWORD nor ``~/.pgpass``.
    """
    from headwater.samples.place import open_place

    store = Samples(open_place(Path(path), catalogue=catalogue, clock=clock or WallClock()))
    return store if version is None else store.at(version)


class Samples:
    """A store. It reads as of one version, which moves on with its own writes and with `refresh`.

    >>> import tempfile
    >>> from headwater.samples import Field
    >>> schema = Schema(fields=(Field("x", "float32"),), event_time="at")
    >>> store = create(tempfile.mkdtemp(), schema)
    >>> done = store.ingest([{"at": "2013-01-01", "x": 0.5}, {"at": "2013-01-02", "x": 1.5}])
    >>> store.read([1, 0, 1])["x"]
    array([1.5, 0.5, 1.5], dtype=float32)
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._now = self.at()

    def __repr__(self) -> str:
        return f"Samples({self.place.path}, version {self.version}, {len(self):,} samples)"

    def __len__(self) -> int:
        return len(self._now)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process reads what this one sees now, whatever is written meanwhile.
        return self._now.__reduce__()

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self.place.path

    @property
    def schema(self) -> Schema:
        """The schema that the store was created with."""
        return self.place.schema

    @property
    def version(self) -> int:
        """The version that this object reads."""
        return self._now.version

    @property
    def spec(self) -> Spec:
        """The columns that `read` returns."""
        return self.schema.spec

    @property
    def identity(self) -> str:
        """The store's id, the same at every version: a key's row never changes while it is there."""
        return self.place.store

    @property
    def fingerprint(self) -> str:
        """The digest of the store's id and the version."""
        return self._now.fingerprint

    def keys(self, start: Moment | None = None, stop: Moment | None = None) -> Keys:
        """The live keys, ascending; with times, those of events in ``[start, stop)``."""
        return self._now.keys(start, stop)

    def read(self, keys: SomeKeys, columns: Sequence[str] | None = None, *, contiguous: bool = False) -> Block:
        """The rows of `keys`, in the order asked; see `Snapshot.read`."""
        return self._now.read(keys, columns, contiguous=contiguous)

    def read_columns(self, keys: SomeKeys, columns: Sequence[str]) -> Block:
        """Some columns of the rows of `keys`, as engines ask for them (`core.source.Narrow`)."""
        return self._now.read(keys, columns)

    def index(self) -> Block:
        """Key, times and label of all live samples, by (event_time, key); see `Snapshot.index`."""
        return self._now.index()

    def describe(self) -> dict[str, Any]:
        """Rows, bytes, segments, versions, and the ranges of event time and label, as JSON values."""
        return self._now.describe()

    def at(self, version: int | None = None) -> Snapshot:
        """The store as of `version`, the newest if left out. Raised: `SamplesError` if it cannot be read."""
        from headwater.samples.snapshot import Snapshot

        return Snapshot(self.place, self.place.catalogue.state(version))

    def versions(self) -> list[Version]:
        """The store's history, oldest first; compaction makes old versions unreadable."""
        return self.place.catalogue.versions()

    def refresh(self) -> int:
        """Move on to the newest version, which another process may have written; return it."""
        if self.place.catalogue.newest() != self.version:
            self._now = self.at()
        return self.version

    def renew(self, schema: Schema) -> Samples:
        """Make the store anew with another schema and return it; this object then reads the old, empty one.

        For a store whose first ingest failed because of its schema. Raised: `SamplesError` if anything was
        ever ingested, deleted or not.
        """
        from headwater.samples.place import renew_place

        return Samples(renew_place(self.place, schema))

    def ingest(
        self,
        what: Any,
        *,
        format: str | None = None,  # noqa: A002 - the word that users expect
        columns: Mapping[str, str | Sequence[str]] | None = None,
        classes: Sequence[str] | None = None,
        digest: str | None = None,
        max_future: str | float = "1d",
        max_rejects: int = 100,
        commit_rows: int | None = None,
        progress: Report | None = None,
    ) -> Ingested:
        """Store what is new in a file, folder, table, frame, or iterable of rows or blocks.

        Each file is one version, visible whole or not at all, and known by its digest: ingested again it
        changes nothing and gives the same keys. Rows keep their order. `columns` maps a name of the schema
        to the input's, or to several that make one field. An event more than `max_future` ahead of the clock
        is a bad row; bad rows go to a reject file, and more than `max_rejects` refuse the file.
        `commit_rows` commits in stretches of so many rows, for input too long to wait for its end.

        Raised: `SamplesError` naming file, row and column; `LockedError`; `StorageFullError`.
        """
        from headwater.samples.incoming import Options, open_parts
        from headwater.samples.ingest import Ingested, ingest_part
        from headwater.samples.progress import reporting

        options = Options(format=format, digest=digest, classes=classes, commit_rows=commit_rows)
        done: list[Ingested] = []
        with self.place.writing(f"ingest {_name(what)}"), reporting(progress) as report:
            try:
                for part in open_parts(what, self.schema, options):
                    rules = self._rules(columns, max_future, max_rejects)
                    done.append(ingest_part(self.place, part, rules=rules, report=report))
            finally:
                if any(part.num_new for part in done):
                    self.refresh()
        return Ingested.join(done, version=self.version)

    def delete(self, keys: SomeKeys) -> int:
        """Hide `keys` from a new version on and return it; `compact` then removes their bytes.

        Keys deleted before stay deleted. Raised: `SamplesError` naming a key that never was.
        """
        from headwater.samples.deletion import delete

        with self.place.writing("delete"):
            delete(self.place, as_keys(keys))
            return self.refresh()

    def compact(self) -> int:
        """Rewrite segments without deleted rows, join small ones, and return the version.

        The bytes of deleted rows are then gone, so versions from before their deletion cannot be read any more.
        """
        from headwater.samples.compaction import compact

        with self.place.writing("compact"):
            compact(self.place)
            return self.refresh()

    def _rules(
        self, columns: Mapping[str, str | Sequence[str]] | None, max_future: str | float, max_rejects: int
    ) -> Rules:
        from headwater.samples.ingest import Rules

        if max_rejects < 0:
            raise SamplesError("max_rejects must not be negative.", where=f"max_rejects={max_rejects}")
        ahead = np.timedelta64(round(parse_duration_s(max_future) * 1e6), "us")
        return Rules(columns=columns or {}, latest=self.place.now() + ahead, max_rejects=max_rejects)


def _name(what: Any) -> str:
    return str(what) if isinstance(what, str | Path) else type(what).__name__
