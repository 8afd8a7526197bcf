"""Sizes and durations as people write them: ``"2GiB"``, ``"36h"``."""

from __future__ import annotations

import math
import re

from headwater.core.errors import ConfigError

# A year is 365 days, as in Modyn's triggers, so that equal strings mean equal lengths.
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_DURATION_PART = re.compile(rf"\s*{_NUMBER}\s*(ms|[smhdwy])")
_SIZE = re.compile(rf"\s*{_NUMBER}\s*({'|'.join(_BYTES)})\s*")


def parse_duration_s(value: str | float) -> float:
    """Return seconds for a number of seconds or a text such as ``"7d"`` or ``"1d12h"``.

    >>> parse_duration_s("1d12h")
    129600.0
    """
    if not isinstance(value, str):
        return float(value)
    parts = _DURATION_PART.findall(value)
    rest = _DURATION_PART.sub("", value).strip()
    if parts and rest == "-" and value.lstrip().startswith("-"):
        raise ConfigError(f"{value!r}: a duration must not be negative.", remedy="Leave out the minus sign.")
    if not parts or rest:
        raise ConfigError(
            f"{value!r} is not a duration.", remedy="Write seconds, or a text like '15m', '36h', '7d', '1d12h'."
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_bytes(value: str | int) -> int:
    """Return bytes for a number of bytes or a text such as ``"2GiB"``.

    >>> parse_bytes("1.5KiB")
    1536
    """
    if not isinstance(value, str):
        return int(value)
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ConfigError(f"{value!r} is not a size.", remedy="Write bytes, or a text like '512MiB', '2GB'.")
    return round(float(match[1]) * _BYTES[match[2]])


def format_bytes(size_bytes: float) -> str:
    """Return a size with three or four digits and a binary unit.

    >>> format_bytes(1536)
    '1.5 KiB'
    """
    if not math.isfinite(size_bytes):
        return f"{size_bytes} B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1023.5:  # what would be shown as 1024 is one of the next unit
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.4g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.4g} TiB" if abs(size_bytes) < 10_000 else f"{size_bytes:.0f} TiB"


def format_duration(seconds: float) -> str:
    """Return a duration in the two largest units that say something.

    >>> format_duration(5400), format_duration(0.0421)
    ('1h 30m', '42.1ms')
    """
    if not math.isfinite(seconds):
        return f"{seconds}s"
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 0.9995:  # what would be shown as 1000ms is a second
        return f"{seconds * 1e3:.3g}ms"
    if seconds < 59.95:
        return f"{seconds:.3g}s"
    whole = round(seconds)
    for name, size, below, small in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60)):
        if whole >= size:
            return f"{whole // size}{name} {whole % size // small}{below}"
    return f"{whole // 60}m {whole % 60}s"
