"""A filter on record batches of a file: a few columns of all rows first, the others of those that pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column, num_rows
from headwater.data.arrow import columns_of
from headwater.data.block import take
from headwater.data.evaluation import passing
from headwater.data.expression import Expression
from headwater.data.origin import described, origin
from headwater.data.sources.pieces import Broken, Piece

_ALSO_SEEN = ("key", "__key__")  # by which errors name the element

_Looked: TypeAlias = tuple[dict[str, Column], NDArray[np.int64], int]
"""The few columns of the rows that pass, which of a batch's rows these are, and how many it has."""


class Sieve:
    """A filter and the columns `names`: `few` are those that it looks at, `rest` the others."""

    def __init__(self, predicate: Expression, names: tuple[str, ...], path: Path, *, where: str) -> None:
        seen = (*predicate.columns, *_ALSO_SEEN)
        self.names = names
        self.few = tuple(name for name in names if name in seen)
        self.rest = tuple(name for name in names if name not in seen)
        self._predicate = predicate
        self._origin = origin(str(path))
        self._where = where

    def pieces(
        self, read: Callable[[Sequence[str]], Iterator[Any]], row: int, count: int, after: int
    ) -> Iterator[Piece | Broken]:
        """The `count` rows from number `row` on that pass; ``read(names)`` decodes columns, last an error."""
        looked, error = self._look(read(self.few), row)
        some = any(len(kept) for _, kept, _ in looked)
        rest = read(self.rest) if some and self.rest else iter(())
        for few, kept, size in looked:
            batch = next(rest, None)
            if isinstance(batch, DataError):
                error = batch
                break
            found = few if batch is None else {**few, **self._of(batch, kept, row)}
            count -= size
            row += size
            columns = {name: found[name] for name in self.names if name in found} if some else {}
            yield Piece(columns, None if count else after, kept, size)
        if error is not None:
            yield Broken(error, count, after)

    def _look(self, batches: Iterator[Any], row: int) -> tuple[list[_Looked], DataError | None]:
        """Ask for each batch of the few columns, up to one that cannot be read or asked about."""
        found: list[_Looked] = []
        for batch in batches:
            if isinstance(batch, DataError):
                return found, batch
            try:
                found.append((*self._passing(batch, row), batch.num_rows))
            except DataError as error:
                return found, error
            row += batch.num_rows
        return found, None

    def _passing(self, batch: Any, row: int) -> tuple[dict[str, Column], NDArray[np.int64]]:
        columns = columns_of(batch, where=self._where, first_row=row)

        def row_name(at: int) -> str:
            keys = columns.get("key", columns.get("__key__"))
            key: Any = None if keys is None else keys[at]
            shown = key.as_py() if hasattr(key, "as_py") else key
            named = f" (key {shown})" if isinstance(shown, int | np.integer | str) else ""
            return f"{described(self._origin + row + at)}{named}"

        kept = np.flatnonzero(passing(self._predicate, columns, operator="filter", row_name=row_name))
        if len(kept) < num_rows(columns):
            columns = {name: take(column, kept) for name, column in columns.items()}
        return columns, kept

    def _of(self, batch: Any, kept: NDArray[np.int64], row: int) -> dict[str, Column]:
        import pyarrow as pa

        def row_name(at: int) -> str:
            return f"row {row + int(kept[at]):,}"

        if len(kept) < batch.num_rows:
            batch = batch.take(pa.array(kept))
        return columns_of(batch, where=self._where, row_name=row_name)
