"""A budget says what may be spent; what is left out is unlimited."""

from __future__ import annotations

from dataclasses import dataclass, fields

from headwater.core.unit import format_bytes, format_duration


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits that a planner must not exceed.

    >>> Budget(memory_bytes=2**30).overruns(Estimate(memory_bytes=2**31))
    ['memory: needs 2 GiB, may use 1 GiB']
    """

    cores: float | None = None
    memory_bytes: int | None = None
    disk_bytes: int | None = None
    bandwidth_bytes_per_s: float | None = None
    time_s: float | None = None
    cost_usd: float | None = None

    def overruns(self, estimate: Estimate) -> list[str]:
        """Return a sentence for each limit that `estimate` exceeds; an empty list when it fits."""
        return [
            f"{_word(item.name)}: needs {show(item.name, need)}, may use {show(item.name, limit)}"
            for item in fields(self)
            if (limit := getattr(self, item.name)) is not None
            and (need := getattr(estimate, item.name, None)) is not None
            and need > limit
        ]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What something would cost, or did cost; what is unknown is None."""

    time_s: float | None = None
    cores: float | None = None
    memory_bytes: float | None = None
    disk_bytes: float | None = None
    cost_usd: float | None = None

    def __add__(self, other: Estimate) -> Estimate:
        """Costs of doing one after the other: times, disk and money add, memory and cores do not."""
        return Estimate(
            time_s=_sum(self.time_s, other.time_s),
            cores=_max(self.cores, other.cores),
            memory_bytes=_max(self.memory_bytes, other.memory_bytes),
            disk_bytes=_sum(self.disk_bytes, other.disk_bytes),
            cost_usd=_sum(self.cost_usd, other.cost_usd),
        )

    def __str__(self) -> str:
        known = [(item.name, getattr(self, item.name)) for item in fields(self)]
        return ", ".join(show(name, value) for name, value in known if value is not None) or "-"


def show(name: str, value: float) -> str:
    """Return `value` in the unit that the field `name` ends with."""
    if name.endswith("_bytes"):
        return format_bytes(value)
    if name.endswith("_bytes_per_s"):
        return f"{format_bytes(value)}/s"
    if name.endswith("_usd"):
        return f"${value:.4g}"
    return format_duration(value) if name.endswith("_s") else f"{value:.3g} {name}"


def _word(name: str) -> str:
    return name.split("_")[0]


def _sum(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else a + b


def _max(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)
