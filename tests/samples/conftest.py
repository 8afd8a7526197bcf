"""Stores in temporary folders, and rows that tell where they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.samples import Field, Payload, Schema

Rows = Callable[..., list[dict[str, Any]]]
DAY_S = 86_400.0


@pytest.fixture
def schema() -> Schema:
    """A schema with a number, a vector, a text, a payload and a label that comes late."""
    return Schema(
        fields=(
            Field("number", "int64"),
            Field("pair", "float32", (2,)),
            Field("word", "S8"),
            Payload("blob"),
            Field("late", "int8"),
        ),
        event_time="when",
        label="late",
        label_time="known",
    )


@pytest.fixture
def rows() -> Rows:
    """Return rows ``start .. stop - 1``, each of which can be told from its number alone."""

    def make(start: int, stop: int) -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "pair": [number, number / 2],
                "word": f"w{number}",
                "blob": bytes([number % 251]) * (number % 7),
                "late": number % 2,
                "when": number * 60.0,
                "known": number * 60.0 + 3600,
            }
            for number in range(start, stop)
        ]

    return make


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at day 100 of 1970: all rows of the tests are past."""
    return FakeClock(100 * DAY_S)


@pytest.fixture
def store(tmp_path: Path, schema: Schema, clock: FakeClock) -> samples.Samples:
    """An empty store in SQLite whose segments are closed at 4 KiB, so that few rows make several."""
    return samples.create(tmp_path / "store.hw", schema, segment_bytes="4KiB", clock=clock)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(
    request: pytest.FixtureRequest, tmp_path: Path, schema: Schema, clock: FakeClock
) -> samples.Samples:
    """An empty store, once in each kind of catalogue."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    return samples.create(tmp_path / "store.hw", schema, catalogue=url, segment_bytes="4KiB", clock=clock)
