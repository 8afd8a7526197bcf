"""When do we train? Policies that watch arrivals and say "train now, because".

>>> from headwater import triggers
>>> when = triggers.AnyOf(triggers.Amount(20_000), triggers.Drift("mmd", above=0.05))
"""

from headwater.triggers.all_of import AllOf
from headwater.triggers.amount import Amount
from headwater.triggers.any_of import AnyOf
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.at_least import AtLeast
from headwater.triggers.drift import Drift
from headwater.triggers.interval import Interval
from headwater.triggers.policy import Observed, Policy, Reading, Trigger, View
from headwater.triggers.replay import replay
from headwater.triggers.threshold import Quantile, Rolling, Static
from headwater.triggers.warmup import Warmup
from headwater.triggers.window import AmountWindow, TimeWindow

__all__ = [
    "AllOf",
    "Amount",
    "AmountWindow",
    "AnyOf",
    "Arrivals",
    "AtLeast",
    "Drift",
    "Interval",
    "Observed",
    "Policy",
    "Quantile",
    "Reading",
    "Rolling",
    "Static",
    "TimeWindow",
    "Trigger",
    "View",
    "Warmup",
    "replay",
]
