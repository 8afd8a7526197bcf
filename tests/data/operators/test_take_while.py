"""Elements up to the first no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_it_ends_before_the_first_no(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).map(lambda x: x % 5).take_while(lambda x: x < 3), [0, 1, 2])
    laws(lambda: data.range(4).take_while(lambda x: x < 9), [0, 1, 2, 3])
    laws(lambda: data.range(4).take_while(lambda x: x > 1), [])


def test_each_pass_begins_anew(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).take_while(lambda x: x < 2).repeat(2), [0, 1, 0, 1])


def test_nothing_behind_the_end_is_asked_for() -> None:
    asked = []

    def is_small(x: int) -> bool:
        asked.append(x)
        return x < 3

    assert list(data.range(100).take_while(is_small).iterate(block_rows=50)) == [0, 1, 2]
    assert asked == [0, 1, 2, 3]


def test_what_fails_behind_the_end_fails_nobody() -> None:
    def inverse(x: int) -> float:
        return 1 / (5 - x)

    dataset = data.range(9).map(inverse).take_while(lambda y: y < 1)
    assert len(list(dataset.iterate(block_rows=8))) == 4
    with pytest.raises(DataError, match="ZeroDivisionError"):
        list(data.range(9).map(inverse).take_while(lambda y: True).iterate(block_rows=8))


@pytest.mark.parametrize(
    ("answer", "text"),
    [(None, "returned None"), (np.ones(2), r"shape \[2\]"), (ValueError("no"), "ValueError: no")],
)
def test_an_answer_that_is_none_names_the_element(answer: Any, text: str) -> None:
    def predicate(x: int) -> Any:
        if x < 4:
            return True
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(DataError, match=rf"take_while\(predicate\).*row 4.*{text}"):
        list(data.range(9).take_while(predicate))
