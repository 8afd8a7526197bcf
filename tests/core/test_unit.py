"""Sizes and durations are read as people write them, and what is shown can be read again."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import ConfigError
from headwater.core.unit import format_bytes, format_duration, parse_bytes, parse_duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900),
        ("36h", 129_600),
        ("7d", 604_800),
        ("1w", 604_800),
        ("1y", 31_536_000),
        ("250ms", 0.25),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("1d12h", 129_600),
        (" 1d 12h ", 129_600),
        ("2 h", 7200),
        ("1m30s", 90),
        (90, 90),
        (0.5, 0.5),
    ],
)
def test_durations(text: str | float, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "7", "d", "7x", "7dd", "-", "-x", "1d-2h", "1.2.3d", ".d", "1d and 2h", "1e3s", "7 days", "7D"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{text!r} is not a duration. Write seconds, or")):
        parse_duration_s(text)


@pytest.mark.parametrize("text", ["-1d", " -1d12h", "- 5 s"])
def test_a_negative_duration_is_called_so(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{text!r}: a duration must not be negative.")):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GiB", 2**31),
        ("512 MiB", 2**29),
        ("2GB", 2 * 10**9),
        ("1.5KiB", 1536),
        ("10kB", 10**4),
        ("7B", 7),
        ("7", 7),
        (7, 7),
    ],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1.2.3GB", ".", "2gb", "2GBB", "2KB", "1e3B", "2 GB 3 MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{text!r} is not a size. Write bytes, or")):
        parse_bytes(text)


@given(size=st.floats(0, 1e18))
def test_a_size_that_is_shown_reads_back_within_a_thousandth(size: float) -> None:
    shown = format_bytes(size)
    assert re.fullmatch(r"\d+(\.\d+)? (B|[KMGT]iB)", shown)
    assert parse_bytes(shown) == pytest.approx(size, rel=1e-3, abs=0.5)


@given(seconds=st.floats(0, 1e10))
def test_a_duration_that_is_shown_reads_back_within_its_smaller_unit(seconds: float) -> None:
    shown = format_duration(seconds)
    assert "e" not in shown or seconds < 1e-3, "no powers of ten where people read"
    if "e" not in shown:
        slack = 3600 if "d" in shown else 60 if "h" in shown else 0.5 if "m " in shown else 0.006 * seconds
        assert parse_duration_s(shown) == pytest.approx(seconds, abs=slack + 0.5 * (seconds >= 60))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0ms"),
        (0.0421, "42.1ms"),
        (0.9994, "999ms"),
        (0.9996, "1s"),
        (59.94, "59.9s"),
        (59.96, "1m 0s"),
        (90, "1m 30s"),
        (3599.7, "1h 0m"),
        (90_061, "1d 1h"),
        (-90, "-1m 30s"),
        (math.inf, "infs"),
        (math.nan, "nans"),
    ],
)
def test_durations_are_shown_in_two_units(seconds: float, shown: str) -> None:
    assert format_duration(seconds) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1023.9, "0.9999 KiB"),
        (1536, "1.5 KiB"),
        (2**20 - 1, "1 MiB"),
        (-2048, "-2 KiB"),
        (2**50, "1024 TiB"),
        (1e20, "90949470 TiB"),
        (math.inf, "inf B"),
    ],
)
def test_sizes_are_shown_in_binary_units(size: float, shown: str) -> None:
    assert format_bytes(size) == shown
