"""Where the lineage is written: three tables in SQLite (WAL), or in PostgreSQL by URL.

One zoo per database. Writers take turns: a transaction opened by `writing` holds SQLite's write lock, or the
row lock of `zoo_about` in PostgreSQL, until it commits, so what it has read stays true while it writes.
"""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, exc

from headwater.core.errors import CorruptError, LockedError, StorageFullError, ZooError
from headwater.zoo.records import Records

_WAIT_S = 60.0  # a writer holds the lock for a rename, an fsync and a commit: waiting longer means a fault


class Catalogue:
    """An engine that knows how to begin: many readers, one writer at a time."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.where = self.engine.url.render_as_string(hide_password=True)
        weakref.finalize(self, self.engine.dispose)  # who forgets to close leaves no connection behind
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Records]:
        """Give the records as of one moment."""
        with self._explained(), self.engine.connect() as connection, connection.begin():
            yield Records(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Records]:
        """Give the records for writing: all changes become visible at the end, or none after an error."""
        with self._explained(), self._connected() as connection, connection.begin():
            records = Records(connection)
            records.take_turn()
            yield records

    def create(self) -> None:
        """Create the tables that are missing."""
        with self._explained(), self._connected() as connection, connection.begin():
            Records.create(connection)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _connected(self) -> sa.Connection:
        return self.engine.connect().execution_options(zoo_writes=True)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except exc.DBAPIError as error:
            raise _explain(error, self.where) from error


class TurnLostError(LockedError):
    """Raised when another process wrote the same row at this moment: to do the same again is right."""


def _engine(url: str) -> sa.Engine:
    try:
        return sa.create_engine(url, connect_args={"timeout": _WAIT_S} if url.startswith("sqlite") else {})
    except (exc.ArgumentError, exc.NoSuchModuleError) as error:
        raise ZooError(f"not a database URL ({error}).", where="zoo.open(catalogue=...)") from error
    except ModuleNotFoundError as error:
        raise ZooError(
            f"{error.name} is not installed.",
            where="zoo.open(catalogue=...)",
            remedy="Install it with: pip install 'psycopg[binary]'",
        ) from error


def _explain(error: exc.DBAPIError, where: str) -> Exception:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError(
            "the disk is full; nothing half-written is visible.",
            where=where,
            remedy="Free some space and run the same command again.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LockedError(
            f"another process has been writing here for {_WAIT_S:.0f} s.",
            where=where,
            remedy="Wait for it to finish, or stop it; the lock of a dead process frees itself.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptError(
            f"the catalogue is damaged ({error.orig}).",
            where=where,
            remedy="Restore it from a copy. The models' files are not touched by this.",
        )
    if getattr(error.orig, "sqlstate", None) in ("23505", "42P07"):  # unique violation, duplicate table
        return TurnLostError("another process did the same at this moment.", where=where, remedy="Run again.")
    return ZooError(f"the catalogue does not answer ({error.orig}).", where=where)


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return str(sa.URL.create("sqlite", database=str(path)))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: `_begin_sqlite` does
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # IMMEDIATE: a transaction that begins as a reader and then writes can fail in the middle.
    writes = connection.get_execution_options().get("zoo_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
