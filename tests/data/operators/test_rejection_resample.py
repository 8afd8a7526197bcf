"""Another mixture of classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.core.rng import Seeds


def class_of(x: int) -> str:
    return "abc"[min(x % 10 // 4, 2)]  # 40 %, 40 %, 20 %


def test_classes_come_in_the_shares_of_the_target() -> None:
    target = {"a": 0.6, "b": 0.3, "c": 0.1}
    found = list(data.range(20_000).rejection_resample(class_of, target))
    assert found == sorted(set(found))
    counts = Counter(map(class_of, found))
    # Class a comes in most short of its share, so all of it is kept.
    assert counts["a"] == 8_000
    np.testing.assert_allclose([counts["b"], counts["c"]], [4_000, 8_000 / 6], rtol=0.06)


def test_an_element_is_kept_by_its_own_draw(laws: Callable[..., None]) -> None:
    draws = Seeds(5).child("data", "rejection_resample", 0, 0).generator().random(40)
    kept = {0: 0.25, 1: 1.0}
    expected = [x for x, draw in zip(range(40), draws) if draw < kept[x % 2]]
    laws(
        lambda: data.range(40).rejection_resample(lambda x: x % 2, [1, 4], initial=[0.5, 0.5], seed=5), expected
    )


def test_without_initial_shares_it_goes_on_from_any_state(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(50).rejection_resample(class_of, {"a": 1, "b": 2, "c": 1}).with_seed(2)

    laws(build, list(build()))
    assert 0 < len(list(build())) < 50


def test_what_comes_first_is_counted_and_then_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.data.operators.rejection_resample.PREFIX", 10)

    def kind(x: int) -> int:
        return x % 2 if x < 10 else 1

    dataset = data.range(2_000).rejection_resample(kind, [1, 1])
    assert list(dataset) == list(range(2_000))
    run = dataset.iterate(block_rows=3)
    for _ in range(5):
        next(run)
    assert run.state()["position"]["from"]["counts"] == [5, 5] or run.state()["position"]["counts"] == [5, 5]


def test_a_share_of_nothing_drops_the_class_and_one_never_seen_is_kept(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(10).rejection_resample(lambda x: x % 2, [0, 3]), [1, 3, 5, 7, 9])
    laws(lambda: data.range(4).rejection_resample(lambda x: 7, {7: 1, 8: 1}), [0, 1, 2, 3])
    laws(lambda: data.range(4).rejection_resample(lambda x: x, {9: 1} | dict.fromkeys(range(4), 0)), [])


def test_each_pass_draws_anew() -> None:
    twice = list(data.range(200).rejection_resample(lambda x: x % 2, [1, 5]).repeat(2))
    half = twice.index(1, twice.index(199))
    assert twice[:half] != twice[half:]


def test_a_class_that_is_not_in_the_target_is_named() -> None:
    with pytest.raises(
        DataError, match=r"rejection_resample\(class_of\).*row 8: the class 'c' is not in the target"
    ):
        list(data.range(20).rejection_resample(class_of, {"a": 1, "b": 1}))

    def broken(x: int) -> int:
        return {0: 0}[x]

    with pytest.raises(DataError, match=r"rejection_resample\(broken\).*row 1: KeyError: 1"):
        list(data.range(20).rejection_resample(broken, [1, 1]))


def test_errors_are_passed_over_once(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).rejection_resample(class_of, {"a": 1, "b": 1}).ignore_errors(4)

    laws(build, [x for x in range(20) if class_of(x) != "c"])


@pytest.mark.parametrize("target", [[], [0, 0], [1, -1], [1, float("inf")], {(1, 2): 1}, {1.5: 1}])
def test_shares_that_are_none_are_refused(target: Any) -> None:
    with pytest.raises(DataError, match="`target`"):
        data.range(3).rejection_resample(class_of, target)
    with pytest.raises(DataError, match="`initial`"):
        data.range(3).rejection_resample(class_of, [1, 1], initial=target)
