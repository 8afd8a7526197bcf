"""Arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Positions
from headwater.data.graph import Node
from headwater.data.sources.indexed import Indexed, picker


@dataclass(frozen=True, eq=False)
class Arrays(Indexed):
    """Equally long columns; the arrays are read, never copied or written."""

    operator: ClassVar[str] = "from_arrays"
    columns: dict[str, Column] = field(repr=False)

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(
                f"the columns differ in length: {lengths}.",
                where="data.from_arrays",
                remedy="Cut them to one length.",
            )

    @property
    def num_rows(self) -> int:
        """The common length."""
        return next((len(column) for column in self.columns.values()), 0)

    def column_names(self) -> tuple[str, ...]:
        """The names as given."""
        return tuple(self.columns)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Some of the arrays."""
        return replace(self, columns={name: self.columns[name] for name in names})

    @cached_property
    def _pick(self) -> Any:
        return picker(self.columns)

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Read rows out of the arrays."""
        picked: dict[str, Column] = self._pick(positions)
        return picked

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The digest of every column's bytes."""
        return {name: _digest(column) for name, column in self.columns.items()}

    @property
    def label(self) -> str:
        """The columns and their length."""
        names = "" if BARE in self.columns else f"{', '.join(self.columns)}; "
        return f"{self.operator}({names}{self.num_rows:,} rows)"


def as_arrays(arrays: Any) -> dict[str, Column]:
    """Turn what a user passes into read-only columns: a mapping of arrays or lists, or one bare array."""
    if not isinstance(arrays, Mapping):
        return {BARE: _column("the array", arrays)}
    if not arrays:
        raise DataError("there is no column.", where="data.from_arrays", remedy="Pass {'name': array, ...}.")
    return {str(name): _column(f"`{name}`", values) for name, values in arrays.items()}


def _column(name: str, values: Any) -> Column:
    if type(values).__module__.startswith("pyarrow"):
        return values.combine_chunks() if hasattr(values, "combine_chunks") else values
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise _no_column(name, "is ragged") from error
    if array.ndim == 0 or array.dtype.hasobject:
        raise _no_column(name, "is a single value" if array.ndim == 0 else "holds Python objects")
    # Neighbouring rows are handed out as views: a function that writes in place must not reach the user's data.
    view = array.view()
    view.flags.writeable = False
    return view


def _no_column(name: str, problem: str) -> DataError:
    return DataError(
        f"{name} {problem}.",
        where="data.from_arrays",
        remedy="Pass numpy arrays of one value per row, or Arrow arrays for texts, bytes and lists.",
    )


def _digest(column: Column) -> str:
    if isinstance(column, np.ndarray):
        return digest_of(column)
    import pyarrow as pa

    # Through IPC, so that slices of one buffer and equal copies have one digest.
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([column], names=["column"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return digest_of(memoryview(sink.getvalue()))
