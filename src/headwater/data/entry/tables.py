"""Datasets of tables in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.csv import Csv
from headwater.data.sources.ipc import as_ipc
from headwater.data.sources.jsonl import JsonLines
from headwater.data.sources.parquet import Parquet, check_columns
from headwater.data.sources.paths import Paths, find_files
from headwater.data.sources.stream import AUTO, suffixes
from headwater.data.sources.typed import check_names, check_types


@member
def from_parquet(paths: Paths, *, columns: Sequence[str] | None = None) -> Dataset:
    """The rows of Parquet files: paths, folders or patterns such as ``"day-*.parquet"``.

    Files come in the order given, those of a folder or pattern sorted. Only `columns` are read, if given.
    """
    where = "data.from_parquet"
    files = find_files(paths, kind="Parquet", where=where, suffixes=(".parquet",))
    return begin(Parquet(files, check_columns(files, check_names(columns, argument="columns", where=where))))


@member
def from_csv(
    paths: Paths,
    *,
    columns: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    types: Mapping[str, Any] | None = None,
    delimiter: str = ",",
    quote: str | None = '"',
    compression: str | None = AUTO,
) -> Dataset:
    r"""The rows of CSV files, their first line the names of the columns unless `names` are given.

    Types are those of the first megabyte of the first file, or `types` such as ``{"price": "float32"}``, and
    hold for all files. Only `columns` are read, if given. A value in `quote` may hold newlines.
    Raised for a row with too few or many values, or one that is not of its column's type: `DataError` naming
    file, row and line.

    >>> import pathlib, tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.csv").write_text("x,y\n1,a\n2,b\n")
    ...     list(data.from_csv(folder))
    [{'x': 1, 'y': 'a'}, {'x': 2, 'y': 'b'}]
    """
    where = "data.from_csv"
    files = find_files(paths, kind="CSV", where=where, suffixes=suffixes(".csv", ".tsv"))
    return begin(
        Csv(
            files,
            columns=check_names(columns, argument="columns", where=where),
            names=check_names(names, argument="names", where=where),
            types=check_types(types, where=where),
            delimiter=delimiter,
            quote=quote,
            compression=compression or "none",
        )
    )


@member
def from_jsonl(
    paths: Paths,
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, Any] | None = None,
    compression: str | None = AUTO,
) -> Dataset:
    r"""The objects of JSON Lines files, one a line, as columns.

    Fields and types are those of the first megabyte, or `types` such as ``{"score": "float64"}``. With
    `columns` only these are read and others passed over; without, a field that comes up later is an error.
    Raised for a line that is no such object: `DataError` naming file and line.

    >>> import pathlib, tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    ...     list(data.from_jsonl(folder))
    [{'x': 1}, {'x': 2}]
    """
    where = "data.from_jsonl"
    files = find_files(paths, kind="JSON Lines", where=where, suffixes=suffixes(".jsonl", ".ndjson", ".json"))
    return begin(
        JsonLines(
            files,
            columns=check_names(columns, argument="columns", where=where),
            types=check_types(types, where=where),
            compression=compression or "none",
        )
    )


@member
def from_ipc(paths: Paths, *, columns: Sequence[str] | None = None) -> Dataset:
    """The rows of Arrow IPC files (Feather too) or streams; only `columns`, if given.

    Files whose batches are not compressed are memory-mapped, with random access; all others are read in order.

    >>> import pathlib, tempfile
    >>> import pyarrow as pa
    >>> from headwater import data
    >>> table = pa.table({"x": [1, 2, 3]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with pa.ipc.new_file(f"{folder}/a.arrow", table.schema) as file:
    ...         file.write_table(table)
    ...     list(data.from_ipc(folder).skip(1))
    [{'x': 2}, {'x': 3}]
    """
    where = "data.from_ipc"
    files = find_files(paths, kind="Arrow", where=where, suffixes=(".arrow", ".arrows", ".feather", ".ipc"))
    return begin(as_ipc(files, check_names(columns, argument="columns", where=where)))
