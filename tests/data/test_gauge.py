"""Computing and waiting are told apart."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from headwater.data.gauge import Gauge, begin, own_meter, waited_s

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a thread's sleeps")


def compute() -> None:
    assert sum(range(400_000)) > 0


@linux
def test_computing_is_no_wait_and_waiting_is() -> None:
    start, began_s = begin(), time.perf_counter()
    compute()
    # The interpreter's lock may be waited for, on a busy machine: not for most of the time.
    assert waited_s(start) < 0.5 * (time.perf_counter() - began_s)
    start = begin()
    threading.Event().wait(0.01)
    assert waited_s(start) > 0.005


@linux
def test_a_thread_that_computes_wants_a_processor_and_one_that_waits_does_not() -> None:
    gauge = Gauge()
    meter = own_meter()
    gauge.enter(meter)
    gauge.begin()
    compute()
    assert gauge.cores() > 0.5
    gauge.begin()
    threading.Event().wait(0.02)
    assert gauge.cores() < 0.5
    gauge.leave(meter)


def test_a_thread_that_has_ended_wants_nothing() -> None:
    meters = []
    thread = threading.Thread(target=lambda: meters.append(own_meter()))
    thread.start()
    thread.join()
    assert meters[0] is None or meters[0]() >= 0
