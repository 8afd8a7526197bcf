"""Stores in temporary folders, rows that tell where they come from, and a private PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.samples import Field, Payload, Schema

Rows = Callable[..., list[dict[str, Any]]]
DAY_S = 86_400.0


@pytest.fixture
def schema() -> Schema:
    """A schema with a number, a vector, a text, a payload and a label that comes late."""
    return Schema(
        fields=(
            Field("number", "int64"),
            Field("pair", "float32", (2,)),
            Field("word", "S8"),
            Payload("blob"),
            Field("late", "int8"),
        ),
        event_time="when",
        label="late",
        label_time="known",
    )


@pytest.fixture
def rows() -> Rows:
    """Return rows ``start .. stop - 1``, each of which can be told from its number alone."""

    def make(start: int, stop: int) -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "pair": [number, number / 2],
                "word": f"w{number}",
                "blob": bytes([number % 251]) * (number % 7),
                "late": number % 2,
                "when": number * 60.0,
                "known": number * 60.0 + 3600,
            }
            for number in range(start, stop)
        ]

    return make


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at day 100 of 1970: all rows of the tests are past."""
    return FakeClock(100 * DAY_S)


@pytest.fixture
def store(tmp_path: Path, schema: Schema, clock: FakeClock) -> samples.Samples:
    """An empty store in SQLite whose segments are closed at 4 KiB, so that few rows make several."""
    return samples.create(tmp_path / "store.hw", schema, segment_bytes="4KiB", clock=clock)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(
    request: pytest.FixtureRequest, tmp_path: Path, schema: Schema, clock: FakeClock
) -> samples.Samples:
    """An empty store, once in each kind of catalogue."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    return samples.create(tmp_path / "store.hw", schema, catalogue=url, segment_bytes="4KiB", clock=clock)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a private PostgreSQL, started for these tests and removed after them."""
    binaries = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin"))) or [
        str(Path(found).parent) for found in _on_path()
    ]
    if not binaries:
        pytest.skip("PostgreSQL's server binaries (initdb, pg_ctl) are not installed")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="headwater-pg-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield from _cluster(Path(binaries[-1]), folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _on_path() -> list[str]:
    found = shutil.which("initdb")
    return [found] if found else []


def _unprivileged() -> str | None:
    """Return whom to run PostgreSQL as, which refuses to run as root; None for who we are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _cluster(binaries: Path, folder: Path, user: str | None) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    # Nothing of these tests has to survive a power cut.
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"

    def call(tool: str, *arguments: str) -> None:
        command = [str(binaries / tool), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    call("initdb", "-D", data, "-U", "headwater", "-A", "trust", "--no-sync")
    call("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql+psycopg://headwater@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
