"""How to keep many models small? A zoo keeps versions of models as exact differences, with their lineage.

from headwater import zoo

keep = zoo.open("zoo.hw")
first = keep.add(model.state_dict(), name="january", selection=chosen, facts={"auc": 0.71})
second = keep.add(model.state_dict(), parent=first)
keep.load(second)
"""

from headwater.zoo.answers import Collected, Damage, Lineage, Seen
from headwater.zoo.damage import VariantCorruptError
from headwater.zoo.variant import Variant
from headwater.zoo.zoo import Zoo, open  # noqa: A004 - it reads as zoo.open(...)

__all__ = ["Collected", "Damage", "Lineage", "Seen", "Variant", "VariantCorruptError", "Zoo", "open"]
