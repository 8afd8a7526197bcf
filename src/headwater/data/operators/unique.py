"""Each value once: the first element that has it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary
from headwater.data.operators.calling import locate

_LONG = 24  # a digest of 16 bytes instead of anything longer


@dataclass(frozen=True, eq=False)
class Unique(Unary):
    """Elements of which no earlier one has the same `column`, or which no earlier one equals."""

    operator: ClassVar[str] = "unique"
    column: str | None = None

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def open(self, env: Env, state: State | None) -> Cursor:
        """What was seen is no part of a state: it is read again, from the beginning of the pass."""
        cursor = UniqueCursor(self, env)
        left = int(state["given"]) if state else 0
        while left > 0 and (block := cursor.next(left)) is not None:
            left -= len(block)
        return cursor


class UniqueCursor:
    """State: how many elements were given."""

    def __init__(self, node: Unique, env: Env) -> None:
        self._node = node
        self._env = env
        self._source = resume(node.input, env, None)
        self._seen: set[Hashable] = set()
        self._given = 0

    def next(self, limit: int) -> Block | None:
        """What a block has that is new."""
        while (block := self._source.next(limit)) is not None:
            new = self._new(block)
            self._given += len(new)
            if new:
                return block if len(new) == len(block) else block.take(np.asarray(new, np.intp))
        return None

    def state(self) -> State:
        """One number."""
        return {"given": self._given}

    def close(self) -> None:
        """Close the input and forget what was seen."""
        self._source.close()
        self._seen.clear()

    def _new(self, block: Block) -> list[int]:
        seen, new = self._seen, []
        for at, value in enumerate(self._values(block)):
            try:
                mark = value if type(value) is int else _mark(value)
            except (TypeError, KeyError) as error:
                self._env.pass_over(self._unfit(error, block, at), cause=error)
                continue
            if mark not in seen:
                seen.add(mark)
                new.append(at)
        return new

    def _values(self, block: Block) -> list[Any]:
        """What is compared of each element."""
        name = self._node.column
        if name is None:
            return block.elements()
        if isinstance(block, Columns) and name in block.columns and name != BARE:
            return Columns({BARE: block.columns[name]}, block.positions).elements()
        return [
            element[name] if isinstance(element, Mapping) and name in element else _Missing(element)
            for element in block.elements()
        ]

    def _unfit(self, error: Exception, block: Block, at: int) -> DataError:
        return DataError(
            f"{error.args[0] if error.args else error}.",
            where=f".{self._node.label}, {locate(block, at)}",
            remedy="Name a column of numbers, texts, bytes or arrays: .unique('key').",
        )


class _Missing:
    """Stands for the value of an element that has no such column."""

    def __init__(self, element: Any) -> None:
        self.names = sorted(element) if isinstance(element, Mapping) else f"a {type(element).__name__}"


def _mark(value: Any) -> Hashable:
    """Something small that is equal for equal values only."""
    if isinstance(value, str | bytes):
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        return value if len(data) < _LONG else (type(value), hashlib.blake2b(data, digest_size=16).digest())
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        head = f"{value.dtype.str}{value.shape}".encode()
        return hashlib.blake2b(head + np.ascontiguousarray(value).tobytes(), digest_size=16).digest()
    if isinstance(value, Mapping):
        return frozenset((name, _mark(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return (type(value), *map(_mark, value))
    if isinstance(value, _Missing):
        raise KeyError(f"there is no such column; the element has {value.names}")
    if value != value:  # NaN, which no set finds again
        return "nan", type(value)
    if not isinstance(value, Hashable):
        raise TypeError(f"a {type(value).__name__} cannot be told from others")
    return value
