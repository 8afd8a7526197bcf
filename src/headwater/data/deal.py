"""Several inputs dealt out in an order of choices: which of them gives the next element, and the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Block, join
from headwater.data.carry import Carry
from headwater.data.cursor import Env, Opened, State, resume

Choices = NDArray[np.intp]


class Deal:
    """Inputs from which a block of choices is served in one go: one pull for each, one join and one gather."""

    def __init__(
        self, parts: Sequence[Opened], env: Env, states: Sequence[State | None], first: int = 0
    ) -> None:
        self._carries = [
            Carry(resume(part, env.into(first + number), state))
            for number, (part, state) in enumerate(zip(parts, states, strict=True))
        ]

    def serve(self, choices: Choices) -> tuple[Block | None, int | None]:
        """The elements for `choices`, in that order, and the input that has none left for the next.

        They end before the first choice for which its input has no element.
        """
        wanted = np.bincount(choices, minlength=len(self._carries))
        short = [
            number for number in np.flatnonzero(wanted).tolist() if not self._hold(number, int(wanted[number]))
        ]
        ended = None
        if short:
            cuts = [int(np.flatnonzero(choices == number)[self._carries[number].held]) for number in short]
            first = min(cuts)
            ended, choices = short[cuts.index(first)], choices[:first]
        return (self._dealt(choices) if len(choices) else None), ended

    def states(self) -> list[State]:
        """That of each input before the first of its elements that was not given."""
        return [carry.state() for carry in self._carries]

    def close(self) -> None:
        """Close all inputs."""
        for carry in self._carries:
            carry.close()

    def _hold(self, number: int, count: int) -> bool:
        carry = self._carries[number]
        while carry.held < count:
            if not carry.pull(count - carry.held):
                return False
        return True

    def _dealt(self, choices: Choices) -> Block:
        counts = np.bincount(choices, minlength=len(self._carries)).tolist()
        parts = [carry.take(count) for carry, count in zip(self._carries, counts) if count]
        if len(parts) == 1:
            return parts[0]
        # In the joined block the elements are sorted by input: where a choice went to is where it comes from.
        sources = np.empty(len(choices), np.intp)
        sources[np.argsort(choices, kind="stable")] = np.arange(len(choices))
        return join(parts).take(sources)
