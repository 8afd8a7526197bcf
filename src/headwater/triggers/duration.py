"""Lengths of event time, checked where a policy is made."""

from __future__ import annotations

from headwater.core.errors import ConfigError, TriggersError
from headwater.core.unit import parse_duration_s


def microseconds_of(duration: float | str, *, where: str) -> int:
    """Return whole microseconds of a number of seconds or a text such as ``"7d"``.

    Raised: `TriggersError` when it is neither, or not at least one microsecond.
    """
    try:
        seconds = parse_duration_s(duration)
    except ConfigError as error:
        raise TriggersError(error.problem, where=where, remedy=error.remedy) from error
    except (TypeError, ValueError) as error:
        problem = f"{duration!r} is not a duration."
        raise TriggersError(problem, where=where, remedy="Write seconds or a text like '7d'.") from error
    # 3,000 years: more would not fit into 64 bits of microseconds beside a date.
    if not 1e-6 <= seconds < 1e11:
        raise TriggersError(
            "a length of time must be positive and below 3,000 years.",
            where=where,
            remedy="Write seconds or a text like '7d'.",
        )
    return round(seconds * 1e6)
