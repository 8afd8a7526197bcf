"""Settings that hold for the tests of every capability, and a private PostgreSQL for those that want one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: a shared machine stalls now and then, and a stall is no finding. The order of tests and the
# examples drawn stay random; a failure prints what reproduces it.
settings.register_profile("headwater", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("headwater")


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
