"""Chunks as files of a folder: written whole or not at all, read by anyone, written by one process at a time.

about.json             what is kept here: the key of the dataset, its depth, its graph for people to read
complete.json          how many elements there are, once the last was made
<first>-<stop>.arrow   elements `first` up to `stop`
lock                   held by the process that writes
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
from pathlib import Path
from typing import Any

import filelock

from headwater.core.errors import CorruptError, DataError
from headwater.core.files import explain_full_disk, write_atomic
from headwater.data.block import Block
from headwater.data.store.chunk import Chunk, check, from_bytes, to_bytes
from headwater.data.store.place import Ranges

FORMAT = "headwater.saved/1"
COMPRESSIONS = (None, "lz4", "zstd")
_NAME = re.compile(r"(\d{12,})-(\d{12,})\.arrow")
# Files whose checksum this process has seen to fit: path, size and time of change.
_verified: set[tuple[str, int, int]] = set()


class Folder:
    """A `Place` on disk, of the dataset with the key `about["key"]`.

    Whoever writes first holds the lock until `close`; all others only read, and see what the writer adds.
    """

    def __init__(
        self,
        path: Path,
        *,
        about: dict[str, Any] | None = None,
        compression: str | None = None,
        limit_bytes: int | None = None,
    ) -> None:
        self.path = path
        self._about = about
        self._compression = compression
        self._limit_bytes = limit_bytes
        self._ranges = Ranges()
        self._size_bytes = 0
        self._is_full = False
        self._lock: filelock.BaseFileLock | None = None
        self.refresh()

    @property
    def end(self) -> int | None:
        """How many elements there are, once all were made."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return int(json.loads((self.path / "complete.json").read_bytes())["count"])
        return None

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """First and stop of every chunk, in order."""
        return self._ranges.pairs

    def holding(self, at: int) -> tuple[int, int] | None:
        """First and stop of a chunk with element `at`."""
        return self._ranges.holding(at)

    def refresh(self) -> None:
        """See what others have written since."""
        if not self.path.is_dir():
            return
        self._ranges, self._size_bytes = Ranges(), 0
        for found in self.path.iterdir():
            if match := _NAME.fullmatch(found.name):
                self._ranges.add(int(match[1]), int(match[2]))

    def find(self, at: int) -> Chunk | None:
        """The chunk with element `at`; a damaged one is taken away, to be made again."""
        if self._ranges.holding(at) is None:
            self.refresh()
        while (pair := self._ranges.holding(at)) is not None:
            try:
                return self.read(*pair)
            except (CorruptError, OSError):
                self._ranges.drop(*pair)
                with contextlib.suppress(OSError):
                    self.path_of(*pair).unlink()
        return None

    def read(self, start: int, stop: int) -> Chunk:
        """The chunk with these elements.

        Raised: `CorruptError` if it is damaged, `OSError` if it is gone.
        """
        import pyarrow as pa

        path = self.path_of(start, stop)
        stat = path.stat()
        seen = (str(path), stat.st_size, stat.st_mtime_ns)
        # Mapped, not read: rows come from the page cache when they are used. Files are replaced, never changed.
        content = pa.memory_map(str(path)).read_buffer() if stat.st_size else pa.py_buffer(b"")
        if seen not in _verified:
            check(content, where=str(path))
            _verified.add(seen)
        chunk = from_bytes(content, where=str(path), verified=True)
        if (chunk.start, chunk.stop) != (start, stop):
            raise CorruptError(
                f"it holds the elements {chunk.start}-{chunk.stop}.", where=str(path), remedy="Delete the file."
            )
        return chunk

    def gap(self, at: int) -> int | None:
        """How many elements from `at` on are missing before the next chunk."""
        return self._ranges.gap(at)

    def admit(self, block: Block) -> None:
        """Raise a `NotStorableError` if the first of these elements cannot be written."""
        to_bytes(Chunk(0, block.slice(0, 1), None, {}))

    def put(self, chunk: Chunk) -> bool:
        """Write a chunk, unless another process is writing or the limit is reached.

        Raised: `StorageFullError`.
        """
        if self._is_full or not self.acquire():
            return False
        content = to_bytes(chunk, compression=self._compression)
        if self._limit_bytes is not None and self._used_bytes() + content.size > self._limit_bytes:
            self._is_full = True
            return False
        write_atomic(self.path_of(chunk.start, chunk.stop), content)
        self._size_bytes += content.size
        self._ranges.add(chunk.start, chunk.stop)
        return True

    def finish(self, count: int) -> None:
        """Write down the number of elements."""
        if self.end != count and self.acquire():
            write_atomic(self.path / "complete.json", json.dumps({"count": count}).encode())

    def close(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def acquire(self) -> bool:
        """Become the one who writes; False if another is, or if writing is not allowed."""
        if self._lock is not None:
            return True
        # Not of one thread: what is read ahead is written in one thread and closed in another.
        lock = filelock.FileLock(self.path / "lock", timeout=0, thread_local=False)
        try:
            with explain_full_disk(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            self._lock = lock
            self._introduce()
        except filelock.Timeout:
            return False
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                return False
            raise
        return True

    def is_written(self) -> bool:
        """Whether a process is writing here just now."""
        lock = filelock.FileLock(self.path / "lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except filelock.Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False

    def path_of(self, start: int, stop: int) -> Path:
        """The file of a chunk."""
        return self.path / f"{start:012d}-{stop:012d}.arrow"

    def _introduce(self) -> None:
        about = self.path / "about.json"
        if self._about is not None and not about.exists():
            write_atomic(about, json.dumps({"format": FORMAT, **self._about}, indent=1).encode())

    def _used_bytes(self) -> int:
        if not self._size_bytes:
            self._size_bytes = sum(path.stat().st_size for path in self.path.glob("*.arrow"))
        return self._size_bytes


def read_about(path: Path) -> dict[str, Any] | None:
    """What the folder says it holds; None if it says nothing.

    Raised if it is of another format: `DataError`.
    """
    try:
        about = json.loads((path / "about.json").read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT or "key" not in about:
        raise DataError(
            f"about.json is not of the form {FORMAT!r}.",
            where=str(path),
            remedy="Save into an empty folder; load one that dataset.save() wrote.",
        )
    return about
