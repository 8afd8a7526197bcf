"""Fold the elements, and give what comes of each step."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block, Items
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Unary
from headwater.data.operators.calling import carried, locate
from headwater.data.operators.map import KEEP
from headwater.data.small import from_json, to_json


@dataclass(frozen=True, eq=False)
class Scan(Unary):
    """``state, output = function(state, element)`` of one element after the other; the outputs."""

    operator: ClassVar[str] = "scan"
    fickle: ClassVar[bool] = True
    initial_state: Any
    function: Function
    keep: tuple[str, ...] = KEEP

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """The function with its first argument bound has a fingerprint of both."""
        bound = Function(functools.partial(self.function.call, self.initial_state))
        return {"function": bound.fingerprint, "keep": self.keep}

    @property
    def label(self) -> str:
        """The call, without the initial state, which may be long."""
        return f"scan(..., {self.function.name})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with the initial state, go on from the one kept, or fold again what came before."""
        if state is None or "carry" in state:
            return ScanCursor(self, env, state)
        cursor = ScanCursor(self, env, None)
        left = int(state["count"])
        while left > 0 and (block := cursor.next(left)) is not None:
            left -= len(block)
        return cursor


class ScanCursor:
    """State: the folded value and the input's state; or, if the value is large, how many outputs were given."""

    def __init__(self, node: Scan, env: Env, state: State | None) -> None:
        self._node = node
        self._env = env
        self._source = resume(node.input, env, state["input"] if state else None)
        # A copy, for a function may change it in place, and the next pass begins with it again.
        self._carry = copy.deepcopy(node.initial_state) if state is None else from_json(state["carry"])
        self._count = int(state["count"]) if state else 0

    def next(self, limit: int) -> Block | None:
        """Fold a block."""
        while (block := self._source.next(limit)) is not None:
            folded = self._fold(block)
            self._count += len(folded)
            if len(folded):
                return folded
        return None

    def state(self) -> State:
        """Small values as they are, or else the way back to them."""
        carry = to_json(self._carry)
        if carry is None:
            return {"count": self._count}
        return {"count": self._count, "carry": carry, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _fold(self, block: Block) -> Block:
        call, keep = self._node.function.call, self._node.keep
        carry, outputs, passed = self._carry, [], []
        elements = block.elements()
        for at, element in enumerate(elements):
            try:
                carry, output = call(carry, element)
            except Exception as error:  # noqa: BLE001 - passed on with the place, or passed over
                self._env.pass_over(self._failed(error, block, at), cause=error)
                continue
            if isinstance(element, dict) and isinstance(output, dict):
                output = carried(element, output, keep)
            outputs.append(output)
            passed.append(at)
        self._carry = carry
        return Items(outputs, block.positions[passed])

    def _failed(self, error: Exception, block: Block, at: int) -> DataError:
        failed = self._node.function.failed("scan", error, locate(block, at))
        if isinstance(error, TypeError | ValueError) and "unpack" in str(error):
            failed.remedy = "Return two values: the next state, and what to give for this element."
        return failed
