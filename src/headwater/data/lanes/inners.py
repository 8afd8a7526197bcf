"""The inner datasets of an operator: taken in the order of the input, each read in its own."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.core.errors import DataError
from headwater.data.cursor import Cursor, State
from headwater.data.lanes.ahead import Ahead
from headwater.data.lanes.elements import Elements, Making, Mark
from headwater.data.lanes.lane import Lane


class Inners:
    """`source` stands before element `number`; used are the elements in `live`, and those from `fresh` on."""

    def __init__(
        self, making: Making, source: Cursor, *, number: int, fresh: int, live: Mapping[int, State | None]
    ) -> None:
        elements = Elements(making, source, number=number, fresh=fresh, live=live)
        self._ahead = Ahead(elements, making.env.options)
        self._env = making.env
        self.take = self._ahead.take
        self.give = self._ahead.give
        self.drop = self._ahead.drop
        self.close = self._ahead.close

    def ready(self, lane: Lane, limit: int, *, wait: bool = True) -> bool:
        """As `Ahead.ready`; of a lane that failed, the rest is passed over where errors are ignored."""
        try:
            return self._ahead.ready(lane, limit, wait=wait)
        except DataError as error:
            if not self._ahead.has_failed(lane):
                raise
            self._env.pass_over(error, cause=error.__cause__)
            self._ahead.forgive(lane)
        return False

    def next_mark(self) -> Mark:
        """The place in the input of the element to be taken next."""
        mark: Mark = self._ahead.mark()
        return mark
