"""Named seed streams: the same everywhere, independent of each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.rng import Seeds

names = st.lists(st.text(max_size=5) | st.integers(-3, 2**40), max_size=4)


def test_streams_are_what_they_always_were() -> None:
    # Golden: a run is reproducible only while these stand. They may change in a release that says so in its
    # changelog under "Changed", because every recorded run would then take another course.
    assert Seeds(0).integer("selection", 3) == 8495892466445650525
    assert Seeds(7).child("round", 12).integer("shuffle") == 2151926024055282313
    assert Seeds(0).generator("drift").integers(0, 1000, 5).tolist() == [702, 122, 32, 542, 433]
    assert Seeds(0).generator("drift").random(2).tolist() == [0.12272108129757386, 0.5426549394690119]


@given(root=st.integers(0, 2**64), first=names, second=names)
def test_a_subtree_gives_the_same_numbers_as_its_whole_path(
    root: int, first: list[str | int], second: list[str | int]
) -> None:
    assert Seeds(root).child(*first).integer(*second) == Seeds(root).integer(*first, *second)


@given(one=names, other=names)
def test_different_names_give_different_seeds(one: list[str | int], other: list[str | int]) -> None:
    same = [str(name) for name in one] == [str(name) for name in other]
    assert (Seeds(0).integer(*one) == Seeds(0).integer(*other)) == same


def test_a_slash_in_a_name_is_no_boundary() -> None:
    assert Seeds(0).integer("a/b") != Seeds(0).integer("a", "b")
    assert Seeds(0).integer("a", "", "b") != Seeds(0).integer("a", "b")


@given(root=st.integers(0, 10**6))
def test_seeds_fit_torch_and_numpy(root: int) -> None:
    assert 0 <= Seeds(root).integer("x") < 2**63


def test_asking_for_one_stream_does_not_move_another() -> None:
    seeds = Seeds(3)
    before = seeds.generator("a").random(4)
    seeds.generator("b").random(100)
    assert np.array_equal(seeds.generator("a").random(4), before)


def test_streams_look_independent() -> None:
    draws = np.stack([Seeds(0).generator("worker", worker).random(2000) for worker in range(8)])
    correlation = np.corrcoef(draws) - np.eye(8)
    assert np.abs(correlation).max() < 0.12  # five standard deviations of the correlation of 2000 pairs
