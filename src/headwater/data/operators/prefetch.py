"""Work ahead in a thread, so that making elements and using them overlap."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import ClassVar

from headwater.core.clock import Clock
from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.carry import Cut
from headwater.data.channel import Channel, Parcel
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Unary
from headwater.data.pace import Pace


@dataclass(frozen=True, eq=False)
class Prefetch(Unary):
    """The same elements; up to `count` of them are made before they are asked for."""

    operator: ClassVar[str] = "prefetch"
    transparent: ClassVar[bool] = True
    count: int = 2

    def __post_init__(self) -> None:
        if self.count < 1:
            raise DataError("at least 1 element is made ahead.", where=f".prefetch({self.count})")

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"prefetch({self.count})"

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open the input; its state is this operator's, for what is made ahead is made again."""
        return PrefetchCursor(self.count, resume(self.input, env, state), env.clock)


class PrefetchCursor(Cut):
    """The consumer's side. The thread starts when the first element is asked for, ends when this is dropped."""

    def __init__(self, count: int, source: Cursor, clock: Clock) -> None:
        super().__init__(_Ahead(count, source, clock))


class _Ahead:
    """Blocks that a thread makes; whatever reaches the consumer has its state with it."""

    def __init__(self, count: int, source: Cursor, clock: Clock) -> None:
        self._count = count
        self._source = source
        self._clock = clock
        self._channel = Channel(count)
        self._thread: threading.Thread | None = None
        self._state = source.state()
        self._ended = False

    def next(self, limit: int) -> Block | None:
        del limit  # the thread has chosen already
        if self._ended:
            return None
        if self._thread is None:
            self._start()
        parcel = self._channel.get()
        if parcel is None or parcel.block is None:
            self._ended = True
            if parcel is not None and parcel.error is not None:
                raise parcel.error
            return None
        self._state = parcel.state
        return parcel.block

    def state(self) -> State:
        return self._state

    def close(self) -> None:
        self._ended = True
        self._channel.close()
        if self._thread is None:
            self._source.close()
        elif self._thread is not threading.current_thread():
            self._thread.join()

    def _start(self) -> None:
        # The thread knows the channel, never this object: so an iterator that is dropped half-way is collected,
        # the channel closes, and the thread ends.
        pace = Pace(most=max(1, self._count // 2))
        self._thread = threading.Thread(
            target=_produce,
            args=(self._source, self._channel, pace, self._clock),
            name="headwater-prefetch",
            daemon=True,
        )
        weakref.finalize(self, self._channel.close)
        self._thread.start()


def _produce(source: Cursor, channel: Channel, pace: Pace, clock: Clock) -> None:
    try:
        while True:
            start_s = clock.monotonic()
            block = source.next(pace.limit)
            if block is not None:
                pace.observe(block, clock.monotonic() - start_s)
            if not channel.put(Parcel(block, source.state())) or block is None:
                return
    except BaseException as error:  # noqa: BLE001 - whatever it is, the consumer must hear of it
        channel.put(Parcel(None, {}, error))
    finally:
        source.close()
