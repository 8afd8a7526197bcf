"""One file of a dataset as it was when the dataset was made, and what to say when it is so no longer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headwater.core.digest import digest_of
from headwater.core.errors import CorruptError, DataError

# What a rewrite changes lies in the header or the footer; most Parquet and Arrow footers are below 64 KiB.
_HEAD_BYTES, _TAIL_BYTES = 4 << 10, 64 << 10


class CorruptFileError(DataError, CorruptError):
    """Raised when the content of a file is not what its format asks for."""


@dataclass(frozen=True)
class File:
    """A path with the size and time that its file had when the dataset was made."""

    path: Path
    size_bytes: int
    modified_ns: int

    @staticmethod
    def of(path: Path) -> File:
        """Look at the file now."""
        try:
            found = path.stat()
        except FileNotFoundError:
            raise DataError("no file is there.", where=str(path), remedy="Check the path.") from None
        return File(path, found.st_size, found.st_mtime_ns)

    @cached_property
    def ends(self) -> str:
        """A digest of the first and last bytes: cheap for any size, and another one after most rewrites."""
        try:
            return _digest_of_ends(self.path)
        except FileNotFoundError:
            raise gone(self.path) from None

    def check(self) -> None:
        """Refuse to go on with a file that is gone or was rewritten.

        A file that was only touched, or copied back, is the same.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise gone(self.path) from None
        if found.st_size != self.size_bytes:
            raise _changed(self.path, f"it had {self.size_bytes:,} bytes and has {found.st_size:,}")
        if found.st_mtime_ns == self.modified_ns:
            _ = self.ends  # known from now on, so that a touch can be told from a rewrite
        elif "ends" not in self.__dict__ or _digest_of_ends(self.path) != self.ends:
            raise _changed(self.path, "it was written to")


def gone(path: Path) -> DataError:
    """The error for a file that is not where it was."""
    return DataError(
        "the file is gone; it was there when the dataset was made.",
        where=str(path),
        remedy="Put it back, or build the dataset anew.",
    )


def corrupt(path: Path, problem: object, *, at: str = "") -> CorruptFileError:
    """The error for bytes that are not of the format."""
    return CorruptFileError(
        f"{' '.join(str(problem).split()).rstrip('.')}.",
        where=f"{path}, {at}" if at else str(path),
        remedy="Copy the file again from where it came, mend it, or leave it out.",
    )


def _changed(path: Path, how: str) -> DataError:
    return DataError(
        f"the file has changed since the dataset was made: {how}.",
        where=str(path),
        remedy="Build the dataset anew; states of the old one do not fit the new content.",
    )


def _digest_of_ends(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - _TAIL_BYTES))
        return digest_of(head, file.read(_TAIL_BYTES))
