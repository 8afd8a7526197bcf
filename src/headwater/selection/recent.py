"""The newest by event time."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from headwater.core.errors import ConfigError, SelectionError
from headwater.core.scorer import Scorer
from headwater.core.unit import parse_duration_s
from headwater.selection.all import All
from headwater.selection.policy import Pick, Policy
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, num_of


@dataclass(frozen=True)
class Recent(Policy, kind="recent"):
    """Chooses the last `limit` samples, those at most `duration` older than the newest, or what is both.

    Time is event time; of two samples at the same time the one with the larger key is the newer.
    """

    limit: int | None = None
    _: KW_ONLY
    duration: int | float | str | None = None
    """Seconds, or a text such as ``"30d"``, back from the newest sample of `within`, both ends included."""

    within: Policy = field(default_factory=All)

    def __post_init__(self) -> None:
        where = f"Recent(limit={self.limit!r}, duration={self.duration!r})"
        if self.limit is None and self.duration is None:
            raise SelectionError(
                "how far back is not said.", where=where, remedy="Give limit=50_000 or duration='30d'."
            )
        check_share("Recent", fraction=None, limit=self.limit, is_needed=False)
        try:
            is_positive = self.duration is None or 0 < parse_duration_s(self.duration) < 1e11
        except (ConfigError, TypeError, ValueError):
            is_positive = False
        if not is_positive:
            raise SelectionError("that is no length of time.", where=where, remedy="Write seconds or '30d'.")

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return the newest rows of what `within` picks."""
        inner = self.within.pick(pool, rng=rng, scorer=scorer)
        times = pool.times[inner.rows]
        order = np.argsort(times, kind="stable")  # rows ascend by key, and equal times keep that order
        newest_first = order[::-1][: num_of(len(inner), fraction=None, limit=self.limit)]
        if self.duration is not None and len(inner):
            back = np.timedelta64(round(parse_duration_s(self.duration) * 1e6), "us")
            newest_first = newest_first[times[newest_first] >= times.max() - back]
        return inner.narrow(newest_first)
