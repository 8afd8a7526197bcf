"""Files that appear whole or not at all, and places that one process at a time may write."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headwater.core.errors import HeadwaterError, LockedError, StorageFullError


def write_atomic(path: Path, content: bytes | memoryview | Any) -> None:
    """Write `content` (anything with the buffer protocol) beside `path`, fsync, then rename over it.

    Raised: `HeadwaterError` when `path` is a folder, `StorageFullError`.
    """
    if path.is_dir():
        raise HeadwaterError("this is a folder, not a file.", where=str(path), remedy="Name a file.")
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with explain_full_disk(path):
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            fsync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Make renames and new names inside `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def explain_full_disk(path: Path) -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" into a `StorageFullError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFullError(
            f"the disk is full ({error.strerror}); nothing half-written is visible.",
            where=str(path),
            remedy="Free some space and run the same command again: it goes on where it stopped.",
        ) from error


@contextlib.contextmanager
def exclusive(path: Path, *, doing: str) -> Iterator[None]:
    """Hold the lock file `path`; a second process is refused at once, a dead holder's lock is free.

    Raised when busy: `LockedError` naming the holder's process id and what it is `doing`.
    """
    import filelock

    lock = filelock.FileLock(path, timeout=0)
    note = path.with_name(path.name + ".holder")
    try:
        with explain_full_disk(path):
            lock.acquire()
    except filelock.Timeout:
        raise LockedError(
            f"{_holder(note)} is already writing here.",
            where=str(path.parent),
            remedy="Wait for it to finish, or stop it; a lock left by a dead process frees itself.",
        ) from None
    try:
        # By rename, so that who is refused never reads half a note; without a note the lock still holds.
        with contextlib.suppress(OSError, StorageFullError):
            write_atomic(note, f"process {os.getpid()} ({doing})".encode())
        yield
    finally:
        # Before the release: afterwards it could be the next holder's note.
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        return note.read_text()
    except (OSError, UnicodeDecodeError):
        return "another process"  # it has taken the lock and not yet left its note, or is just leaving
