"""From what a user names - files, folders, patterns - to the files of a dataset, in one order."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from headwater.core.errors import DataError
from headwater.data.sources.file import File

Paths: TypeAlias = str | Path | Sequence[str | Path]


def find_files(paths: Paths, *, kind: str, where: str, suffixes: tuple[str, ...] = ()) -> tuple[File, ...]:
    """Return the files that names, folders and patterns stand for: in the order given, sorted within each.

    Of a folder, the files with one of `suffixes` are taken (any, if there are none), but no hidden ones.
    Raised when a name or pattern stands for no file: `DataError`.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found: list[Path] = []
    for one in given:
        matches = _matches(str(one), suffixes)
        if not matches:
            raise DataError(
                f"no {kind} file is there.",
                where=str(one),
                remedy="Check the path; a pattern looks like 'day-*' or 'data/**/*', and a folder holds files "
                f"named {', '.join(f'*{suffix}' for suffix in suffixes) or '*'}.",
            )
        found += matches
    if not found:
        raise DataError("no path was given.", where=where, remedy="Pass a file, a folder or a pattern.")
    return tuple(map(File.of, found))


def _matches(one: str, suffixes: tuple[str, ...]) -> list[Path]:
    path = Path(one)
    if path.is_dir():
        files = (entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.is_file())
        return sorted(entry for entry in files if not suffixes or entry.name.endswith(suffixes))
    if path.exists():
        return [path]
    return sorted(found for found in map(Path, glob.glob(one, recursive=True)) if found.is_file())  # noqa: PTH207
