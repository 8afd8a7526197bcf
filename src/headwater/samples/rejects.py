"""Rows that could not be stored: kept with the reason and the raw values, up to a limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headwater.core.errors import SamplesError
from headwater.core.files import write_atomic


@dataclass(frozen=True)
class Reject:
    """One bad row; `row` counts the rows of the input from 1, a header line not included."""

    file: str
    row: int
    column: str
    reason: str
    values: Mapping[str, Any]


@dataclass
class Rejects:
    """The bad rows of one file. Beyond `limit` of them the whole file is refused."""

    file: str
    path: Path
    limit: int
    rows: list[Reject] = field(default_factory=list)

    def add(self, rejects: list[Reject]) -> None:
        """Keep `rejects`. Raised: `SamplesError` naming file, row, column and remedy, beyond the limit."""
        self.rows.extend(rejects)
        if len(self.rows) > self.limit:
            self.rows.sort(key=lambda reject: reject.row)
            self.save()
            first = self.rows[0]
            raise SamplesError(
                f"row {first.row:,}, column {first.column!r}: {first.reason}. "
                f"The file has more than {self.limit} bad rows; nothing of it was stored.",
                where=self.file,
                remedy=f"The bad rows are in {self.path}: mend the file, or raise max_rejects= "
                "(--max-rejects).",
            )

    def save(self) -> Path | None:
        """Write the rows as JSON lines; without any there is no file."""
        if not self.rows:
            return None
        self.path.parent.mkdir(exist_ok=True)
        lines = "".join(json.dumps(asdict(reject), default=_shown) + "\n" for reject in self.rows)
        write_atomic(self.path, lines.encode())
        return self.path


def _shown(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return data.decode(errors="backslashreplace") if len(data) <= 100 else f"{len(data)} bytes"
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
