"""A number of elements that is held to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from headwater import data
from headwater.core.errors import DataError


def test_a_number_that_is_right_is_known(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).filter(lambda x: x % 2).assert_cardinality(4), [1, 3, 5, 7])
    laws(lambda: data.range(9).filter(lambda x: x > 9).assert_cardinality(0), [])
    assert len(data.range(9).filter(bool).assert_cardinality(8)) == 8
    assert data.range(9).filter(bool).repeat().assert_cardinality(math.inf).cardinality == math.inf


@pytest.mark.parametrize(("count", "text"), [(3, "gives more, not 3 elements"), (5, "gives 4 elements, not 5")])
@pytest.mark.parametrize("block_rows", [1, 2, 50])
def test_a_wrong_number_is_an_error_behind_the_elements_that_are_right(
    count: int, text: str, block_rows: int
) -> None:
    run = data.range(9).filter(lambda x: x % 2).assert_cardinality(count).iterate(block_rows=block_rows)
    assert [next(run) for _ in range(min(count, 4))] == [1, 3, 5, 7][:count]
    with pytest.raises(DataError, match=text):
        next(run)


@pytest.mark.parametrize("count", [-1, 1.5, 4])
def test_a_number_that_cannot_be_is_refused_at_once(count: Any) -> None:
    with pytest.raises(DataError, match="assert_cardinality"):
        data.range(3).assert_cardinality(count)
