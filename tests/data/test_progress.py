"""How far a run is, told to a callback or on a terminal."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from headwater import data
from headwater.core.clock import FakeClock
from headwater.data.progress import watched


class Clock(FakeClock):
    def monotonic(self) -> float:
        self.advance(0.03)
        return self.time_s


def test_a_run_tells_how_many_of_how_many() -> None:
    told: list[Any] = []
    run = iter(data.range(5))
    assert list(run.progress(report=lambda *it: told.append(it))) == list(range(5))
    assert told == [(5, 5)]
    filtered = iter(data.range(5).filter(bool))
    assert len(list(filtered.progress(report=lambda *it: told.append(it)))) == 4
    assert told[1:] == [(4, None)]


def test_a_restored_run_does_not_know_how_many_are_left() -> None:
    told: list[Any] = []
    run = iter(data.range(5))
    next(run)
    again = data.range(5).restore(run.state())
    assert list(again.progress(report=lambda *it: told.append(it))) == [1, 2, 3, 4]
    assert told == [(4, None)]


def test_it_tells_now_and_then_and_at_the_end() -> None:
    told: list[Any] = []
    assert list(watched(range(10), total=10, report=lambda *it: told.append(it[0]), clock=Clock())) == [
        *range(10)
    ]
    assert 1 < len(told) < 10
    assert told == sorted(told)
    assert told[-1] == 10


def test_an_endless_dataset_has_no_total() -> None:
    told: list[Any] = []
    shown = watched(range(3), total=float("inf"), report=lambda *it: told.append(it))
    assert (list(shown), told) == ([0, 1, 2], [(3, None)])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_a_bar_is_drawn_only_where_someone_may_be_watching(
    kind: type[io.StringIO], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = kind()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert len(list(iter(data.range(7)).progress(name="rows"))) == 7
    assert ("rows" in terminal.getvalue()) == shown
    assert ("7/7" in terminal.getvalue()) == shown
