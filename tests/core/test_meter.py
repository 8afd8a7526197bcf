"""Counts and durations from several threads, as Prometheus text and as JSON."""

from __future__ import annotations

import json
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from headwater.core.clock import FakeClock
from headwater.core.meter import Meter


def test_counters_gauges_and_spans_come_out_as_json() -> None:
    clock = FakeClock()
    meter = Meter(clock)
    meter.count("samples.rows", 3)
    meter.count("samples.rows")
    meter.set("zoo.bytes", 7)
    meter.set("zoo.bytes", 5)
    for seconds in (2, 3):
        with meter.span("loop.train"):
            clock.advance(seconds)
    assert meter.to_json() == {
        "counters": {"samples.rows": 4.0},
        "gauges": {"zoo.bytes": 5.0},
        "seconds": {"loop.train": 5.0},
    }
    assert meter.seconds("loop.train") == 5.0
    assert [span.duration_s for span in meter.spans] == [2.0, 3.0]
    json.dumps(meter.to_json())


def test_prometheus_can_read_the_text() -> None:
    meter = Meter(FakeClock())
    meter.count("loop.rounds", 2)
    meter.set("zoo.models-kept", 3)
    meter.observe("trainer.step", 0.25)
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(meter.to_prometheus())
        for sample in family.samples
    }
    assert samples["headwater_loop_rounds_total"] == 2
    assert samples["headwater_zoo_models_kept"] == 3
    assert samples["headwater_trainer_step_seconds_sum"] == 0.25
    assert samples["headwater_trainer_step_seconds_count"] == 1


def test_a_span_is_kept_when_its_block_raises() -> None:
    clock = FakeClock()
    meter = Meter(clock)

    def fail() -> None:
        with meter.span("loop.train"):
            clock.advance(4)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert meter.seconds("loop.train") == 4.0


def test_two_meters_do_not_share_counts() -> None:
    one, other = Meter(FakeClock()), Meter(FakeClock())
    one.count("loop.rounds")
    assert other.to_json()["counters"] == {}


def test_a_counter_only_grows() -> None:
    with pytest.raises(ValueError, match="negative"):
        Meter(FakeClock()).count("loop.rounds", -1)


def test_threads_lose_no_count_while_another_reads() -> None:
    meter = Meter(FakeClock())
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(200):
                meter.count("loop.rounds")
                meter.count(f"loop.of_{number}_{i}")
                with meter.span("loop.train"):
                    pass
                meter.to_json()
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert meter.to_json()["counters"]["loop.rounds"] == 600
    assert len(meter.spans) == 600


def test_one_name_is_one_kind_of_metric() -> None:
    meter = Meter(FakeClock())
    meter.count("loop.rounds")
    with pytest.raises(ValueError, match="headwater_loop_rounds"):
        meter.set("loop.rounds", 1)
    with pytest.raises(ValueError, match="headwater_loop_rounds"):
        meter.count("loop-rounds")
