"""Datasets of tables in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.parquet import Parquet, check_columns, find_files


@member
def from_parquet(paths: str | Path | Sequence[str | Path], *, columns: Sequence[str] | None = None) -> Dataset:
    """The rows of Parquet files: paths, folders or patterns such as ``"day-*.parquet"``.

    Files come in the order given, those of a folder or pattern sorted. Only `columns` are read, if given.
    """
    files = find_files(paths)
    return begin(Parquet(files, check_columns(files, columns)))
