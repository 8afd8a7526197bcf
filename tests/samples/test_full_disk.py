"""A full disk: said so, nothing visible, nothing lost, and it goes on when there is space again."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.core.errors import StorageFullError
from headwater.samples import Field, Samples, Schema

Rows = Callable[..., list[dict[str, Any]]]
SCHEMA = Schema(fields=(Field("x", "float64", (16,)),), event_time="at")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.5 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small tmpfs")
    command = ["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more goes in."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def block(num_rows: int, start: int) -> dict[str, Any]:
    at = np.arange(start, start + num_rows)
    return {"at": at, "x": np.repeat(at[:, None], 16, axis=1).astype(np.float64)}


def test_a_full_disk_refuses_the_file_and_keeps_the_others(small_disk: Path) -> None:
    store = samples.create(small_disk / "s.hw", SCHEMA, clock=FakeClock(1e6))
    store.ingest(block(1_000, 0))
    with pytest.raises(StorageFullError, match=r"disk is full.*run the same command again"):
        store.ingest(block(8_000, 1_000))
    assert len(samples.open(store.path)) == 1_000
    assert store.read([999])["x"][0, 0] == 999
    # What the refused file had written is given back at once.
    assert store.ingest(block(1_500, 1_000)).keys.tolist() == list(range(1_000, 2_500))
    assert samples.open(store.path).read([0, 2_499])["x"][:, 0].tolist() == [0, 2_499]


def test_a_disk_that_is_full_to_the_last_byte_still_reads_and_goes_on_after_space_returns(
    small_disk: Path,
) -> None:
    store = samples.create(small_disk / "s.hw", SCHEMA, clock=FakeClock(1e6))
    store.ingest(block(500, 0))
    ballast = small_disk / "ballast"
    fill(ballast)
    for write in (lambda: store.ingest(block(10, 500)), lambda: store.delete([3]), store.compact):
        with pytest.raises(StorageFullError):
            write()
    assert store.read([0, 499])["x"][:, 0].tolist() == [0, 499]
    ballast.unlink()
    assert store.ingest(block(10, 500)).keys.tolist() == list(range(500, 510))
    store.delete([3])
    assert samples.open(store.path).keys().size == 509


@pytest.fixture(params=["write", "fsync", "catalogue"])
def no_space(request: pytest.FixtureRequest, store: Samples) -> Iterator[pytest.MonkeyPatch]:
    """The disk is full at the first write, the first fsync, or the commit, until the patch is undone."""

    def refuse(*_args: Any, **_more: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_database(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO samples_segments"):
            raise OperationalError(statement, {}, sqlite3.OperationalError("database or disk is full"))

    with pytest.MonkeyPatch.context() as patch:
        if request.param == "fsync":
            patch.setattr("headwater.samples.blobs.os.fsync", refuse)
        elif request.param == "write":
            patch.setattr("headwater.samples.sealing.SegmentWriter._checksum", refuse)
        else:
            event.listen(store.place.catalogue._engine, "before_cursor_execute", full_database)
        yield patch


def test_nothing_is_visible_wherever_the_space_ends(
    store: Samples, rows: Rows, no_space: pytest.MonkeyPatch
) -> None:
    other = samples.open(store.path)
    with pytest.raises(StorageFullError):
        store.ingest(rows(0, 100))
    no_space.undo()
    assert (other.refresh(), len(other)) == (0, 0)
    again = samples.open(store.path, clock=FakeClock(1e7))
    assert again.ingest(rows(0, 100)).keys.tolist() == list(range(100))
    named = {name for record in again.place.catalogue.state().segments for name in record.names}
    assert {path.name for path in (store.path / "segments").iterdir()} == named
