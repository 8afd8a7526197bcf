"""A function of one element and of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from headwater.data.chain import Numbered
from headwater.data.cursor import Env
from headwater.data.draws import Draws, draws_of
from headwater.data.graph import upstream
from headwater.data.operators.map import Map
from headwater.data.operators.writing import Writing, writes


@dataclass(frozen=True, eq=False)
class RandomMap(Map):
    """`function` of each element and its `Draws`.

    The draws hang on the seed, the pass of each `repeat` around, and the element's number in this pass: its
    place among those that come in. So two passes of a `repeat` before or after it draw differently, and so do
    equal elements in one pass; a restored run and any number of workers draw the same. Hence no `shuffle`,
    `skip` or `repeat` that is written after it may be moved before it, and it gives no random access.
    """

    numbered: ClassVar[bool] = True

    @property
    def random_access(self) -> bool:
        """No: in another order, an element would have another number."""
        return False

    @property
    def label(self) -> str:
        """The call that made it."""
        return super().label.replace(f"map({self.function.name}", f"map({self.function.name}, random=True", 1)

    @property
    def identity(self) -> dict[str, object]:
        """That of a map that is random."""
        return {**super().identity, "random": True}

    def numbered_step(self, env: Env) -> Numbered:
        """Call the function with the draws of the elements from number `first`."""
        number = sum(isinstance(node, RandomMap) for node in upstream(self.input))
        seed = env.seeds(None, "map", number).integer()

        def draws(first: int, count: int) -> list[Draws]:
            return draws_of(seed, first=first, count=count)

        if writes(self.function):
            return Writing(self.function, self.operator, draws)
        return lambda block, first: self.apply(block, draws(first, len(block)))
