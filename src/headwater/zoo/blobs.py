"""The seam between variants and the place their bytes lie: whole files under the digest of their bytes.

A blob is drafted (invisible), then put (visible whole or not at all), never changed, and deleted when no
variant needs it. `LocalBlobs` is the local disk; object storage fills the same five verbs.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Protocol

from headwater.core.files import explain_full_disk, fsync_folder


class Blob(Protocol):
    """A blob open for reading; several threads may read at once."""

    @property
    def size_bytes(self) -> int:
        """Its length."""
        ...

    def read(self, start: int, size_bytes: int) -> bytes:
        """The bytes from `start`; fewer than asked for at its end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Draft(Protocol):
    """A blob being written. Leaving the ``with`` drops it unless it was put."""

    @property
    def size_bytes(self) -> int:
        """What was written so far."""
        ...

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        ...

    def finish(self) -> str:
        """Make the bytes last and return their digest."""
        ...

    def __enter__(self) -> Draft: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Blobs(Protocol):
    """Where blobs lie."""

    def draft(self) -> Draft:
        """Begin a blob that nobody sees yet."""
        ...

    def put(self, draft: Draft, digest: str) -> None:
        """Make a finished draft visible under its digest, replacing a damaged copy."""
        ...

    def open(self, digest: str) -> Blob:
        """Open for reading. Raised: FileNotFoundError."""
        ...

    def delete(self, digest: str) -> int:
        """Remove a blob if it is there; the bytes freed."""
        ...

    def list(self) -> Iterator[str]:
        """The digests of all blobs."""
        ...

    def sweep(self) -> int:
        """Remove drafts whose writers died; the bytes freed."""
        ...

    def where(self, digest: str) -> str:
        """How an error message names the blob."""
        ...


class LocalBlobs:
    """Blobs as files in a folder of the local disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drafts = folder / "drafts"
        self.drafts.mkdir(parents=True, exist_ok=True)

    def draft(self) -> LocalDraft:
        """Begin a file among the drafts."""
        return LocalDraft(self.drafts)

    def put(self, draft: Draft, digest: str) -> None:
        """Rename the draft."""
        if not isinstance(draft, LocalDraft):
            raise TypeError(f"a draft of these blobs is needed, not a {type(draft).__name__}")
        with explain_full_disk(self.folder):
            draft.path.replace(self._path(digest))
            fsync_folder(self.folder)

    def open(self, digest: str) -> LocalBlob:
        """Open the file of this digest."""
        return LocalBlob(self._path(digest))

    def delete(self, digest: str) -> int:
        """Unlink; who has it open may read on."""
        return _unlink(self._path(digest))

    def list(self) -> Iterator[str]:
        """The names that are digests."""
        return (path.stem for path in sorted(self.folder.glob("*.blob")))

    def sweep(self) -> int:
        """Unlink the drafts that no living process holds locked."""
        return sum(_unlink(path) for path in sorted(self.drafts.iterdir()) if _is_abandoned(path))

    def where(self, digest: str) -> str:
        """The path."""
        return str(self._path(digest))

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.blob"


class LocalBlob:
    """One file, read by position."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)
        self.size_bytes = os.fstat(self._handle).st_size

    def read(self, start: int, size_bytes: int) -> bytes:
        """Read at a position; the file's own position is not used, so threads do not meet."""
        return os.pread(self._handle, size_bytes, start)

    def close(self) -> None:
        """Close the file, once."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class LocalDraft:
    """A file that its writer holds locked, so that `sweep` can tell it from what a killed writer left."""

    def __init__(self, folder: Path) -> None:
        self.size_bytes = 0
        self._digest = hashlib.blake2b(digest_size=16)
        self.path, self._file = _begin(folder)

    def write(self, data: bytes | memoryview) -> None:
        """Append and digest."""
        with explain_full_disk(self.path):
            self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)

    def finish(self) -> str:
        """Flush, fsync, and say the digest."""
        with explain_full_disk(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
        return self._digest.hexdigest()

    def __enter__(self) -> LocalDraft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)  # gone already when it was put
        with contextlib.suppress(OSError):  # what could not be flushed was to be dropped anyway
            self._file.close()


def _begin(folder: Path) -> tuple[Path, BufferedWriter]:
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}"
        with explain_full_disk(path):
            file = path.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():
            return path, file
        file.close()  # swept between its creation and its lock


def _is_abandoned(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except (BlockingIOError, FileNotFoundError):
        return False


def _unlink(path: Path) -> int:
    try:
        size_bytes = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size_bytes
