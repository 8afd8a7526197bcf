"""Chance per element: a function of seed, pass and number, whoever runs it and from wherever."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.dataset import Dataset
from headwater.data.draws import Draws, draws_of


def noisy(element: int, draws: Draws) -> tuple[int, float]:
    return element, draws.random()


def numbers(dataset: Dataset) -> list[float]:
    return [pair[1] for pair in dataset]


def test_it_holds_to_the_laws(laws: Callable[..., None]) -> None:
    def build() -> Dataset:
        return data.range(11).map(noisy, random=True).map(lambda pair: {"x": pair[0], "u": pair[1]})

    laws(build, list(build()))


@pytest.mark.parametrize(
    "before",
    [
        lambda it: it.filter(lambda x: x % 3),
        lambda it: it.shuffle(4),
        lambda it: it.repeat(2),
        lambda it: it.shuffle().repeat(2),
        lambda it: it.filter(lambda x: x % 2).map(lambda x: x).map(noisy, random=True).map(lambda p: p[0]),
    ],
)
@pytest.mark.parametrize(
    "after",
    [
        lambda it: it,
        lambda it: it.shuffle(3),
        lambda it: it.repeat(2),
        lambda it: it.skip(3).take(5),
        lambda it: it.filter(lambda pair: pair[1] < 0.7),
    ],
)
def test_it_holds_to_the_laws_between_others(
    laws: Callable[..., None], before: Callable[[Dataset], Dataset], after: Callable[[Dataset], Dataset]
) -> None:
    def build() -> Dataset:
        chain = data.range(8).apply(before).map(noisy, random=True).apply(after)
        return chain.map(lambda pair: {"x": pair[0], "u": pair[1]}).with_seed(3)

    laws(build, list(build()))


def test_what_is_written_after_it_sees_what_it_made() -> None:
    base = data.range(20).map(noisy, random=True)
    made = list(base)
    assert list(base.skip(7)) == made[7:]
    assert list(base.take(7)) == made[:7]
    assert sorted(base.shuffle(5)) == sorted(made)
    assert list(base.shuffle(5)) != made


@pytest.mark.parametrize(
    "build", [lambda it: it.repeat(3).map(noisy, random=True), lambda it: it.map(noisy, random=True).repeat(3)]
)
def test_each_pass_draws_anew(build: Callable[[Dataset], Dataset]) -> None:
    assert len(set(numbers(build(data.range(10))))) == 30


def test_epochs_seeds_and_operators_draw_apart() -> None:
    base = data.range(10).map(noisy, random=True)
    twice = base.map(lambda pair, draws: (pair[1], draws.random()), random=True)
    runs = [list(base), list(base.iterate(epoch=1)), list(base.with_seed(1))]
    assert len({pair[1] for run in runs for pair in run}) == 30
    assert all(first != second for first, second in twice)
    assert runs[0] == list(base)


def test_numbers_of_one_element_and_of_neighbours_are_uniform() -> None:
    drawn = [draws.random() for draws in draws_of(5, first=0, count=4_000)]
    within = Draws(9)
    for sample in (drawn, [within.random() for _ in range(4_000)]):
        # Four standard deviations of a mean and of a variance of 4,000 uniform numbers.
        assert abs(sum(sample) / 4_000 - 0.5) < 4 * 0.2887 / 4_000**0.5
        assert abs(sum((x - 0.5) ** 2 for x in sample) / 4_000 - 1 / 12) < 4 * 0.0745 / 4_000**0.5
    assert {Draws(seed).integer(6) for seed in range(100)} == set(range(6))


def test_a_function_may_say_itself_that_it_is_random() -> None:
    class Noise:
        random = True

        def __call__(self, element: int, draws: Draws) -> float:
            return element + draws.uniform(0, 0.5)

    assert "random=True" in repr(data.range(3).map(Noise()))
    assert [int(x) for x in data.range(3).map(Noise())] == [0, 1, 2]


def test_a_shuffle_of_everything_moves_what_it_made() -> None:
    base = data.range(9).map(noisy, random=True)
    assert not base.graph.root.random_access
    assert list(base.shuffle()) != list(base)
    assert sorted(base.shuffle()) == sorted(base)


def test_a_state_from_before_it_was_random_is_refused() -> None:
    plain = data.range(5).map(lambda x: x)
    state = json.loads(json.dumps(iter(plain).state()))
    with pytest.raises(DataError, match="operator 1 was"):
        data.range(5).map(lambda x: x, random=True).restore(state)


def test_an_error_names_the_function_and_the_element() -> None:
    def bad(element: int, draws: Draws) -> Any:
        return 1 // (element - 3)

    run = iter(data.range(9).map(bad, random=True))
    with pytest.raises(DataError, match=r"\.map\(bad\) .* row 3: ZeroDivisionError"):
        list(run)
