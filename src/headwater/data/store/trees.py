"""Elements of any shape as a text and bytes: the text says how they are built, the bytes are what they hold.

Nothing in it names code: numbers, texts, bytes, lists, tuples, dicts, numpy and Arrow arrays, dates and
decimals are all there is.
"""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from headwater.data.store.columns import describe_dtype, dtype_of, not_storable

_PLAIN = (bool, int, float, str, type(None))
_ALIGN_BYTES = 64  # arrays begin where Arrow's own buffers may, so that reading them needs no copy

_WORDS: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    datetime.datetime: ("datetime", datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    datetime.date: ("date", datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.time: ("time", datetime.time.isoformat, datetime.time.fromisoformat),
    decimal.Decimal: ("decimal", str, decimal.Decimal),
}
_READ = {word: read for word, _, read in _WORDS.values()}


def write_tree(element: Any) -> tuple[str, bytes]:
    """Return the build of `element` and the bytes it holds.

    >>> write_tree({"x": np.arange(2, dtype=np.int8), "name": "a"})[0]
    '["dict",["x",["array","|i1",[2]]],["name","a"]]'
    """
    held: list[Any] = []
    text = json.dumps(_write(element, held), separators=(",", ":"))
    parts: list[Any] = []
    for part in held:
        parts += (part, bytes(-len(part) % _ALIGN_BYTES))
    return text, b"".join(parts)


def read_tree(text: str, held: Any) -> Any:
    """The opposite of `write_tree`; arrays are views of `held`, an Arrow buffer."""
    return _Reader(held).read(json.loads(text))


def _write(value: Any, held: list[Any]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in (list, tuple):
        return [kind.__name__, *(_write(part, held) for part in value)]
    if kind is dict:
        return ["dict", *([_write(name, held), _write(part, held)] for name, part in value.items())]
    if kind in (bytes, bytearray):
        held.append(value)
        return [kind.__name__, len(value)]
    if kind in _WORDS:
        word, write, _ = _WORDS[kind]
        return [word, write(value)]
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        held.append(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data if value.nbytes else b"")
        shape = [list(value.shape)] if kind is np.ndarray else []
        return ["array" if shape else "scalar", describe_dtype(value.dtype), *shape]
    if kind.__module__.startswith("pyarrow"):
        return _write_arrow(value, held)
    raise not_storable(kind.__name__)


def _write_arrow(value: Any, held: list[Any]) -> Any:
    import pyarrow as pa

    array = value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_arrays([array], [""])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    held.append(memoryview(sink.getvalue()))
    return ["arrow", len(held[-1])]


class _Reader:
    """Builds an element, taking what it holds in the order in which it was written."""

    def __init__(self, held: Any) -> None:
        self._held = held
        self._at = 0

    def read(self, tree: Any) -> Any:
        if not isinstance(tree, list):
            return tree
        word, *parts = tree
        if word == "list":
            return [self.read(part) for part in parts]
        if word == "tuple":
            return tuple(self.read(part) for part in parts)
        if word == "dict":
            return {self.read(name): self.read(part) for name, part in parts}
        return _READ[word](parts[0]) if word in _READ else self._held_value(word, *parts)

    def _held_value(self, word: str, *parts: Any) -> Any:
        if word == "array":
            return self._array(dtype_of(parts[0]), parts[1])
        if word == "scalar":
            return self._array(dtype_of(parts[0]), [])[()]
        if word == "arrow":
            import pyarrow as pa

            return pa.ipc.open_stream(self._take(parts[0])).read_all().column(0).combine_chunks()
        content = self._take(parts[0]).to_pybytes()
        return bytearray(content) if word == "bytearray" else content

    def _array(self, dtype: np.dtype[Any], shape: list[int]) -> Any:
        count = int(np.prod(shape, dtype=np.int64))
        if not count * dtype.itemsize:
            return np.empty(shape, dtype)
        return np.frombuffer(self._take(count * dtype.itemsize), dtype, count).reshape(shape)

    def _take(self, size_bytes: int) -> Any:
        part = self._held.slice(self._at, size_bytes)
        self._at += size_bytes + -size_bytes % _ALIGN_BYTES
        return part
