"""Where segment files lie: put whole or not at all, opened to be mapped, deleted, listed.

`Blobs` is the seam between the store and its storage; object storage needs nothing else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from headwater.core.files import explain_full_disk, fsync_folder

_UNFINISHED = ".tmp"


class Blobs(Protocol):
    """Named, immutable byte strings."""

    def put(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A file to write; when the block ends it is durable under `name`, when it raises nothing is."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """A local file that holds `name` and can be mapped into memory. Raised: `FileNotFoundError`."""
        ...

    def delete(self, name: str) -> None:
        """Remove `name`; no error if it is not there."""
        ...

    def names(self) -> Iterator[str]:
        """All names, unfinished puts of dead writers included."""
        ...

    def where(self, name: str) -> str:
        """How an error message names `name`."""
        ...


class LocalBlobs:
    """Files of one folder on a local disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def put(self, name: str) -> Iterator[IO[bytes]]:
        """Write beside, fsync, rename. Raised: `StorageFullError`, after which nothing is left behind."""
        beside = self.folder / f"{name}{_UNFINISHED}"
        with explain_full_disk(self.folder / name):
            try:
                with beside.open("wb", buffering=1 << 20) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self.folder / name)
                fsync_folder(self.folder)
            finally:
                beside.unlink(missing_ok=True)

    def open(self, name: str) -> IO[bytes]:
        """Open the file itself."""
        return (self.folder / name).open("rb")

    def delete(self, name: str) -> None:
        """Unlink; readers that have it mapped keep it until they let go."""
        (self.folder / name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """All file names of the folder."""
        return (path.name for path in self.folder.iterdir())

    def where(self, name: str) -> str:
        """The file's path."""
        return str(self.folder / name)
