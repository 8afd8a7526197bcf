"""A selected source shows the chosen rows with their weights, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.digest import digest_of
from headwater.core.errors import HeadwaterError
from headwater.core.key import Keys, as_keys
from headwater.core.selection import Selection
from headwater.core.source import Selected, Source
from headwater.core.spec import Block, ColumnSpec, Spec


class Squares:
    """Row k holds k squared."""

    def __init__(self, keys: list[int], column: str = "square") -> None:
        self.held = as_keys(sorted(keys))
        self.column = column

    @property
    def spec(self) -> Spec:
        return Spec(((self.column, ColumnSpec("int64")),))

    @property
    def fingerprint(self) -> str:
        return digest_of(self.held)

    def keys(self) -> Keys:
        return self.held

    def read(self, keys: Keys) -> Block:
        return {self.column: keys * keys}


@given(
    chosen=st.dictionaries(st.integers(0, 50), st.floats(0, 100, width=32), min_size=1, max_size=20),
    picks=st.lists(st.integers(0, 1000), max_size=30),
)
def test_rows_come_in_the_order_asked_for_with_their_own_weight(
    chosen: dict[int, float], picks: list[int]
) -> None:
    source = Selected(Squares(list(range(51))), Selection.of(list(chosen), list(chosen.values())))
    asked = as_keys([list(chosen)[pick % len(chosen)] for pick in picks])
    block = source.read(asked)
    assert np.asarray(block["square"]).tolist() == (asked**2).tolist()
    assert np.asarray(block["weight"]).tolist() == [chosen[key] for key in asked.tolist()]


def test_rows_at_places_are_those_of_the_keys_that_stand_there() -> None:
    source = Selected(Squares(list(range(51))), Selection.of([7, 3, 40], [1.0, 2.0, 3.0]))
    places = np.array([2, 0, 1, 0])
    found, wanted = source.read_at(places), source.read(source.keys()[places])
    assert list(found) == list(wanted)
    for name, column in wanted.items():
        assert np.array_equal(np.asarray(found[name]), np.asarray(column))


def test_it_is_a_source_and_says_what_it_reads() -> None:
    selected = Selected(Squares([1, 2, 3]), Selection.of([1, 3]))
    assert isinstance(selected, Source)
    assert Spec.of(selected.read(selected.keys())) == selected.spec
    assert str(selected.spec) == "Spec(square: int64, weight: float32)"
    assert selected.keys().tolist() == [1, 3]


def test_its_fingerprint_follows_rows_and_weights() -> None:
    prints = {
        Selected(Squares(held), Selection.of([1], [weight])).fingerprint
        for held in ([1], [1, 2])
        for weight in (1.0, 2.0)
    }
    assert len(prints) == 4


def test_keys_that_the_source_lacks_are_refused_at_once() -> None:
    with pytest.raises(HeadwaterError, match="2 selected keys are not in the source, the first is 7"):
        Selected(Squares([1, 2]), Selection.of([1, 7, 9]))


@pytest.mark.parametrize("stranger", [0, 2, 99])
def test_a_key_that_was_not_selected_has_no_weight_and_is_refused(stranger: int) -> None:
    selected = Selected(Squares([0, 1, 2, 3, 99]), Selection.of([1, 3]))
    with pytest.raises(HeadwaterError, match=f"key {stranger} was not selected"):
        selected.read(as_keys([1, stranger]))


def test_a_column_called_weight_is_refused_rather_than_hidden() -> None:
    with pytest.raises(HeadwaterError, match="a column `weight` already"):
        Selected(Squares([1], column="weight"), Selection.of([1]))


def test_an_empty_selection_reads_nothing() -> None:
    selected = Selected(Squares([1]), Selection.of([]))
    assert len(np.asarray(selected.read(selected.keys())["weight"])) == 0
