"""Train when at least n of several policies have said so."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.core.errors import TriggersError
from headwater.triggers.policy import Policy
from headwater.triggers.together import Together


@dataclass(frozen=True, init=False)
class AtLeast(Together, kind="at_least"):
    """Fires once `n` of its members have fired since it last did.

    >>> from headwater.triggers import Amount, Arrivals, replay
    >>> arrivals = Arrivals.of(range(10), ["2013-01-01"] * 10)
    >>> [fired.position for fired in replay(AtLeast(2, Amount(2), Amount(5), Amount(7)), arrivals).fired]
    [5, 7, 10]
    """

    n: int
    of: tuple[Policy, ...]

    restart: bool = False
    """Whether a trigger makes every member begin anew, as if each had fired there."""

    def __init__(self, n: int, *of: Policy, restart: bool = False) -> None:
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "restart", restart)
        self.__post_init__()

    def __post_init__(self) -> None:
        self.check()
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= len(self.of):
            raise TriggersError(
                f"n must lie between 1 and the number of policies, {len(self.of)}.",
                where=f"AtLeast(n={self.n!r})",
                remedy="The first argument is the number, the policies follow it.",
            )

    @property
    def num_needed(self) -> int:
        """`n` flags."""
        return self.n
