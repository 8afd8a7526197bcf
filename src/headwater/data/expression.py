"""An Arrow expression given by the user: its text, the columns it reads, and what identifies it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headwater.core.digest import digest_of
from headwater.core.errors import DataError
from headwater.data.term import Term, read_term


def is_expression(value: Any) -> bool:
    """Whether `value` is a `pyarrow.compute.Expression`, found out without loading Arrow."""
    kind = type(value)
    return kind.__name__ == "Expression" and kind.__module__.startswith("pyarrow")


@dataclass(frozen=True, eq=False)
class Expression:
    """A `pyarrow.compute.Expression` of columns of a row.

    >>> import pyarrow.compute as pc
    >>> Expression((pc.field("x") > 3) & pc.field("name").is_valid()).columns
    ('x', 'name')
    """

    arrow: Any

    def __post_init__(self) -> None:
        if not is_expression(self.arrow):
            raise DataError(
                f"{self.arrow!r} is not an expression.",
                remedy='Write one of columns: pyarrow.compute.field("x") * 2.',
            )
        _ = self.term  # what cannot be written down is refused now, not when it runs

    @cached_property
    def term(self) -> Term:
        """The expression as a tree."""
        import pyarrow as pa

        try:
            return read_term(self.arrow)
        except pa.ArrowException as error:
            raise DataError(
                f"the expression {self.arrow} has no written form: {error}.",
                remedy='Name columns, do not number them: pyarrow.compute.field("x").',
            ) from error

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it reads."""
        return self.term.columns

    @cached_property
    def fingerprint(self) -> str:
        """A digest of functions, options, columns and constants."""
        return digest_of(self.term.identity)

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return str(self.term)

    def __reduce__(self) -> Any:
        return Expression, (self.arrow,)
