"""Wherever functions run, the same elements come in the same order, from the same states."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError
from headwater.data.options import Parallel

MODES: tuple[Parallel, ...] = ("inline", "threads", "processes", "auto")


def squared(x: int) -> int:
    return x * x


def described(x: int) -> dict[str, Any]:
    return {"x": x, "half": x / 2, "name": f"n{x}", "image": np.full((16, 32), x, np.float32)}


def is_odd(element: Any) -> bool:
    return bool((element if isinstance(element, int) else element["x"]) % 2)


def pipelines() -> dict[str, Callable[[], data.Dataset]]:
    return {
        "numbers": lambda: data.range(57).map(squared).batch(5),
        "filtered": lambda: data.range(57).map(squared).filter(is_odd).batch(4, drop_remainder=True),
        "images": lambda: data.range(23).map(described).batch(4),
        "elements": lambda: data.range(23).map(described).filter(is_odd),
        "shuffled": lambda: data.range(40).map(described).shuffle(7).map(lambda e: e["image"].sum()).batch(3),
        "gathered": lambda: data.from_arrays({"x": np.arange(31)}).shuffle().map(lambda e: e["x"] + 1),
        "repeated": lambda: data.range(9).map(squared).repeat(3).batch(4),
        "empty": lambda: data.range(0).map(squared).batch(2),
    }


@pytest.mark.parametrize("name", pipelines())
@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_other_hands_give_the_same(name: str, mode: Parallel, plain: Callable[[Any], Any]) -> None:
    build = pipelines()[name]
    wanted = plain([_listed(element) for element in build().with_options(parallel="inline")])
    with build().with_options(parallel=mode, num_workers=3).iterate() as run:
        assert plain([_listed(element) for element in run]) == wanted


@pytest.mark.parametrize("name", pipelines())
def test_a_state_of_threads_is_a_state_of_any(name: str, plain: Callable[[Any], Any]) -> None:
    build = pipelines()[name]
    wanted = plain([_listed(element) for element in build()])
    ours = build().with_options(parallel="threads", num_workers=2)
    run = ours.iterate()
    for at in range(len(wanted) + 1):
        state = json.loads(json.dumps(run.state()))
        other = build().with_options(parallel=MODES[at % 2], num_workers=1 + at % 3)
        with other.restore(state) as again:
            assert plain([_listed(element) for element in again]) == wanted[at:], f"restored at {at}"
        next(run, None)
    run.close()


def test_a_state_of_processes_is_a_state_of_this_thread() -> None:
    dataset = data.range(60).map(squared).filter(is_odd).batch(4)
    wanted = [batch.tolist() for batch in dataset]
    for at in (0, 1, 5, len(wanted)):
        with dataset.with_options(parallel="processes", num_workers=2).iterate() as run:
            head = [next(run).tolist() for _ in range(at)]
            state = json.loads(json.dumps(run.state()))
        assert head + [batch.tolist() for batch in dataset.restore(state)] == wanted
        with dataset.with_options(parallel="processes", num_workers=1).restore(state) as again:
            assert [batch.tolist() for batch in again] == wanted[at:]


def test_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=20)

    def meet(x: int) -> int:
        if x in (0, 8, 16):  # the first rows of the first three blocks
            meeting.wait()
        return x

    slow = data.range(240).map(meet).with_options(parallel="threads", num_workers=3)
    with slow.iterate() as run:
        assert list(run) == list(range(240))


def test_a_batch_in_the_users_hands_is_never_written_again() -> None:
    dataset = data.range(200).map(described).batch(8).with_options(parallel="threads", num_workers=2)
    kept = [batch["image"][:, 0, 0] for batch in dataset]
    assert np.concatenate(kept).tolist() == [float(x) for x in range(200)]


def test_an_error_comes_when_its_turn_comes_and_the_state_is_before_it() -> None:
    def fails(x: int) -> int:
        if x == 37:
            raise ValueError("no 37")
        return x

    dataset = data.range(60).map(fails).batch(5)
    with dataset.with_options(parallel="threads", num_workers=2).iterate() as run:
        given: list[Any] = []
        with pytest.raises(DataError, match=r"\.map\(fails\).*row 37.*no 37"):
            given.extend(run)
        with pytest.raises(DataError, match="no 37"):
            next(run)
        state = run.state()
    assert np.concatenate(given).tolist() == list(range(5 * len(given)))
    rest = data.range(60).map(fails)  # the same place, asked for one by one
    with pytest.raises(DataError, match="no 37"):
        list(dataset.restore(state))
    assert list(rest.take(37)) == list(range(37))


def test_images_of_another_shape_are_refused_as_by_one_thread() -> None:
    def ragged(x: int) -> dict[str, Any]:
        return {"image": np.zeros((16, 32 if x != 77 else 31), np.float32)}

    for mode in ("inline", "threads", "processes"):
        dataset = data.range(100).map(ragged).batch(10).with_options(parallel=mode, num_workers=2)
        with dataset.iterate() as run, pytest.raises(DataError, match=r"row 77 `image` is float32\[16, 31\]"):
            list(run)


def test_an_abandoned_run_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    run = iter(data.range(1_000).map(squared).with_options(parallel="threads", num_workers=2))
    next(run)
    del run
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(0, 80),
    at=st.integers(0, 30),
    again=st.integers(0, 10),
    cores=st.integers(1, 4),
    buffer=st.integers(1, 9),
)
def test_without_a_fixed_order_every_element_still_comes_once(
    count: int, at: int, again: int, cores: int, buffer: int
) -> None:
    base = data.range(count).map(squared).filter(is_odd).shuffle(buffer).map(squared).batch(3)
    dataset = base.with_options(parallel="threads", num_workers=cores, deterministic=False)
    wanted = sorted(x**4 for x in range(count) if x % 2)
    found: list[int] = []
    state = None
    for steps in (at, again, count):
        with dataset.iterate(state) as run:
            for _, batch in zip(range(steps), run):
                found += batch.tolist()
            state = json.loads(json.dumps(run.state()))
    assert sorted(found) == wanted


def _listed(element: Any) -> Any:
    if isinstance(element, dict):
        return {
            name: part.to_pylist() if hasattr(part, "to_pylist") else part for name, part in element.items()
        }
    return element
