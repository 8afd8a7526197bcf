"""CSV files; places are bytes of the plain content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.graph import Node
from headwater.data.sources.file import CorruptFileError
from headwater.data.sources.files import Files
from headwater.data.sources.lines import LineNumbers, first_wrong, line_chunks, line_ends
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.stream import AUTO, check_compression
from headwater.data.sources.typed import Types, missing_column

_WHERE = "data.from_csv"


@dataclass(frozen=True, eq=False)
class Csv(Files):
    """The rows below each file's line of names, or all if `names` are given."""

    operator: ClassVar[str] = "from_csv"
    columns: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    types: Types = ()
    delimiter: str = ","
    quote: str | None = '"'
    compression: str = AUTO

    def __post_init__(self) -> None:
        check_compression(self.compression, where=_WHERE)
        for argument, value in (("delimiter", self.delimiter), ("quote", self.quote)):
            if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n"):
                raise DataError(
                    f"{argument}={value!r} is not one ASCII character.",
                    where=_WHERE,
                    remedy="Give one such as ';'.",
                )

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Types by their names."""
        return {**super().identity, "types": [[name, str(kind)] for name, kind in self.types]}

    def column_names(self) -> tuple[str, ...]:
        """Those chosen, or all of the first file."""
        return self.columns or self._names(self.files[0].path)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Parse these columns alone."""
        return replace(self, columns=names)

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Some thousand rows at once, as the types that the first file has."""
        at, row = place
        chunks = self._chunks(path, at)
        if at == 0 and (first := next(chunks, None)):
            names, chunks = self._names_in(first[1]), chain([first], chunks)
        else:
            names = self._names(path)
        kinds = self.kinds
        for name in kinds:
            if names and name not in names:
                raise missing_column(name, names, where=str(path))
        numbers = LineNumbers(path, self.compression)
        for after, content in chunks:
            at += self._header_bytes(content) if at == 0 else 0
            while at < after:
                content = content[at - after :]
                table, wrong = self._parsed(content, at, row, numbers, names, kinds)
                at = wrong.after if wrong and wrong.after else after
                make = partial(_columns, table, path, row)
                yield from pieces_of(make, 0, table.num_rows, None if wrong else at)
                if wrong:
                    yield wrong
                row += table.num_rows + bool(wrong)

    @cached_property
    def kinds(self) -> dict[str, Any]:
        """Names and types of the columns that are read: as given, or as in the first rows of the first file."""
        given = dict(self.types)
        for file in self.files:
            names = self._names(file.path)
            if not names:
                continue
            content = next(self._chunks(file.path, 0))[1]
            start = self._header_bytes(content)
            numbers = LineNumbers(file.path, self.compression)
            table, wrong = self._parsed(content[start:], start, 0, numbers, names, None)
            if wrong and not table.num_rows:
                raise wrong.error
            if table.num_rows or file is self.files[-1]:
                found = dict(zip(table.schema.names, table.schema.types))
                chosen = self.columns or names
                for name in (*chosen, *given):
                    if name not in found:
                        raise missing_column(name, names, where=str(file.path))
                return {name: given.get(name, found[name]) for name in chosen}
        return {}

    def _names(self, path: Path) -> tuple[str, ...]:
        """The columns of one file; none if it is empty."""
        return self.names or self._names_in(next(self._chunks(path, 0), (0, b""))[1])

    def _names_in(self, content: bytes) -> tuple[str, ...]:
        if self.names is not None:
            return self.names
        header = content[: self._header_bytes(content)]
        return tuple(self._table(header, None, None).schema.names) if header.strip() else ()

    def _chunks(self, path: Path, at: int) -> Iterator[tuple[int, bytes]]:
        return line_chunks(path, self.compression, at=at, quote=self._quote)

    @property
    def _quote(self) -> bytes:
        return (self.quote or "").encode()

    def _header_bytes(self, content: bytes) -> int:
        if self.names is not None:
            return 0
        ends = line_ends(content, quote=self._quote)
        return int(ends[0]) if len(ends) else len(content)

    def _parsed(
        self,
        content: bytes,
        at: int,
        row: int,
        numbers: LineNumbers,
        names: tuple[str, ...],
        kinds: dict[str, Any] | None,
    ) -> tuple[Any, Broken | None]:
        """The rows up to the first that is wrong, and that row."""
        import pyarrow as pa

        def parse(lines: bytes) -> Any:
            return self._table(lines, names, kinds)

        try:
            return parse(content), None
        except pa.ArrowException:
            start, stop, error = first_wrong(content, parse, quote=self._quote)
            table = parse(content[:start])
            line = numbers.number(at + start)
            where = f"{numbers.path}, row {row + table.num_rows:,} (line {line:,})"
            return table, Broken(_wrong(where, content[start:stop], error), after=at + stop)

    def _table(self, content: bytes, names: tuple[str, ...] | None, kinds: dict[str, Any] | None) -> Any:
        import pyarrow as pa
        import pyarrow.csv

        if names is not None and not content.strip():  # Arrow refuses what has no row
            return pa.schema(
                [(name, (kinds or {}).get(name, pa.null())) for name in kinds or names]
            ).empty_table()
        return pa.csv.read_csv(
            pa.BufferReader(content),
            pa.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=names),
            pa.csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char=self.quote or False,
                newlines_in_values=self.quote is not None,
            ),
            pa.csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds) if kinds is not None else None
            ),
        )


def _columns(table: Any, path: Path, row: int, start: int, stop: int) -> dict[str, Column]:
    return columns_of(table.slice(start, stop - start), where=str(path), first_row=row + start)


def _wrong(where: str, line: bytes, error: Exception) -> CorruptFileError:
    reason = str(error).partition("Row #")[2].partition(": ")[2] or str(error)
    shown = line.strip()[:60].decode(errors="replace")
    return CorruptFileError(
        f"{' '.join(reason.split())} in {shown!r}." if shown not in reason else f"{' '.join(reason.split())}.",
        where=where,
        remedy="Mend the row; a type that the first rows do not show is given by types={'name': 'float64'}.",
    )
