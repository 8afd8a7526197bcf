"""What a function says of the columns it has to do with, and what follows from it.

``reads=("a", "b")``: it is given these columns and no others. ``writes=("y",)``: it returns exactly these, and
every other column of the element stays as it is. With both, the engine knows which columns the function needs
and which it changes: sources read no others, and a filter on other columns goes before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.data.function import Function
from headwater.data.rows import RowWriter


@dataclass(frozen=True)
class Declared:
    """The columns that a function reads and writes; None where it has not said."""

    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None

    @property
    def says(self) -> bool:
        """Whether anything was said."""
        return self.reads is not None or self.writes is not None

    @property
    def text(self) -> str:
        """The arguments as one writes them."""
        shown = [f"{name}={value!r}" for name, value in vars(self).items() if value is not None]
        return ", ".join(shown)

    def seen(self, given: Any, where: str) -> Mapping[str, Any]:
        """The columns that the function is given, of an element or of a block."""
        if not isinstance(given, Mapping):
            raise _no_columns(given, where)
        for name in self.reads or ():
            if name not in given:
                remedy = did_you_mean(name, sorted(given))
                raise DataError(f"there is no column `{name}`.", where=where, remedy=remedy)
        return given if self.reads is None else {name: given[name] for name in self.reads}

    def joined(self, given: Mapping[str, Any], result: Any, where: str) -> dict[str, Any]:
        """The element, or block, with what the function made of it; only for one that writes."""
        if not isinstance(result, Mapping):
            raise _no_columns(result, where)
        if result.keys() != set(self.writes or ()):
            raise DataError(
                f"it returned {list(result)}, but writes={self.writes!r}.",
                where=where,
                remedy="Return exactly the columns that it writes.",
            )
        return {**given, **result}

    def all_seen(self, elements: list[Any], where: Callable[[int], str]) -> list[Any]:
        """`seen` of each element; `where` names one of them."""
        names = self.reads
        if names is not None:
            try:
                return [{name: element[name] for name in names} for element in elements]
            except (KeyError, TypeError, IndexError):
                pass  # told below, with the element
        return [
            element if self.reads is None and isinstance(element, Mapping) else self.seen(element, where(at))
            for at, element in enumerate(elements)
        ]

    def all_joined(self, elements: list[Any], results: list[Any], where: Callable[[int], str]) -> list[Any]:
        """`joined` of each element and its result."""
        names = set(self.writes or ())
        return [
            {**element, **result}
            if isinstance(result, Mapping) and result.keys() == names
            else self.joined(element, result, where(at))
            for at, (element, result) in enumerate(zip(elements, results))
        ]


NOTHING = Declared()
"""The function has said nothing."""


def declare(
    function: Function, reads: Iterable[str] | None, writes: Iterable[str] | None, *, operator: str
) -> Declared:
    """Check what a user says."""
    names = {"reads": reads, "writes": writes}
    if (reads is not None or writes is not None) and isinstance(function.call, RowWriter):
        raise DataError(
            "a RowWriter says itself what it writes.",
            where=function.where(operator),
            remedy="Leave reads= and writes= out.",
        )
    for what, given in names.items():
        if isinstance(given, str):
            raise DataError(
                f"{what}={given!r} is one text.", where=function.where(operator), remedy=f"Write ({given!r},)."
            )
    found = Declared(*(None if given is None else tuple(given) for given in names.values()))
    for what, declared in vars(found).items():
        if declared is not None and (not declared or len(set(declared)) < len(declared)):
            raise DataError(
                f"{what}={declared!r} names {'a column twice' if declared else 'no column'}.",
                where=function.where(operator),
                remedy=f"Name each column once, or leave {what} out.",
            )
    return found


def _no_columns(value: Any, where: str) -> DataError:
    return DataError(
        f"a {type(value).__name__} has no columns, but reads= or writes= name some.",
        where=where,
        remedy="Leave them out for plain values.",
    )
