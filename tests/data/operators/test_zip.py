"""Elements side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError


def letters(count: int) -> data.Dataset:
    return data.from_arrays({"letter": pa.array([chr(97 + i) for i in range(count)])})


def test_plain_values_become_tuples_up_to_the_shortest(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(5).zip(data.range(10, 13)), [(0, 10), (1, 11), (2, 12)])
    laws(
        lambda: data.zip(data.range(3), data.range(3).map(str), data.range(9)),
        [(i, str(i), i) for i in range(3)],
    )
    laws(lambda: data.range(5).zip(data.range(0)), [])


def test_dicts_of_different_names_become_one(laws: Callable[..., None]) -> None:
    rows = {"x": np.arange(4, dtype=np.float32)}
    expected = [{"x": np.float32(i), "letter": chr(97 + i)} for i in range(3)]
    laws(lambda: data.from_arrays(rows).zip(letters(3)), expected)
    laws(lambda: data.from_arrays(rows).zip(letters(3).map(dict)), expected)
    laws(lambda: data.range(2).zip(letters(3)), [(0, {"letter": "a"}), (1, {"letter": "b"})])


def test_names_make_a_dict_of_what_each_gives(laws: Callable[..., None]) -> None:
    laws(lambda: data.zip(a=data.range(2), b=data.range(5, 9)), [{"a": 0, "b": 5}, {"a": 1, "b": 6}])
    laws(
        lambda: letters(2).zip(data.range(2), names=("row", "n")),
        [{"row": {"letter": "a"}, "n": 0}, {"row": {"letter": "b"}, "n": 1}],
    )
    laws(
        lambda: data.zip(a=data.range(4), b=data.range(4).map(float)).batch(3),
        [
            {"a": np.arange(3), "b": np.arange(3.0)},
            {"a": np.array([3]), "b": np.array([3.0])},
        ],
    )


def test_filters_and_shuffles_inside_keep_their_own_pace(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        kept = data.range(40).filter(lambda x: x % 3 == 0)
        zipped = kept.zip(data.range(20).shuffle(5, seed=1), data.range(30).batch(2)).with_seed(4)
        return zipped.map(lambda element: (*element[:2], element[2].tolist()))

    inner = list(build())
    assert [element[0] for element in inner] == list(range(0, 40, 3))
    laws(build, inner)


def test_equal_shuffles_draw_different_orders() -> None:
    shuffled = data.range(20).shuffle()
    left, right = zip(*shuffled.zip(shuffled))
    assert left != right
    assert sorted(left) == sorted(right)


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_the_shortest_is_the_cardinality(counts: list[int]) -> None:
    dataset = data.zip(*map(data.range, counts))
    assert dataset.cardinality == len(list(dataset)) == min(counts)


def test_an_unknown_length_is_unknown_unless_another_is_empty() -> None:
    unknown = data.range(3).filter(bool)
    assert data.range(3).zip(unknown).cardinality is None
    assert data.range(0).zip(unknown).cardinality == 0
    assert data.range(3).zip(data.range(2).repeat()).cardinality == 3


def test_columns_of_one_name_are_refused() -> None:
    for second in (letters(3), letters(3).map(dict)):
        with pytest.raises(DataError, match=r"row 0.*several of the datasets have `letter`.*data\.zip\(left=a"):
            list(letters(3).zip(second))


def test_what_cannot_be_zipped_is_refused() -> None:
    wrong: list[Callable[[], Any]] = [
        lambda: data.zip(),
        lambda: data.zip(data.range(1), b=data.range(1)),
        lambda: data.zip([1, 2]),  # type: ignore[arg-type]
        lambda: data.range(1).zip([1, 2]),  # type: ignore[arg-type]
        lambda: data.range(1).zip(data.range(1), names=("a", "a")),
        lambda: data.range(1).with_seed(1).zip(data.range(1).with_seed(2)),
    ]
    for call in wrong:
        with pytest.raises(DataError):
            call()


def test_the_one_seed_given_is_kept() -> None:
    assert data.range(1).zip(data.range(1).with_seed(3)).graph.seed == 3
