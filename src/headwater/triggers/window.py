"""The two windows that drift compares: what the model was trained on, and what came of late.

Only keys and times are held; a model embeds them when a distance is wanted. Three buffers make both windows:

    carried ‖ fresh   the current window is the end of these two
    ref               the reference; when the policy fires it becomes the end of ``ref ‖ fresh``

`fresh` is what arrived since the last trigger. Without overlap `carried` is empty; with it, it is the
current window as it stood at the last trigger, so that window goes on sliding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from headwater.core.errors import TriggersError
from headwater.core.key import Keys, as_keys
from headwater.core.registry import Registered
from headwater.triggers.arrivals import Arrivals, Times
from headwater.triggers.duration import microseconds_of


@dataclass(frozen=True, eq=False)
class Seen:
    """Keys and event times of samples in the order they were seen."""

    keys: Keys = field(default_factory=lambda: np.empty(0, np.int64))
    times: Times = field(default_factory=lambda: np.empty(0, "datetime64[us]"))

    def __len__(self) -> int:
        return int(self.keys.size)

    def then(self, later: Seen | Arrivals) -> Seen:
        """These, then those."""
        return Seen(np.concatenate((self.keys, later.keys)), np.concatenate((self.times, later.times)))

    def last(self, num: int) -> Seen:
        """The last `num`."""
        start = max(len(self) - num, 0)
        return Seen(self.keys[start:], self.times[start:])

    def within(self, duration_us: int) -> Seen:
        """Those at most `duration_us` older than the newest."""
        if len(self) == 0:
            return self
        keep = self.times >= self.times.max() - np.timedelta64(duration_us, "us")
        return Seen(self.keys[keep], self.times[keep])

    def to_tree(self) -> dict[str, list[int]]:
        """Return JSON values; times as microseconds since 1970."""
        return {"keys": self.keys.tolist(), "times": self.times.astype(np.int64).tolist()}

    @staticmethod
    def from_tree(tree: Mapping[str, Any]) -> Seen:
        """Return what `to_tree` wrote."""
        times = np.array(tree["times"], np.int64).astype("datetime64[us]")
        keys = as_keys(tree["keys"])
        if keys.shape != times.shape:
            raise ValueError(f"{keys.size} keys but {times.size} times")
        return Seen(keys, times)


@dataclass(frozen=True, eq=False)
class Windows:
    """The three buffers."""

    ref: Seen = field(default_factory=Seen)
    fresh: Seen = field(default_factory=Seen)
    carried: Seen = field(default_factory=Seen)

    def to_tree(self) -> dict[str, Any]:
        """Return JSON values."""
        return {name: seen.to_tree() for name, seen in vars(self).items()}

    @staticmethod
    def from_tree(tree: Mapping[str, Any]) -> Windows:
        """Return what `to_tree` wrote."""
        return Windows(*(Seen.from_tree(tree[name]) for name in ("ref", "fresh", "carried")))


class Window(Registered, ABC, family="triggers.window"):
    """How long the reference and the current window are."""

    overlap: bool

    @abstractmethod
    def cut(self, seen: Seen, *, to: str) -> Seen:
        """Return the end of `seen` that fits the window called `to`: "ref", "cur", or the longer of both."""

    def slide(self, windows: Windows, arrivals: Arrivals) -> Windows:
        """Take in arrivals."""
        return Windows(windows.ref, self.cut(windows.fresh.then(arrivals), to="longer"), windows.carried)

    def current(self, windows: Windows) -> Seen:
        """Return the current window."""
        return self.cut(windows.carried.then(windows.fresh), to="cur")

    def turn(self, windows: Windows) -> Windows:
        """Make what is new the reference, as a trigger does."""
        ref = self.cut(windows.ref.then(windows.fresh), to="ref")
        return Windows(ref, Seen(), self.current(windows) if self.overlap else Seen())


@dataclass(frozen=True)
class AmountWindow(Window, kind="amount"):
    """Windows of a number of samples."""

    ref: int = 1_000
    """Samples in the reference window, at least 2."""

    cur: int = 1_000
    """Samples in the current window, at least 2."""

    _: KW_ONLY
    overlap: bool = False
    """Whether the current window keeps samples from before the last trigger."""

    def __post_init__(self) -> None:
        for name, size in (("ref", self.ref), ("cur", self.cur)):
            if isinstance(size, bool) or not isinstance(size, int) or size < 2:
                raise TriggersError(
                    f"{name} must be a whole number, at least 2.",
                    where=f"AmountWindow(ref={self.ref!r}, cur={self.cur!r})",
                    remedy="A distance needs two samples on either side; 1,000 is usual.",
                )

    def cut(self, seen: Seen, *, to: str) -> Seen:
        """Keep the last so many."""
        return seen.last(max(self.ref, self.cur) if to == "longer" else self.ref if to == "ref" else self.cur)


@dataclass(frozen=True)
class TimeWindow(Window, kind="time"):
    """Windows of a length of event time, counted back from the newest sample in them, both ends included."""

    ref: int | float | str
    """Seconds, or a text such as ``"7d"``."""

    cur: int | float | str
    """Seconds, or a text such as ``"7d"``."""

    _: KW_ONLY
    overlap: bool = False
    """Whether the current window keeps samples from before the last trigger."""

    def __post_init__(self) -> None:
        _ = self._lengths_us  # bad ones are refused here

    def cut(self, seen: Seen, *, to: str) -> Seen:
        """Keep what is young enough."""
        ref, cur = self._lengths_us
        return seen.within(max(ref, cur) if to == "longer" else ref if to == "ref" else cur)

    @property
    def _lengths_us(self) -> tuple[int, int]:
        where = f"TimeWindow(ref={self.ref!r}, cur={self.cur!r})"
        return microseconds_of(self.ref, where=where), microseconds_of(self.cur, where=where)
