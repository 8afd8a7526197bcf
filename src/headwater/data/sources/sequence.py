"""Anything with a length and elements by number: a list, a torch-style dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from headwater.core.digest import digest_of
from headwater.core.errors import DataError
from headwater.data.block import Items, Positions
from headwater.data.sources.indexed import Indexed

# Lists of up to so many plain values are told apart by their values.
_MOST_VALUES = 100_000


@dataclass(frozen=True, eq=False)
class FromSequence(Indexed):
    """``sequence[0]``, ``sequence[1]``, ... as they are."""

    operator: ClassVar[str] = "from_sequence"
    columnar: ClassVar[bool] = False
    sequence: Any = field(repr=False)

    @cached_property
    def num_rows(self) -> int:
        """The length when the dataset was made."""
        return len(self.sequence)

    def items(self, positions: Positions) -> Items:
        """Through ``__getitems__``, where the sequence has it, as torch's datasets may; else one by one."""
        numbers = positions.tolist()
        many = getattr(self.sequence, "__getitems__", None)
        values: list[Any] = []
        try:
            values.extend(many(numbers) if callable(many) else map(self.sequence.__getitem__, numbers))
        except Exception as error:
            at = numbers[min(len(values), len(numbers) - 1)]
            raise self._failed(error, at if many is None or len(numbers) == 1 else None, numbers) from error
        if len(values) != len(numbers):
            raise DataError(
                f"__getitems__ returned {len(values)} elements for {len(numbers)} numbers.",
                where=f"data.{self.label}",
                remedy="It gives one element for each number, in the order asked for.",
            )
        return Items(values, positions)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """A fingerprint that the sequence tells, or short lists' values; else type and length."""
        told = getattr(self.sequence, "fingerprint", None)
        if isinstance(told, str):
            return {"fingerprint": told}
        kind = type(self.sequence)
        return {
            "type": f"{kind.__module__}.{kind.__qualname__}",
            "rows": self.num_rows,
            "values": self._digest(),
        }

    @property
    def label(self) -> str:
        """What it is and how long."""
        return f"{self.operator}({type(self.sequence).__name__}; {self.num_rows:,} elements)"

    def _digest(self) -> str | None:
        if not isinstance(self.sequence, list | tuple) or len(self.sequence) > _MOST_VALUES:
            return None
        try:
            return digest_of(list(self.sequence))
        except (TypeError, ValueError):
            return None

    def _failed(self, error: Exception, at: int | None, numbers: list[int]) -> DataError:
        place = (
            f"element {at:,}" if at is not None else f"one of the elements {min(numbers):,} to {max(numbers):,}"
        )
        return DataError(
            f"{type(error).__name__}: {error}.",
            where=f"data.{self.label}, {place}",
            remedy="Mend the sequence, or leave such elements out with .ignore_errors().",
        )


def check_sequence(sequence: Any, *, where: str) -> Any:
    """Refuse what has no length or no elements by number."""
    kind = type(sequence)
    if (
        not hasattr(kind, "__getitem__")
        or not hasattr(kind, "__len__")
        or isinstance(sequence, str | bytes | dict)
    ):
        raise DataError(
            f"a {kind.__name__} is no sequence.",
            where=where,
            remedy="It needs __len__ and __getitem__(number); for iterators use data.from_generator.",
        )
    return sequence
