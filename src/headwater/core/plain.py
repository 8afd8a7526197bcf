"""JSON values out of what programs hold: numpy's numbers and times, paths, tuples, sets of parameters."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np


def to_json(value: Any, *, sort_keys: bool = False) -> str:
    """Return the JSON text of `value`; what JSON cannot say back is a TypeError, never silently a text.

    >>> to_json({"seen": np.int64(3), "at": np.datetime64("2013-01-01T05", "us")})
    '{"seen": 3, "at": "2013-01-01T05:00:00.000000"}'
    """
    return json.dumps(value, sort_keys=sort_keys, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.datetime64 | np.timedelta64):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.astype(str).tolist() if value.dtype.kind in "mM" else value.tolist()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(
        f"JSON cannot say a {type(value).__name__} ({value!r:.80}): give numbers, texts, lists, dicts"
    )
