"""Tar files as WebDataset writes them: neighbouring members of one name, before the first dot, are one sample.

``a/b.jpg`` and ``a/b.cls`` are the members ``jpg`` and ``cls`` of the sample ``a/b``. Folders, links, hidden
files and names such as ``__note__`` are passed over, and endings count in lower case, as in the library.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.sources.blobs import Numbers
from headwater.data.sources.file import File, corrupt, gone

_NAME = re.compile(r"((?:.*/)?[^./]+)[.]([^/]*)")
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_NONE = (0, -1)
_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)

T = TypeVar("T")


def samples(
    archive: tarfile.TarFile, path: Path, take: Callable[[tarfile.TarFile, tarfile.TarInfo], T]
) -> Iterator[tuple[str, dict[str, T]]]:
    """Yield each sample's key and what ``take`` makes of its members, by ending, in the order of the file.

    Raised for a file that is torn or no tar: `CorruptFileError` naming the file and the last whole member.
    """
    key, members = "", dict[str, T]()
    for found, ending, value in _members(archive, path, take):
        if found != key and members:
            yield key, members
            members = {}
        key = found
        if ending in members:
            raise corrupt(path, f"the sample `{key}` has two members `{ending}`")
        members[ending] = value
    if members:
        yield key, members


def is_compressed(path: Path) -> bool:
    """Whether a tar file is compressed as a whole, so that it can be read only from its beginning."""
    try:
        with path.open("rb") as file:
            return file.read(6).startswith(_MAGIC)
    except FileNotFoundError:
        raise gone(path) from None


def opened(path: Path, mode: Any) -> tarfile.TarFile:
    """Open a tar file, or say why it is none."""
    try:
        return tarfile.open(path, mode)
    except FileNotFoundError:
        raise gone(path) from None
    except _BROKEN as error:
        raise corrupt(path, f"it is not a tar file: {error}") from error


def first_sample(path: Path) -> tuple[str, ...]:
    """Return the endings of the first sample's members, in the order of the file."""
    with opened(path, "r:*") as archive:
        for _, members in samples(archive, path, lambda _, member: member):
            return tuple(members)
    raise DataError(
        "no sample is in it.",
        where=str(path),
        remedy="A sample is one or more members such as `a.jpg` and `a.cls`, next to each other.",
    )


@dataclass(frozen=True, eq=False)
class Index:
    """Where in one file each sample's members lie; a size of -1 says that the sample has none."""

    keys: list[str]
    starts: dict[str, Numbers]
    sizes: dict[str, Numbers]


@lru_cache(maxsize=4_096)
def index(file: File) -> Index:
    """Look up all members of an uncompressed tar file; each file is looked through once in a process."""
    with opened(file.path, "r:") as archive:
        found = list(samples(archive, file.path, lambda _, member: (member.offset_data, member.size)))
    endings = dict.fromkeys(ending for _, members in found for ending in members)
    starts = {name: _numbers(members.get(name, _NONE)[0] for _, members in found) for name in endings}
    sizes = {name: _numbers(members.get(name, _NONE)[1] for _, members in found) for name in endings}
    return Index([key for key, _ in found], starts, sizes)


def check_members(path: Path, key: str, found: Any, wanted: tuple[str, ...]) -> None:
    """Refuse a sample that has other members than the first."""
    if set(found) != set(wanted):
        raise DataError(
            f"the sample `{key}` has the members {sorted(found)}, the first sample has {sorted(wanted)}.",
            where=str(path),
            remedy="Say which you want: members=('jpg', 'cls'); what a sample lacks of them is then None.",
        )


def _members(
    archive: tarfile.TarFile, path: Path, take: Callable[[tarfile.TarFile, tarfile.TarInfo], T]
) -> Iterator[tuple[str, str, T]]:
    """Key, ending and value of each member of a sample; a stream has it only until the next is asked for."""
    last = None
    try:
        for member in archive:
            last = member
            archive.members = []  # type: ignore[attr-defined]  # else every header seen is kept
            found = _split(member)
            if found is not None:
                yield *found, take(archive, member)
    except _BROKEN as error:
        where = f"in or after the member `{last.name}`" if last else "before its first member"
        raise corrupt(path, f"the tar file is torn {where}: {error}") from error


def _split(member: tarfile.TarInfo) -> tuple[str, str] | None:
    """Key and ending of a member that belongs to a sample."""
    found = _NAME.fullmatch(member.name) if member.isfile() else None
    name = member.name.rpartition("/")[2]
    if found is None or (name.startswith("__") and name.endswith("__")):
        return None
    return found[1], found[2].lower()


def _numbers(values: Iterator[int]) -> Numbers:
    return np.fromiter(values, np.int64)
