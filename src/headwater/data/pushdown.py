"""What sources may offer so that less is read: some columns alone, or only the rows that pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from headwater.data.expression import Expression
from headwater.data.graph import Node


@runtime_checkable
class Narrowing(Protocol):
    """A source that can give some of its columns without reading the others."""

    def column_names(self) -> tuple[str, ...]:
        """All that it gives, in their order."""
        ...

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """The same rows with these columns alone; its states are the source's."""
        ...


@runtime_checkable
class Sieving(Protocol):
    """A source that can leave rows out before it has made all of their columns."""

    def sieved(self, predicate: Expression) -> Node | None:
        """The rows for which `predicate` is true, with the positions they have; None if it cannot here."""
        ...


@dataclass(frozen=True)
class Wanted:
    """The columns that are used further on: those that must be there, and those that are used if they are."""

    needed: frozenset[str]
    welcome: frozenset[str] = frozenset()

    def and_needs(self, *names: str) -> Wanted:
        """Some more."""
        return Wanted(self.needed | frozenset(names), self.welcome)


# By these an error names the element it is about.
_NAMES_THE_ELEMENT = frozenset(("key", "__key__"))


def chosen_of(names: tuple[str, ...], wanted: Wanted) -> tuple[str, ...] | None:
    """The names to read of those there are; None for all, also where one is missing, which is told later."""
    if not wanted.needed <= set(names):
        return None
    read = wanted.needed | wanted.welcome | _NAMES_THE_ELEMENT
    # Without any column nobody would know how many rows there are.
    chosen = tuple(name for name in names if name in read) or names[:1]
    return None if len(chosen) == len(names) else chosen
