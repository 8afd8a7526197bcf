"""A bounded queue between one thread that makes blocks and one that uses them."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from headwater.data.block import Block
from headwater.data.cursor import State


@dataclass(frozen=True)
class Parcel:
    """A block and the state after it; no block at the end, and an error if that is why it ended."""

    block: Block | None
    state: State
    error: BaseException | None = None


class Channel:
    """Holds parcels of at most `capacity` elements, but always at least one parcel."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0
        self._parcels: deque[Parcel] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, parcel: Parcel) -> bool:
        """Wait for room and leave the parcel; False when nobody will take it any more."""
        size = len(parcel.block) if parcel.block is not None else 0
        with self._changed:
            while self._held and self._held + size > self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._parcels.append(parcel)
            self._held += size
            self._changed.notify_all()
            return True

    def get(self) -> Parcel | None:
        """Wait for the next parcel; None when closed."""
        with self._changed:
            while not self._parcels and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            parcel = self._parcels.popleft()
            self._held -= len(parcel.block) if parcel.block is not None else 0
            self._changed.notify_all()
            return parcel

    def close(self) -> None:
        """Wake both sides and refuse everything from now on."""
        with self._changed:
            self._closed = True
            self._parcels.clear()
            self._held = 0
            self._changed.notify_all()
