"""An Arrow table in memory, with random access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.data.arrow import columns_of
from headwater.data.sources.arrays import Arrays


@dataclass(frozen=True, eq=False)
class Table(Arrays):
    """The columns of a table, numbers as numpy and the rest as Arrow."""

    operator: ClassVar[str] = "from_arrow"


def as_table(table: Any) -> Table:
    """Convert once; numbers without gaps are not copied."""
    import pyarrow as pa

    columns = columns_of(pa.table(table), where="data.from_arrow")
    for column in columns.values():
        if hasattr(column, "flags") and column.flags.writeable:
            column.flags.writeable = False
    return Table(columns)
