from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


class Squares:
    """As torch's datasets are written: length and elements by number, nothing else."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> dict[str, Any]:
        self.asked.append(number)
        if number == 77:
            raise ValueError("broken")
        return {"x": number * number, "v": np.full(2, number)}


class Many(Squares):
    def __getitems__(self, numbers: list[int]) -> list[dict[str, Any]]:
        return [{"x": number * number} for number in numbers if number != 6]


def test_elements_obey_the_laws(laws: Callable[..., None]) -> None:
    expected = [{"x": number * number, "v": np.full(2, number)} for number in range(9)]
    laws(lambda: data.from_sequence(Squares(9)), expected)
    laws(lambda: data.from_sequence(["a", True, (1, 2)]), ["a", True, (1, 2)])
    laws(lambda: data.from_sequence([]), [])


def test_only_what_is_needed_is_asked_for() -> None:
    squares = Squares(1_000)
    rows = list(data.from_sequence(squares).shuffle(seed=3).skip(990))
    assert sorted(row["x"] for row in rows) == sorted(number * number for number in squares.asked)
    assert len(squares.asked) == 10


def test_a_shuffle_of_everything_obeys_the_laws(laws: Callable[..., None]) -> None:
    expected = list(data.from_sequence(Squares(9)).shuffle(seed=1))
    assert [row["x"] for row in expected] != [number * number for number in range(9)]
    laws(lambda: data.from_sequence(Squares(9)).shuffle(seed=1), expected)


def test_many_are_asked_for_at_once_where_the_sequence_can() -> None:
    batch = next(iter(data.from_sequence(Many(6)).batch(6)))
    assert batch["x"].tolist() == [0, 1, 4, 9, 16, 25]
    with pytest.raises(DataError, match=r"__getitems__ returned \d elements for \d numbers"):
        list(data.from_sequence(Many(7)))


def test_an_element_that_fails_is_named_with_its_number() -> None:
    with pytest.raises(
        DataError, match=r"from_sequence\(Squares; 100 elements\), element 77: ValueError: broken"
    ):
        list(data.from_sequence(Squares(100)))
    found = list(data.from_sequence(Squares(100)).ignore_errors(limit=1))
    assert [row["x"] for row in found] == [number * number for number in range(100) if number != 77]


def test_values_of_a_list_are_its_identity() -> None:
    first = data.from_sequence([1, 2]).fingerprint
    assert data.from_sequence([1, 2]).fingerprint == first
    assert data.from_sequence([1, 3]).fingerprint != first
    assert data.from_sequence(Squares(2)).fingerprint != data.from_sequence(Squares(3)).fingerprint


@pytest.mark.parametrize("wrong", ["text", {"a": 1}, iter([1]), 3, {1, 2}])
def test_what_is_no_sequence_is_refused(wrong: Any) -> None:
    with pytest.raises(DataError, match=r"data\.from_sequence: a \w+ is no sequence"):
        data.from_sequence(wrong)
