"""On which samples do we train? Policies that choose keys and weights from a pool.

>>> from headwater import selection
>>> which = selection.Union(selection.Margin(0.5), selection.Uniform(limit=5_000, within=selection.Old()))
"""

from headwater.selection.all import All
from headwater.selection.balanced import Balanced
from headwater.selection.freshness import Freshness
from headwater.selection.margin import Margin
from headwater.selection.new import New
from headwater.selection.old import Old
from headwater.selection.policy import Policy
from headwater.selection.pool import Pool
from headwater.selection.recent import Recent
from headwater.selection.uniform import Uniform
from headwater.selection.union import Union

__all__ = [
    "All",
    "Balanced",
    "Freshness",
    "Margin",
    "New",
    "Old",
    "Policy",
    "Pool",
    "Recent",
    "Uniform",
    "Union",
]
