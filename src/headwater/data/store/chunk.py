"""A chunk: some elements in a row, their number, and the state of what made them, before and after.

As bytes it is an Arrow IPC stream, which `pyarrow.ipc.open_stream` reads, and behind it a checksum.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from headwater.core.errors import CorruptError
from headwater.data.block import BARE, Block, Columns, Items, Positions, as_columns
from headwater.data.cursor import State
from headwater.data.origin import local, portable
from headwater.data.stack import stack
from headwater.data.store.columns import from_arrow, to_arrow
from headwater.data.store.trees import read_tree, write_tree

_KEY = b"headwater.chunk/1"
_TAIL = struct.Struct("<8sQI")
_MAGIC = b"hw-chunk"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Elements `start` up to `stop` of a dataset.

    The input stood at `before` ahead of the first of them, and at `after` behind the last.
    """

    start: int
    block: Block
    before: State | None
    after: State

    @property
    def stop(self) -> int:
        """The number of the element that follows."""
        return self.start + len(self.block)


def to_bytes(chunk: Chunk, *, compression: str | None = None) -> Any:
    """The chunk as an Arrow buffer that depends on nothing else in memory."""
    import pyarrow as pa

    form, arrays, fields, forms = _layout(chunk.block)
    names, positions = portable(chunk.block.positions)
    about = {
        "form": form,
        "columns": forms,
        "origins": names,
        "start": chunk.start,
        "before": chunk.before,
        "after": chunk.after,
    }
    columns = [*arrays, pa.array(positions)]
    made = [pa.field(name, array.type) for name, array in zip([*fields, "position"], columns)]
    schema = pa.schema(made, metadata={_KEY: json.dumps(about)})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return _sealed(sink.getvalue())


def from_bytes(content: Any, *, where: str, verified: bool = False) -> Chunk:
    """The opposite of `to_bytes`; numbers are views of `content` and cannot be written.

    Raised when a byte is missing or another: `CorruptError`.
    """
    import pyarrow as pa

    if not verified:
        check(content, where=where)
    try:
        batch = pa.ipc.open_stream(content).read_next_batch()
        about = json.loads(batch.schema.metadata[_KEY])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise _corrupt(where, f"not a chunk of elements ({error})") from error
    positions = local(about["origins"], np.asarray(batch.column(batch.num_columns - 1)))
    return Chunk(about["start"], _block(about, batch, positions), about["before"], about["after"])


def check(content: Any, *, where: str) -> None:
    """Raise a `CorruptError` unless length and checksum are those that were written."""
    size_bytes = content.size - _TAIL.size
    if size_bytes < 0:
        raise _corrupt(where, "it is cut off")
    magic, length, checksum = _TAIL.unpack(content.slice(size_bytes, _TAIL.size))
    if magic != _MAGIC or length != size_bytes:
        raise _corrupt(where, "it is cut off, or no chunk")
    if zlib.crc32(content.slice(0, size_bytes)) != checksum:
        raise _corrupt(where, "its checksum does not fit")


def _sealed(content: Any) -> Any:
    import pyarrow as pa

    tail = _TAIL.pack(_MAGIC, content.size, zlib.crc32(content))
    sealed = pa.allocate_buffer(content.size + len(tail))
    with pa.FixedSizeBufferWriter(sealed) as sink:
        sink.write(content)
        sink.write(tail)
    return sealed


def _layout(block: Block) -> tuple[str, list[Any], list[str], list[Any]]:
    """How the block is laid out, the Arrow arrays, their names, and how each becomes a column again."""
    if isinstance(block, Columns):
        return "columns", *_as_arrow(block.columns)
    if _stacks(block.values):
        arrays, names, forms = _as_arrow(stack(block, operator="cache"))
        for form, value in zip(forms, as_columns(block.values[0]).values()):
            if isinstance(value, np.generic):
                form["scalar"] = True  # numpy's own number, where a column of int64 would give Python's
        return "rows", arrays, names, forms
    import pyarrow as pa

    texts, held = zip(*map(write_tree, block.values))
    return "trees", [pa.array(texts), pa.array(held, pa.large_binary())], ["build", "held"], [None, None]


def _as_arrow(columns: Mapping[str, Any]) -> tuple[list[Any], list[str], list[Any]]:
    pairs = [to_arrow(column) for column in columns.values()]
    return [array for array, _ in pairs], list(columns), [form for _, form in pairs]


def _block(about: Mapping[str, Any], batch: Any, positions: Positions) -> Block:
    if about["form"] == "trees":
        texts, held = batch.column(0).to_pylist(), batch.column(1)
        return Items([read_tree(text, held[at].as_buffer()) for at, text in enumerate(texts)], positions)
    arrays = batch.columns[:-1]
    names = batch.schema.names[:-1]
    columns = {name: from_arrow(*pair) for name, *pair in zip(names, arrays, about["columns"])}
    if about["form"] == "columns":
        return Columns(columns, positions)
    return Items(_elements(columns, about["columns"], positions), positions)


def _elements(columns: Mapping[str, Any], forms: list[Any], positions: Positions) -> list[Any]:
    lists = [
        list(column) if form and form.get("scalar") else Columns({BARE: column}, positions).elements()
        for column, form in zip(columns.values(), forms)
    ]
    return lists[0] if BARE in columns else [dict(zip(columns, row)) for row in zip(*lists)]


def _stacks(values: list[Any]) -> bool:
    """Whether the elements become columns and, taken out of these, are again exactly what they were."""
    if type(values[0]) is not dict:
        return _uniform(values)
    names = list(values[0])
    if not names or BARE in names or not all(type(name) is str for name in names):
        return False
    if not all(type(value) is dict and list(value) == names for value in values):
        return False
    return all(_uniform([value[name] for value in values]) for name in names)


def _uniform(values: list[Any]) -> bool:
    kind = type(values[0])
    if any(type(value) is not kind for value in values):
        return False
    if kind is int:
        return all(-(1 << 63) <= value < 1 << 63 for value in values)
    if issubclass(kind, np.generic):
        return values[0].dtype.kind in "iufcbmM" and len({value.dtype for value in values}) == 1
    if kind is np.ndarray:
        first = values[0]
        alike = all(value.dtype == first.dtype and value.shape == first.shape for value in values)
        return alike and first.ndim > 0 and first.dtype.isnative and not first.dtype.hasobject
    return kind in (float, bool, str, bytes)


def _corrupt(where: str, problem: str) -> CorruptError:
    return CorruptError(
        f"these stored elements are damaged: {problem}.",
        where=where,
        remedy="Delete the file: what is missing is made again by the dataset that wrote it.",
    )
