"""Who should do the work, from what it was seen to cost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import numpy as np
import pytest

from headwater.data.block import Columns
from headwater.data.overlap import Overlap
from headwater.data.parallel.judge import Judge, Watch, held_while

BLOCK = Columns({"x": np.zeros(100)}, np.arange(100))


def seen(*, wall_s: float, cpu_s: float, num_rows: int = 100, num_blocks: int = 1) -> Watch:
    watch = Watch()
    for _ in range(num_blocks):
        watch.observe(num_rows, BLOCK, wall_s, cpu_s)
    return watch


def judge(*, cores: int = 2, num_rows: float | None = 1e6, held: float | None = None) -> Judge:
    made = Judge(cores=cores, num_rows=num_rows)
    if held is not None:
        made.probed(held)
    return made


def test_what_waits_gets_threads_even_on_one_core() -> None:
    assert judge(cores=1).verdict(seen(wall_s=0.5, cpu_s=0.01), portable=True) == "threads"


def test_what_is_cheap_stays() -> None:
    cheap = seen(wall_s=0.0001, cpu_s=0.0001, num_blocks=50)
    assert not judge().wants_probe(cheap)
    assert judge(held=1.0).verdict(cheap, portable=True) == "inline"


def test_what_releases_the_lock_gets_threads() -> None:
    dear = seen(wall_s=0.05, cpu_s=0.05)
    assert judge().wants_probe(dear)
    assert judge(held=0.1).verdict(dear, portable=True) == "threads"


def test_what_holds_the_lock_gets_processes_if_much_is_left() -> None:
    dear = seen(wall_s=0.05, cpu_s=0.05)
    assert judge(held=1.0).verdict(dear, portable=True) == "processes"
    assert judge(held=1.0).verdict(dear, portable=False) == "inline"
    assert judge(held=1.0, num_rows=300).verdict(dear, portable=True) == "inline"
    assert judge(held=1.0, cores=1).verdict(dear, portable=True) == "inline"


def test_with_no_end_known_as_much_again_is_expected() -> None:
    assert judge(held=1.0, num_rows=None).verdict(seen(wall_s=0.05, cpu_s=0.05), portable=True) == "inline"
    long = seen(wall_s=0.05, cpu_s=0.05, num_blocks=100)
    assert judge(held=1.0, num_rows=None).verdict(long, portable=True) == "processes"


def test_judgements_become_rarer() -> None:
    made, watch = judge(), Watch()
    due = 0
    for _ in range(1_000):
        watch.observe(1, BLOCK, 0.001, 0.001)
        due += made.is_due(watch)
    assert 5 <= due <= 10


@pytest.mark.parametrize("holds", [True, False])
def test_the_lock_is_felt(holds: bool) -> None:
    done: Future[None] = Future()

    def work() -> None:
        end_s = time.perf_counter() + 0.15
        if holds:
            while time.perf_counter() < end_s:
                sum(range(2_000))
        else:
            threading.Event().wait(0.15)
        done.set_result(None)

    threading.Thread(target=work).start()
    held = held_while(done)
    assert held > 0.75 if holds else held < 0.75


def test_a_quick_consumer_needs_no_thread_and_a_busy_one_does() -> None:
    for making_s, using_s, wanted in (
        (0.02, 0.0, False),
        (0.0, 0.02, False),
        (0.02, 0.02, True),
        (1e-4, 1e-4, False),
    ):
        overlap = Overlap()
        assert not overlap.would_help
        for _ in range(4):
            overlap.observe(making_s=making_s, using_s=using_s)
        assert overlap.would_help is wanted
