"""Windows, against the buffers of the paper written out as lists."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.triggers import AmountWindow, Arrivals, TimeWindow
from headwater.triggers.window import Seen, Window, Windows

Sample = tuple[int, int]  # key, second


@dataclass
class Buffers:
    """Modyn's buffers sample by sample: reference, reservoir or exclusive, current."""

    amounts: tuple[int, int] | None
    limits: tuple[int, int]
    overlap: bool
    ref: list[Sample] = field(default_factory=list)
    aside: list[Sample] = field(default_factory=list)  # the reservoir, or what is new since the last trigger
    cur: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.cur.append(sample)
        out = self._pushed_out(sample[1])
        self.cur = self.cur[len(out) :]
        self.aside += [sample] if self.overlap else out
        self.aside = self._kept_aside(sample[1])

    def trigger(self) -> None:
        new = self.aside if self.overlap else self.aside + self.cur
        self.ref = self.ref + new
        if self.amounts:
            self.ref = self.ref[-self.amounts[0] :]
        elif self.ref:
            self.ref = [s for s in self.ref if s[1] >= self.ref[-1][1] - self.limits[0]]
        self.aside = []
        self.cur = self.cur if self.overlap else []

    def _pushed_out(self, now: int) -> list[Sample]:
        if self.amounts:
            return self.cur[: max(len(self.cur) - self.amounts[1], 0)]
        return [s for s in self.cur if s[1] < now - self.limits[1]]

    def _kept_aside(self, now: int) -> list[Sample]:
        if self.amounts is None:
            return [s for s in self.aside if s[1] >= now - self.limits[0]]
        room = self.amounts[0] if self.overlap else max(self.amounts[0] - self.amounts[1], 0)
        return self.aside[-room:] if room else []


def pairs(seen: Seen) -> list[Sample]:
    return list(zip(seen.keys.tolist(), seen.times.astype("datetime64[s]").astype(np.int64).tolist()))


def follow(window: Window, buffers: Buffers, steps: list[tuple[int, int, bool]]) -> None:
    windows, key, second = Windows(), 0, 0
    for num, gap, fires in steps:
        samples = [(key + i, second + i * gap) for i in range(num)]
        key, second = key + num, second + num * gap
        times = np.array([when for _, when in samples], np.int64).astype("datetime64[s]")
        windows = window.slide(windows, Arrivals.of([key for key, _ in samples], times))
        for sample in samples:
            buffers.add(sample)
        assert pairs(window.current(windows)) == buffers.cur
        assert pairs(windows.ref) == buffers.ref
        if fires:
            windows = window.turn(windows)
            buffers.trigger()


steps = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.booleans()), max_size=15)


@given(st.integers(2, 12), st.integers(2, 12), st.booleans(), steps)
def test_amount_windows_hold_what_the_paper_says(
    ref: int, cur: int, overlap: bool, steps: list[tuple[int, int, bool]]
) -> None:
    follow(AmountWindow(ref, cur, overlap=overlap), Buffers((ref, cur), (0, 0), overlap), steps)


@given(st.integers(1, 30), st.integers(1, 30), st.booleans(), steps)
def test_time_windows_hold_what_the_paper_says(
    ref: int, cur: int, overlap: bool, steps: list[tuple[int, int, bool]]
) -> None:
    follow(TimeWindow(ref, cur, overlap=overlap), Buffers(None, (ref, cur), overlap), steps)


@given(st.integers(2, 12), st.integers(2, 12), steps)
def test_no_sample_is_held_twice_while_the_current_window_fills(
    ref: int, cur: int, steps: list[tuple[int, int, bool]]
) -> None:
    """Modyn's amount window put samples into its reservoir while they were still in the current window."""
    window, windows, key = AmountWindow(ref, cur), Windows(), 0
    for num, _, fires in steps:
        times = np.zeros(num, "datetime64[us]")
        windows = window.slide(windows, Arrivals.of(range(key, key + num), times))
        key += num
        held = np.concatenate((windows.ref.keys, windows.carried.keys, windows.fresh.keys))
        assert len(np.unique(held)) == len(held)
        windows = window.turn(windows) if fires else windows


@pytest.mark.parametrize("overlap", [False, True])
def test_memory_stays_bounded_without_a_trigger(overlap: bool) -> None:
    window, windows = AmountWindow(50, 20, overlap=overlap), Windows()
    for start in range(0, 10_000, 500):
        windows = window.slide(windows, Arrivals.of(range(start, start + 500), np.zeros(500, "datetime64[us]")))
    assert len(windows.fresh) == 50
    assert window.current(windows).keys.tolist() == list(range(9_980, 10_000))
