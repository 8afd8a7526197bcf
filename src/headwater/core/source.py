"""A source answers which keys are there and what their rows are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.errors import HeadwaterError
from headwater.core.key import Keys, Places, contains
from headwater.core.selection import Selection
from headwater.core.spec import Block, ColumnSpec, Spec


@runtime_checkable
class Source(Protocol):
    """Anything with keyed rows; `samples.Samples` is one, and so may your own class be."""

    @property
    def spec(self) -> Spec:
        """The columns that `read` returns."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest that changes when any row, key or column does."""
        ...

    def keys(self) -> Keys:
        """All keys, ascending."""
        ...

    def read(self, keys: Keys) -> Block:
        """The rows of `keys`, in the order asked for; each key may be asked for repeatedly."""
        ...


@runtime_checkable
class Narrow(Source, Protocol):
    """A source that reads some columns without the others, as `samples.Samples` does."""

    def read_columns(self, keys: Keys, columns: Sequence[str]) -> Block:
        """The rows of `keys`, as `read` gives them, with these columns alone."""
        ...


def read_columns(source: Source, keys: Keys, columns: Sequence[str] | None) -> Block:
    """Read `columns`, all if left out; a source that can read some alone is asked for those."""
    if columns is None:
        return source.read(keys)
    if callable(getattr(source, "read_columns", None)):
        found: Block = source.read_columns(keys, columns)  # type: ignore[attr-defined]  # as `Narrow`
        return found
    rows = source.read(keys)
    return {name: rows[name] for name in columns}


def reads_apart(source: Source) -> bool:
    """Whether some columns of `source` are read without the others."""
    while isinstance(source, Selected):
        source = source.source
    return callable(getattr(source, "read_columns", None))


class Selected:
    """The rows of a source that a selection chose, with their ``weight`` as one more column.

    This is what the loop hands to a flow: ``flow(Selected(stream, selection))``.

    `identity` is for a source whose rows never change under their keys: then new samples in it do not make
    another dataset of an old selection, and a training that was killed goes on after they came.
    """

    def __init__(self, source: Source, selection: Selection, *, identity: str | None = None) -> None:
        missing = ~contains(selection.keys, source.keys())
        if missing.any():
            raise HeadwaterError(
                f"{int(missing.sum())} selected keys are not in the source, "
                f"the first is {int(selection.keys[missing][0])}.",
                remedy="They may have been deleted: open the version that the selection was made on.",
            )
        if "weight" in source.spec:
            raise HeadwaterError(
                "the source has a column `weight` already.",
                remedy="Rename it: the selection's weight takes this name.",
            )
        self.source = source
        self.selection = selection
        self._identity = identity

    @cached_property
    def _places(self) -> Places:
        return Places(self.selection.keys)

    @property
    def spec(self) -> Spec:
        """The source's columns and ``weight``."""
        return Spec((*self.source.spec.columns, ("weight", ColumnSpec("float32"))))

    @property
    def fingerprint(self) -> str:
        """The digest of the source's fingerprint, or identity, and the selection's digest."""
        return digest_of([self._identity or self.source.fingerprint, self.selection.digest])

    def keys(self) -> Keys:
        """The selected keys, ascending."""
        return self.selection.keys

    def read(self, keys: Keys) -> Block:
        """The rows of `keys` with the weight each was selected with."""
        at = self._selected(keys)
        return {**self.source.read(keys), "weight": self.selection.weights[at]}

    def read_columns(self, keys: Keys, columns: Sequence[str]) -> Block:
        """Some columns of `read`; the source reads no others, if it can."""
        return self.read_at(self._selected(keys), columns)

    def read_at(self, places: NDArray[np.int64], columns: Sequence[str] | None = None) -> Block:
        """The rows of ``keys()[places]``, as `read` gives them: who knows the places need not look them up."""
        chosen = None if columns is None else [name for name in columns if name != "weight"]
        rows = read_columns(self.source, self.selection.keys[places], chosen) if chosen != [] else {}
        weight = {"weight": self.selection.weights[places]}
        return {**rows, **(weight if columns is None or "weight" in columns else {})}

    def _selected(self, keys: Keys) -> NDArray[np.int64]:
        at = self._places.of(keys)
        if (at < 0).any():
            raise HeadwaterError(
                f"key {int(keys[at < 0][0])} was not selected.", remedy="Ask for keys that `keys()` returns."
            )
        return at
