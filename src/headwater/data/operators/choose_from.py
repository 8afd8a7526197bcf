"""Several inputs in the order that another one dictates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, later, resume
from headwater.data.deal import Choices, Deal
from headwater.data.graph import Count, Merge
from headwater.data.operators.calling import locate


@dataclass(frozen=True, eq=False)
class ChooseFrom(Merge):
    """The first part gives numbers: which of the others, from 0, the next element comes from.

    With `stop_on_empty` the first that has no element left ends it; else choices of it are passed over.
    """

    operator: ClassVar[str] = "choose_from"
    fickle: ClassVar[bool] = True
    stop_on_empty: bool = True

    def __post_init__(self) -> None:
        if len(self.parts) < 2:
            raise DataError("there is no dataset to choose from.", where=f"data.{self.label}")

    @property
    def cardinality(self) -> Count:
        """Unknown, unless no choice is made."""
        return 0 if self.parts[0].cardinality == 0 else None

    @property
    def depth(self) -> int:
        """As deep as what is chosen from."""
        return max(part.depth for part in self.parts[1:])

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open all parts."""
        return ChooseFromCursor(self, env, state)


class ChooseFromCursor:
    """State: that of the choices before the first not served, which inputs have ended, and their states."""

    def __init__(self, node: ChooseFrom, env: Env, state: State | None) -> None:
        self._node = node
        self._carry = Carry(resume(node.parts[0], env.into(0), state["choices"] if state else None))
        inputs = state["inputs"] if state else [None] * (len(node.parts) - 1)
        self._deal = Deal(node.parts[1:], env, inputs, first=1)
        self._ended: list[int] = list(state["ended"]) if state else []
        self._before: State = self._carry.state()
        self._choices: Choices = np.empty(0, np.intp)
        self._used = 0

    def next(self, limit: int) -> Block | None:
        """Serve what is chosen; choices of inputs that have ended are dropped before."""
        while not (self._ended and self._node.stop_on_empty):
            if self._used == len(self._choices) and not self._pull(limit):
                return None
            waiting = self._choices[self._used : self._used + limit]
            alive = np.flatnonzero(~np.isin(waiting, self._ended))
            block, ended = self._deal.serve(waiting[alive])
            count = 0 if block is None else len(block)
            # Up to the first that was not served; passed over with it are dead choices in between.
            self._used += len(waiting) if count == len(alive) else int(alive[count])
            if ended is not None:
                self._ended.append(ended)
            if block is not None:
                return block
        return None

    def state(self) -> State:
        """Numbers and the parts' states."""
        waits = self._used < len(self._choices)
        choices = later(self._before, self._used) if waits else self._carry.state()
        return {"choices": choices, "ended": list(self._ended), "inputs": self._deal.states()}

    def close(self) -> None:
        """Close all parts."""
        self._carry.close()
        self._deal.close()

    def _pull(self, limit: int) -> bool:
        # A short dataset repeated comes in short blocks: serving each alone would cost more than the elements.
        while self._carry.held < limit and self._carry.pull(limit - self._carry.held):
            pass
        self._before = self._carry.state()
        if self._carry.held == 0:
            return False
        self._choices, self._used = self._numbers(self._carry.take(min(limit, self._carry.held))), 0
        return True

    def _numbers(self, block: Block) -> Choices:
        columns = block.columns if isinstance(block, Columns) else {}
        found = np.asarray(columns[BARE] if BARE in columns else block.elements())
        if found.ndim != 1 or found.dtype.kind not in "iub":
            raise self._wrong(block, 0)
        numbers = found.astype(np.intp)
        wrong = np.flatnonzero((numbers < 0) | (numbers >= len(self._node.parts) - 1))
        if len(wrong):
            raise self._wrong(block, int(wrong[0]))
        return numbers

    def _wrong(self, block: Block, at: int) -> DataError:
        return DataError(
            f"{block.elements()[at]!r} is no number of a dataset.",
            where=f"data.{self._node.label}, choice {locate(block, at)}",
            remedy=f"Choices are whole numbers from 0 to {len(self._node.parts) - 2}.",
        )
