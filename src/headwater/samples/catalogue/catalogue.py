"""The catalogue of one store: read a version's state, commit a change, hold the right to write."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import URL, Connection, Row, delete, insert, select, text, update

from headwater.core.errors import LockedError, SamplesError
from headwater.samples.catalogue import tables
from headwater.samples.catalogue.engine import connect, explained, reading, writing
from headwater.samples.catalogue.records import Change, KnownFile, State, Version
from headwater.samples.runs import Deletion
from headwater.samples.segment import SegmentRecord

FORMAT = 1
_DIGESTS_PER_QUERY = 500  # SQLite allows 999 parameters where it is old


@dataclass
class Catalogue:
    """The rows of one store in a database that may hold others."""

    url: URL
    store: str
    _place: str = field(default="")

    def __post_init__(self) -> None:
        self._engine = connect(self.url)

    def create(self, schema: str, *, created_us: int) -> None:
        """Make the tables where they are missing, and version 0 of this store, which is empty."""
        with explained(self._engine):
            tables.metadata.create_all(self._engine)
        first = {"version": 0, "next_key": 0, "created_us": created_us}
        with writing(self._engine) as connection:
            store = {"format": FORMAT, "schema": schema, "next_segment": 0, "oldest_version": 0, **first}
            connection.execute(insert(tables.stores).values(id=self.store, **store))
            history = {"operation": "create", "detail": "{}", "num_rows": 0, **first}
            connection.execute(insert(tables.versions).values(store=self.store, **history))

    def schema(self) -> str:
        """Return the schema's JSON."""
        with reading(self._engine) as connection:
            return str(self._header(connection).schema)

    def state(self, version: int | None = None) -> State:
        """Return the state of `version`, the newest if left out.

        Raised: `SamplesError` naming the versions that can be read.
        """
        with reading(self._engine) as connection:
            header = self._header(connection)
            wanted = header.version if version is None else version
            table = tables.versions
            found = connection.execute(
                select(table).where(table.c.store == self.store, table.c.version == wanted)
            ).one_or_none()
            if found is None or wanted < header.oldest_version:
                raise _unreadable(wanted, exists=found is not None, header=header)
            return State(
                version=wanted,
                newest=header.version,
                oldest=header.oldest_version,
                horizon=found.next_key,
                num_rows=found.num_rows,
                created_us=found.created_us,
                next_segment=header.next_segment,
                segments=self._segments(connection),
                deletions=self._deletions(connection),
            )

    def newest(self) -> int:
        """Return the number of the newest version."""
        with reading(self._engine) as connection:
            return int(self._header(connection).version)

    def versions(self) -> list[Version]:
        """Return the store's history, oldest first."""
        table = tables.versions
        with reading(self._engine) as connection:
            oldest = self._header(connection).oldest_version
            rows = connection.execute(
                select(table).where(table.c.store == self.store).order_by(table.c.version)
            ).all()
        return [
            Version(
                version=row.version,
                created=np.datetime64(row.created_us, "us"),
                operation=row.operation,
                detail=json.loads(row.detail),
                num_rows=row.num_rows,
                readable=row.version >= oldest,
                next_key=row.next_key,
            )
            for row in rows
        ]

    def known(self, digests: Sequence[str]) -> dict[str, KnownFile]:
        """Return which of `digests` were ingested before."""
        table = tables.files
        found: dict[str, KnownFile] = {}
        with reading(self._engine) as connection:
            for at in range(0, len(digests), _DIGESTS_PER_QUERY):
                wanted = digests[at : at + _DIGESTS_PER_QUERY]
                query = select(table).where(table.c.store == self.store, table.c.digest.in_(wanted))
                found.update((row.digest, _known_file(row)) for row in connection.execute(query))
        return found

    def known_by_name(self, name: str, *, size_bytes: int, mtime_ns: int) -> KnownFile | None:
        """Return the file of this name if it was ingested with this size and time."""
        table = tables.files
        query = select(table).where(
            table.c.store == self.store,
            table.c.name == name,
            table.c.size_bytes == size_bytes,
            table.c.mtime_ns == mtime_ns,
        )
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _known_file(row)

    def commit(self, change: Change) -> int:
        """Make `change` visible, whole, as the next version; return its number.

        Raised: `LockedError` if another writer has committed since version `change.base`.
        """
        version = change.base + 1
        table = tables.stores
        with writing(self._engine) as connection:
            moved = connection.execute(
                update(table)
                .where(table.c.id == self.store, table.c.version == change.base)
                .values(
                    version=version,
                    next_key=change.next_key,
                    next_segment=change.next_segment,
                    oldest_version=change.oldest,
                )
            )
            if moved.rowcount != 1:
                raise LockedError(
                    f"another writer has committed on top of version {change.base}.",
                    where=self._place,
                    remedy="Run the same command again: it begins from the newest version.",
                )
            self._write(connection, change, version)
        return version

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the only right to write, between machines too where the catalogue is PostgreSQL.

        Raised when busy: `LockedError` naming the holder. The right ends with the process.
        """
        if self._engine.dialect.name == "sqlite":
            # The lock file beside the catalogue is enough: both lie on one machine. One connection is kept open
            # meanwhile, since SQLite tidies up its log at the end of the last one, with several fsyncs.
            with explained(self._engine), self._engine.connect():
                yield
            return
        # The first 63 bits of the store's random id name its advisory lock.
        number = int(self.store, 16) >> 65
        with explained(self._engine), self._engine.connect() as connection:
            got = connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": number}).scalar_one()
            if not got:
                raise LockedError(
                    f"{_holder(connection, number)} is already writing here.",
                    where=self._place,
                    remedy="Wait for it to finish, or stop it; the lock of a dead process frees itself.",
                )
            connection.commit()
            try:
                yield
            finally:
                # The server gives up a closed session's lock a little later, and we may be back before that.
                connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})
                connection.commit()

    def _header(self, connection: Connection) -> Row[Any]:
        found = connection.execute(select(tables.stores).where(tables.stores.c.id == self.store)).one_or_none()
        if found is None:
            raise SamplesError(
                f"the catalogue does not know the store {self.store}.",
                where=self._place,
                remedy="Name the database that it was created with in catalogue=.",
            )
        if found.format != FORMAT:
            raise SamplesError(
                f"the store has format {found.format}, this version reads {FORMAT}.", where=self._place
            )
        return found

    def _segments(self, connection: Connection) -> tuple[SegmentRecord, ...]:
        table = tables.segments
        columns = [column for column in table.c if column.name != "store"]
        query = select(*columns).where(table.c.store == self.store).order_by(table.c.first_key)
        return tuple(SegmentRecord(**row._mapping) for row in connection.execute(query))

    def _deletions(self, connection: Connection) -> tuple[Deletion, ...]:
        table = tables.deletions
        query = select(table).where(table.c.store == self.store).order_by(table.c.version)
        return tuple(
            Deletion(row.version, np.frombuffer(zlib.decompress(row.ranges), "<i8").reshape(-1, 2))
            for row in connection.execute(query)
        )

    def _write(self, connection: Connection, change: Change, version: int) -> None:
        history = {
            "version": version,
            "created_us": change.created_us,
            "operation": change.operation,
            "detail": json.dumps(dict(change.detail)),
            "next_key": change.next_key,
            "num_rows": change.num_rows,
        }
        connection.execute(insert(tables.versions).values(store=self.store, **history))
        for record in change.removed:
            table = tables.segments
            connection.execute(
                delete(table).where(table.c.store == self.store, table.c.number == record.number)
            )
        if change.added:
            rows = [{"store": self.store, **vars(record)} for record in change.added]
            connection.execute(insert(tables.segments), rows)
        if change.files:
            rows = [{"store": self.store, **vars(file), "version": version} for file in change.files]
            connection.execute(insert(tables.files), rows)
        if change.deleted is not None:
            ranges = zlib.compress(np.ascontiguousarray(change.deleted, "<i8").tobytes())
            num_keys = int((change.deleted[:, 1] - change.deleted[:, 0]).sum())
            gone = {"version": version, "num_keys": num_keys, "ranges": ranges}
            connection.execute(insert(tables.deletions).values(store=self.store, **gone))


def _known_file(row: Row[Any]) -> KnownFile:
    return KnownFile(**{name: value for name, value in row._mapping.items() if name != "store"})


def _unreadable(wanted: int, *, exists: bool, header: Row[Any]) -> SamplesError:
    if exists:
        return SamplesError(
            f"version {wanted} cannot be read any more: compact() has removed rows that it held. "
            f"The oldest readable version is {header.oldest_version}.",
            remedy=f"Open a version from {header.oldest_version} to {header.version}.",
        )
    return SamplesError(
        f"there is no version {wanted}.",
        remedy=f"Open a version from {header.oldest_version} to {header.version}.",
    )


def _holder(connection: Connection, number: int) -> str:
    query = text(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
        "AND ((l.classid::bigint << 32) | l.objid::bigint) = :n"
    )
    found = connection.execute(query, {"n": number}).first()
    return str(found[0]) if found and found[0] else "another process"
