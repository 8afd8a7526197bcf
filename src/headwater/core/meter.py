"""Counts and durations, as Prometheus text for machines and JSON for reports.

Names begin with the capability's word: ``loop.rounds``, ``samples.rows``. Prometheus shows them as
``headwater_loop_rounds``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headwater.core.clock import Clock, WallClock

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True)
class Span:
    """One finished piece of work: its name and when, in seconds of the meter's clock."""

    name: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return self.end_s - self.start_s


@dataclass
class Meter:
    """What one process counted; safe to use from several threads.

    >>> meter = Meter()
    >>> meter.count("samples.rows", 3)
    >>> meter.to_json()["counters"]
    {'samples.rows': 3.0}
    """

    clock: Clock = field(default_factory=WallClock)
    spans: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        from prometheus_client import CollectorRegistry

        self._registry: CollectorRegistry = CollectorRegistry()
        self._lock = threading.Lock()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}

    def count(self, name: str, amount: float = 1.0) -> None:
        """Add to a counter, which only ever grows."""
        from prometheus_client import Counter

        with self._lock:
            if name not in self._counters:
                self._counters[name] = Counter(_plain(name), name, registry=self._registry)
        self._counters[name].inc(amount)

    def set(self, name: str, value: float) -> None:
        """Set a gauge to what is true now."""
        from prometheus_client import Gauge

        with self._lock:
            if name not in self._gauges:
                self._gauges[name] = Gauge(_plain(name), name, registry=self._registry)
        self._gauges[name].set(value)

    def observe(self, name: str, seconds: float) -> None:
        """Add a duration to a histogram."""
        from prometheus_client import Histogram

        with self._lock:
            if name not in self._histograms:
                self._histograms[name] = Histogram(f"{_plain(name)}_seconds", name, registry=self._registry)
        self._histograms[name].observe(seconds)

    @contextlib.contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Time a block of code; the span is kept also when the block raises."""
        start_s = self.clock.monotonic()
        try:
            yield
        finally:
            done = Span(name, start_s, self.clock.monotonic())
            with self._lock:
                self.spans.append(done)
            self.observe(name, done.duration_s)

    def seconds(self, name: str) -> float:
        """Return the summed duration of the spans called `name`."""
        return sum(span.duration_s for span in self.spans if span.name == name)

    def to_prometheus(self) -> str:
        """Return the text exposition format that Prometheus scrapes."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry).decode()

    def to_json(self) -> dict[str, dict[str, float]]:
        """Return counters, gauges and the total seconds per span name."""
        with self._lock:
            counters, gauges, spans = dict(self._counters), dict(self._gauges), tuple(self.spans)
        seconds: dict[str, float] = {}
        for span in spans:
            seconds[span.name] = seconds.get(span.name, 0.0) + span.duration_s
        return {
            "counters": {name: _value(counter) for name, counter in sorted(counters.items())},
            "gauges": {name: _value(gauge) for name, gauge in sorted(gauges.items())},
            "seconds": dict(sorted(seconds.items())),
        }


def _plain(name: str) -> str:
    return "headwater_" + name.replace(".", "_").replace("-", "_")


def _value(metric: Counter | Gauge) -> float:
    return float(next(iter(metric.collect())).samples[0].value)
