"""An append-only file of what happened; what was committed survives a kill at any moment.

Each line is the CRC-32 of its JSON in hex, a space, and the JSON. A last line that a crash left without its
end is dropped; a wrong checksum anywhere else means that the file was changed, and is an error. One process
at a time may have a journal open for appending: its owner holds `files.exclusive`.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from headwater.core.errors import CorruptError
from headwater.core.files import explain_full_disk, fsync_folder
from headwater.core.plain import to_json

Record = Mapping[str, Any]


class Journal:
    """Records of one run, oldest first; ``append`` remembers, ``commit`` makes it last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        is_new = not path.exists()
        self._records, valid_bytes = _scan(path)
        self._file = path.open("r+b" if not is_new else "w+b")
        self._file.truncate(valid_bytes)
        self._file.seek(valid_bytes)
        if is_new:
            fsync_folder(path.parent)

    def append(self, kind: str, **data: Any) -> Record:
        """Add a record and return it as it will be read back; it is on disk after the next `commit`."""
        body = to_json({"kind": kind, **data}, sort_keys=True).encode()
        with explain_full_disk(self.path):
            self._file.write(b"%08x %s\n" % (zlib.crc32(body), body))
        record: Record = json.loads(body)
        self._records.append(record)
        return record

    def commit(self) -> None:
        """Flush and fsync: all records so far survive a power cut."""
        with explain_full_disk(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def records(self, *kinds: str) -> Iterator[Record]:
        """The records so far, those of `kinds` only when any are named."""
        return (record for record in self._records if not kinds or record["kind"] in kinds)

    def close(self) -> None:
        """Commit and let go of the file, also when the disk is full."""
        if self._file.closed:
            return
        try:
            self.commit()
        finally:
            with contextlib.suppress(OSError):  # closing would try once more to write what found no room
                self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> list[Record]:
    """Return the whole records of a journal without opening it for writing."""
    return _scan(path)[0]


def _scan(path: Path) -> tuple[list[Record], int]:
    """Return the whole records and the length in bytes of the part that holds them."""
    content = path.read_bytes() if path.exists() else b""
    records: list[Record] = []
    valid_bytes = 0
    *lines, torn = content.split(b"\n")
    # A kill cuts a line short; one that is whole but for its last byte has had that byte changed.
    if _parse(torn[:-1]) is not None:
        lines.append(torn)
    for number, line in enumerate(lines, start=1):
        record = _parse(line)
        if record is None:
            raise CorruptError(
                "the checksum of this line is wrong.",
                where=f"{path}, line {number}",
                remedy="The file was changed after it was written: restore it from a copy.",
            )
        records.append(record)
        valid_bytes += len(line) + 1
    return records, valid_bytes


def _parse(line: bytes) -> Record | None:
    if line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(line[9:]):
        return None
    record: Record = json.loads(line[9:])
    return record
