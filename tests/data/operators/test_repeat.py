"""The same again."""

from __future__ import annotations

from collections.abc import Callable

from headwater import data


def test_a_pass_without_elements_is_not_the_last(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(3).shuffle(seed=1).take_while(lambda x: x < 1).repeat(9)

    found = list(build())
    assert 0 < len(found) < 9, "some passes begin with 0, others do not"
    laws(build, found)


def test_nor_is_one_of_which_a_filter_leaves_nothing() -> None:
    dataset = data.range(4).shuffle(seed=1).take(1).filter(lambda x: x == 2)
    found = [list(dataset.iterate(epoch=epoch)) for epoch in range(30)]
    assert [] in found
    assert list(dataset.repeat().take(5)) == [2] * 5


def test_nothing_repeated_without_end_ends(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).filter(lambda x: x > 9).repeat(), [])
    laws(lambda: data.range(0).repeat(), [])
    laws(lambda: data.range(5).take_while(lambda x: x > 0).repeat(), [])


def test_a_pass_without_elements_is_not_run_again_if_the_next_must_be_the_same() -> None:
    asked: list[int] = []

    def nothing(x: int) -> bool:
        asked.append(x)
        return False

    assert list(data.range(4).shuffle().filter(nothing).repeat()) == []
    assert len(asked) == 4
