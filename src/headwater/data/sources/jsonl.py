"""JSON Lines: one object a line, its fields as columns; places are bytes of the plain content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.sources.file import CorruptFileError
from headwater.data.sources.files import Files
from headwater.data.sources.lines import LineNumbers, first_wrong, line_chunks
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.stream import AUTO, check_compression
from headwater.data.sources.typed import Types, missing_column


@dataclass(frozen=True, eq=False)
class JsonLines(Files):
    """All fields of the first lines, or `columns` alone; what a line lacks is missing."""

    operator: ClassVar[str] = "from_jsonl"
    columns: tuple[str, ...] | None = None
    types: Types = ()
    compression: str = AUTO

    def __post_init__(self) -> None:
        check_compression(self.compression, where="data.from_jsonl")

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Types by their names."""
        return {**super().identity, "types": [[name, str(kind)] for name, kind in self.types]}

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Some thousand lines at once; empty ones are no rows."""
        at, row = place
        numbers = LineNumbers(path, self.compression)
        for after, content in line_chunks(path, self.compression, at=at):
            while at < after:
                content = content[at - after :]
                table, wrong = self._parsed(content, at, numbers, self.schema)
                at = wrong.after if wrong and wrong.after else after
                make = partial(_columns, table, path, row)
                yield from pieces_of(make, 0, table.num_rows, None if wrong else at)
                if wrong:
                    yield wrong
                row += table.num_rows + bool(wrong)

    @cached_property
    def schema(self) -> Any:
        """The columns and their types: as in the first lines of the first file that has any, or as given."""
        import pyarrow as pa

        found, first = pa.schema([]), self.files[0].path
        for file in self.files:
            _, content = next(line_chunks(file.path, self.compression), (0, b""))
            table, wrong = self._parsed(content, 0, LineNumbers(file.path, self.compression), None)
            if wrong and not table.num_rows:
                raise wrong.error
            if table.num_rows:
                found, first = table.schema, file.path
                break
        return self._chosen(dict(zip(found.names, found.types)), first)

    def _chosen(self, types: dict[str, Any], path: Path) -> Any:
        import pyarrow as pa

        known = {**types, **dict(self.types)}
        for name in self.columns or ():
            if name not in known and types:
                raise missing_column(name, list(known), where=str(path))
        return pa.schema([(name, known[name]) for name in self.columns or known if name in known])

    def _parsed(self, content: bytes, at: int, numbers: LineNumbers, schema: Any) -> tuple[Any, Broken | None]:
        """The rows up to the first line that is wrong, and that line."""
        import pyarrow as pa

        def parse(lines: bytes) -> Any:
            return _table(lines, schema, extra="error" if self.columns is None else "ignore")

        try:
            return parse(content), None
        except pa.ArrowException:
            start, stop, error = first_wrong(content, parse)
            where = f"{numbers.path}, line {numbers.number(at + start):,}"
            return parse(content[:start]), Broken(_wrong(where, content[start:stop], error), after=at + stop)


def _columns(table: Any, path: Path, row: int, start: int, stop: int) -> dict[str, Column]:
    return columns_of(table.slice(start, stop - start), where=str(path), first_row=row + start)


def _table(content: bytes, schema: Any, *, extra: str) -> Any:
    import pyarrow as pa
    import pyarrow.json

    if not content.strip():  # Arrow refuses what has no object
        return (schema or pa.schema([])).empty_table()
    options = pa.json.ReadOptions(use_threads=False, block_size=len(content) + 1)
    parsing = (
        pa.json.ParseOptions()
        if schema is None
        else pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=extra)
    )
    table = pa.json.read_json(pa.BufferReader(content), read_options=options, parse_options=parsing)
    return table if schema is None else table.select(schema.names)


def _wrong(where: str, line: bytes, error: Exception) -> CorruptFileError:
    shown = line.strip()[:60].decode(errors="replace")
    reason = str(error).removeprefix("JSON parse error: ").rpartition(" in row ")[0] or str(error)
    if "unexpected field" in str(error):
        reason = "it has a field that the first lines do not have"
        remedy = (
            "Name the fields you want: columns=[...], and types={'name': 'string'} for those that come later."
        )
    else:
        remedy = "Mend the line; a type that the first lines do not show is given by types={'name': 'float64'}."
    return CorruptFileError(f"{reason.rstrip('.')}: {shown}", where=where, remedy=remedy)
