"""How many: a fraction, a limit, or the lesser of both."""

from __future__ import annotations

import math
from fractions import Fraction

from headwater.core.errors import SelectionError


def num_of(num: int, *, fraction: float | None, limit: int | None) -> int:
    """Return how many of `num` are wanted: rounded down, but at least one of those there are.

    >>> num_of(100, fraction=0.29, limit=None)  # 100 * 0.29 is 28.999999999999996
    29
    """
    wanted = num if fraction is None else max(math.floor(num * exactly(fraction)), 1)
    return min(wanted, num, num if limit is None else limit)


def exactly(share: float) -> Fraction:
    """Return the decimal that was written, not the binary number nearest to it."""
    return Fraction(repr(float(share)))


def check_share(where: str, *, fraction: float | None, limit: int | None, is_needed: bool = True) -> None:
    """Raised: `SelectionError` unless `fraction` lies in (0, 1] and `limit` is at least 1."""
    shown = f"{where}(fraction={fraction!r}, limit={limit!r})"
    if is_needed and fraction is None and limit is None:
        raise SelectionError(
            "how many is not said.", where=f"{where}()", remedy="Give fraction=0.5 or limit=10_000."
        )
    if fraction is not None and not (isinstance(fraction, int | float) and 0 < fraction <= 1):
        raise SelectionError(
            "fraction must be above 0 and at most 1.", where=shown, remedy="A half is fraction=0.5."
        )
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise SelectionError(
            "limit must be a whole number, at least 1.", where=shown, remedy="Leave it out for no limit."
        )
