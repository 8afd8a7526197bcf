"""Elements that cannot be made are left out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

BAD = {3, 4, 11}


def checked(x: Any) -> Any:
    if int(x) in BAD:
        raise ValueError(f"{x} is bad")
    return x


def checked_array(x: Any) -> Any:
    for value in x:
        checked(value)
    return x + 1


def is_good(x: int) -> bool:
    return bool(checked(x) >= 0)


GOOD = [x for x in range(20) if x not in BAD]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda d: d.map(checked), GOOD),
        (lambda d: d.map(checked).map(lambda x: checked(x - 1) + 1), [x for x in GOOD if x - 1 not in BAD]),
        (lambda d: d.filter(is_good), GOOD),
        (lambda d: d.filter(is_good).map(checked).filter(bool), GOOD[1:]),
        (lambda d: d.map_batches(checked_array), [x + 1 for x in GOOD]),
        (lambda d: d.scan(0, lambda s, x: (s + checked(x), x)), GOOD),
        (lambda d: d.map(checked).prefetch(3).map(str), [str(x) for x in GOOD]),
        (
            lambda d: d.filter(bool).map(checked).enumerate(),
            [{"index": i, "value": x} for i, x in enumerate(GOOD[1:])],
        ),
        (lambda d: d.map(checked).filter(bool).enumerate().map(lambda e: e["index"]), list(range(16))),
        (
            lambda d: d.map(lambda x: [x] if x in BAD else x // 2).unique(),
            [0, 1, [3], [4], 2, 3, 4, 5, [11], 6, 7, 8, 9],
        ),
        (lambda d: d.map(lambda x: {x} if x in BAD else x // 2).unique(), list(range(10))),
    ],
)
@pytest.mark.parametrize("random_access", [True, False])
def test_what_a_function_cannot_make_is_left_out(
    laws: Callable[..., None], build: Callable[..., Any], expected: list[Any], random_access: bool
) -> None:
    def source() -> data.Dataset:
        return data.range(20) if random_access else data.range(20).filter(lambda x: True)

    laws(lambda: build(source()).ignore_errors(), expected)


def test_batches_are_filled_with_what_can_be_made(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).map(checked).ignore_errors().batch(6)

    laws(build, [np.array(GOOD[at : at + 6]) for at in (0, 6, 12)])


def test_a_batch_that_does_not_stack_is_left_out_whole(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).map(lambda x: np.zeros(2 if x == 9 else 1) + x).batch(3).ignore_errors()

    batches = [np.array([[x], [x + 1], [x + 2]], float) for x in (0, 3, 6, 12, 15)] + [
        np.array([[18.0], [19.0]])
    ]
    laws(build, batches[:3] + batches[3:])


def test_a_shuffle_of_everything_goes_on_behind_errors(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).map(checked).shuffle().ignore_errors()

    found = list(build())
    assert sorted(found) == GOOD != found
    laws(build, found)


def test_a_buffer_upstream_is_filled_with_what_can_be_made(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).filter(lambda x: True).map(checked).shuffle(5).repeat(2).ignore_errors()

    found = list(build())
    assert sorted(found) == sorted(GOOD * 2)
    laws(build, found)


@pytest.mark.parametrize("parallel", ["threads", "processes"])
def test_in_threads_it_is_the_same(parallel: Any) -> None:
    def build() -> data.Dataset:
        return data.range(400).map(lambda x: np.full(300, checked(x), np.int64)).batch(8).ignore_errors()

    def rows(dataset: data.Dataset) -> list[Any]:
        return [batch[:, 0].tolist() for batch in dataset]

    alike = rows(build().with_options(parallel="inline"))
    assert sum(map(len, alike)) == 397
    assert rows(build().with_options(parallel=parallel, num_workers=2)) == alike


class Torn:
    """A keyed source of which some rows cannot be read."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.spec, self.fingerprint = source.spec, "torn"

    def keys(self) -> Any:
        return self._source.keys()

    def read(self, keys: Any) -> Any:
        if np.isin(keys, [30, 50]).any():
            raise DataError("the segment is torn.", where="segment 7")
        return self._source.read(keys)


def test_rows_that_cannot_be_read_are_left_out(laws: Callable[..., None], table: Callable[[int], Any]) -> None:
    def build() -> data.Dataset:
        return data.from_source(Torn(table(9))).map(lambda row: int(row["key"])).ignore_errors()

    laws(build, [10, 20, 40, 60, 70, 80, 90])


@given(
    bad=st.sets(st.integers(0, 28)),  # behind the last element no state is taken
    block=st.one_of(st.none(), st.integers(1, 9)),
    again=st.integers(1, 9),
    at=st.integers(0, 30),
)
def test_any_elements_may_fail_and_are_counted_once(
    bad: set[int], block: int | None, again: int, at: int
) -> None:
    def fails(x: int) -> int:
        if x in bad:
            raise ValueError(f"{x} is bad")
        return x

    dataset = data.range(30).map(fails).batch(2).unbatch().ignore_errors()
    run = dataset.iterate(block_rows=block)
    for _ in zip(range(at), run):
        pass
    state = json.loads(json.dumps(run.state()))
    rest = list(run)
    restored = dataset.iterate(state, block_rows=again)
    assert list(restored) == rest
    assert run.state()["position"]["failed"] == restored.state()["position"]["failed"] == len(bad)


@pytest.mark.parametrize("block_rows", [None, 1, 4, 50])
def test_more_than_the_limit_are_an_error_that_shows_the_last(block_rows: int | None) -> None:
    assert list(data.range(20).map(checked).ignore_errors(3).iterate(block_rows=block_rows)) == GOOD
    with pytest.raises(
        DataError, match=r"ignore_errors\(limit=2\): 3 elements.*\.map\(checked\).*row 4.*row 11"
    ):
        list(data.range(20).map(checked).ignore_errors(2).iterate(block_rows=block_rows))


@pytest.mark.parametrize("block_rows", [None, 1, 700])
def test_a_share_is_judged_at_places_that_do_not_hang_on_blocks(block_rows: int | None) -> None:
    def fails_first(x: int) -> int:
        if x < 30:
            raise ValueError("too early")
        return x

    dataset = data.range(3_000).map(fails_first)
    assert len(list(dataset.ignore_errors(0.03).iterate(block_rows=block_rows))) == 2_970
    with pytest.raises(DataError, match=r"30 of 1,054 elements could not be made"):
        list(dataset.ignore_errors(0.02).iterate(block_rows=block_rows))
    with pytest.raises(DataError, match=r"30 of 40 elements"):
        list(data.range(40).map(fails_first).ignore_errors(0.5).iterate(block_rows=block_rows))


def test_before_a_repeat_the_limit_holds_for_each_pass_and_behind_it_for_all() -> None:
    assert list(data.range(20).map(checked).ignore_errors(3).repeat(2)) == GOOD * 2
    with pytest.raises(DataError, match="4 elements"):
        list(data.range(20).map(checked).repeat(2).ignore_errors(3))


def test_an_error_behind_it_is_not_passed_over() -> None:
    with pytest.raises(DataError, match=r"map\(checked\).*row 11"):
        list(data.range(20).map(lambda x: 1 // (x - 5) + x).ignore_errors().map(checked).skip(9))


def test_an_inner_one_has_its_own_limit() -> None:
    with pytest.raises(DataError, match=r"limit=1.*2 elements"):
        list(data.range(20).map(checked).ignore_errors(1).map(checked).ignore_errors())


@pytest.mark.parametrize("at", range(0, 16, 3))
def test_a_prefetch_in_between_shares_states(at: int) -> None:
    def build(ahead: int) -> data.Dataset:
        dataset = data.range(20).map(checked)
        dataset = (dataset.prefetch(ahead) if ahead else dataset).map(lambda x: checked(x - 1) + 1)
        return dataset.ignore_errors()

    for first, second in ((0, 3), (3, 0)):
        with build(first).iterate() as run:
            head = [element for _, element in zip(range(at), run)]
            assert [*head, *build(second).restore(run.state())] == list(build(0))


def test_each_problem_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def fails(x: int) -> int:
        if x % 2:
            raise ValueError("odd")
        return 1 // x

    with caplog.at_level(logging.WARNING, logger="headwater.data"):
        assert list(data.range(5).map(fails).ignore_errors()) == [0, 0]
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "row 0" in texts[0]
    assert "odd" in texts[1]


@pytest.mark.parametrize("limit", [-1, 1.5, 0.0, True, "3"])
def test_limits_that_are_none_are_refused(limit: Any) -> None:
    with pytest.raises(DataError, match=r"limit=0\.01"):
        data.range(3).ignore_errors(limit)
