"""The first elements."""

from __future__ import annotations

from collections.abc import Callable

from headwater import data


def test_take_gives_the_first_and_no_more(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).filter(lambda x: x % 2 == 0).take(3), [0, 2, 4])
    laws(lambda: data.range(3).take(10), [0, 1, 2])
    laws(lambda: data.range(3).take(0), [])
