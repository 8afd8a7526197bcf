"""Train when any of several policies says so."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.triggers.policy import Policy
from headwater.triggers.together import Together


@dataclass(frozen=True, init=False)
class AnyOf(Together, kind="any_of"):
    """Fires with the first of its members.

    >>> from headwater.triggers import Amount, Arrivals, replay
    >>> arrivals = Arrivals.of(range(10), ["2013-01-01"] * 10)
    >>> [fired.position for fired in replay(AnyOf(Amount(4), Amount(6)), arrivals).fired]
    [4, 6, 8]
    """

    of: tuple[Policy, ...]

    restart: bool = False
    """Whether a trigger makes *every* member begin anew, as if each had fired: then ``Amount(20_000)`` counts
    from the last training, and `Drift` compares with the data before it. False is Modyn's meaning: members
    do not know of each other."""

    def __init__(self, *of: Policy, restart: bool = False) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "restart", restart)
        self.__post_init__()

    def __post_init__(self) -> None:
        self.check()

    @property
    def num_needed(self) -> int:
        """One flag is enough."""
        return 1
