"""Connect to SQLite or PostgreSQL so that both mean the same by a transaction.

Reading sees one instant; writing takes its place at once instead of failing at the end. No connection is kept
between transactions: the catalogue is asked a few times per ingest, and an idle connection would not
survive a fork.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from headwater.core.errors import SamplesError, StorageFullError

_LOG_BYTES = 1 << 16  # what SQLite wants to begin a log and its index
_BUSY_TIMEOUT_MS = 30_000  # another writer's commit takes milliseconds; this is for a stalled disk


def url_of(text: str) -> URL:
    """Return the address of a catalogue. Raised: `SamplesError` on anything but SQLite and PostgreSQL."""
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise SamplesError(
            f"{text!r} is not the address of a catalogue.",
            remedy="Use postgresql+psycopg://user@host/database, or leave it out for SQLite.",
        )
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def connect(url: URL) -> Engine:
    """Return an engine; nothing is opened yet."""
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        # The name that a second writer is shown.
        name = f"process {os.getpid()} on {socket.gethostname()}"
        return create_engine(url, poolclass=NullPool, connect_args={"application_name": name[:63]})
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SamplesError(
            f"{url.drivername} needs a driver that is not installed ({error}).",
            remedy="Install it with: pip install headwater[samples]",
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one instant and blocks nobody."""
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with explained(engine), engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that becomes visible whole when the block ends, or never."""
    with (
        explained(engine),
        engine.connect().execution_options(headwater_writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the database's errors into ours, with its address and the remedy."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        where = engine.url.render_as_string(hide_password=True)
        if "is full" in reason or "No space left" in reason or _is_full(engine):
            raise StorageFullError(
                f"the catalogue's disk is full ({reason}); nothing half-written is visible.",
                where=where,
                remedy="Free some space and run the same command again: it goes on where it stopped.",
            ) from error
        raise SamplesError(
            f"the catalogue cannot be used ({reason}).",
            where=where,
            remedy="Check that it is there, running and writable.",
        ) from error


def _is_full(engine: Engine) -> bool:
    """Whether SQLite's disk has no room for its log: it only calls that an I/O error."""
    if engine.dialect.name != "sqlite" or engine.url.database is None:
        return False
    with suppress(OSError):
        return shutil.disk_usage(Path(engine.url.database).parent).free < _LOG_BYTES
    return False


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3's own idea of a transaction begins at the first INSERT
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("headwater_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
