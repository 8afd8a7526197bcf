"""Train when all of several policies have said so."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.triggers.policy import Policy
from headwater.triggers.together import Together


@dataclass(frozen=True, init=False)
class AllOf(Together, kind="all_of"):
    """Fires once each of its members has fired since it last did; a member's word is remembered until then.

    >>> from headwater.triggers import Amount, Arrivals, replay
    >>> arrivals = Arrivals.of(range(10), ["2013-01-01"] * 10)
    >>> [fired.position for fired in replay(AllOf(Amount(4), Amount(3)), arrivals).fired]
    [4, 8]
    """

    of: tuple[Policy, ...]

    restart: bool = False
    """Whether a trigger makes every member begin anew, as if each had fired there."""

    def __init__(self, *of: Policy, restart: bool = False) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "restart", restart)
        self.__post_init__()

    def __post_init__(self) -> None:
        self.check()

    @property
    def num_needed(self) -> int:
        """Every flag."""
        return len(self.of)
