"""A source answers which keys are there and what their rows are."""

from __future__ import annotations

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
        at = self._places.of(keys)
        if (at < 0).any():
            raise HeadwaterError(
                f"key {int(keys[at < 0][0])} was not selected.", remedy="Ask for keys that `keys()` returns."
            )
        return {**self.source.read(keys), "weight": self.selection.weights[at]}

    def read_at(self, places: NDArray[np.int64]) -> Block:
        """The rows of ``keys()[places]``, as `read` gives them: who knows the places need not look them up."""
        rows = self.source.read(self.selection.keys[places])
        return {**rows, "weight": self.selection.weights[places]}
