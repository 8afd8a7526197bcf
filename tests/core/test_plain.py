"""JSON says what it can say back, and refuses the rest."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from headwater.core.plain import to_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int8(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.bool_(True), "true"),
        (np.str_("a"), '"a"'),
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((1, 2), bool), "[[false, false]]"),
        (np.array(["2013-01-01"], "datetime64[D]"), '["2013-01-01"]'),
        (np.datetime64("NaT"), '"NaT"'),
        (datetime.date(2013, 1, 1), '"2013-01-01"'),
        (datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC), '"2013-01-01T00:00:00+00:00"'),
        (Path("a/b"), '"a/b"'),
        (MappingProxyType({"a": 1}), '{"a": 1}'),
        ((1, (2,)), "[1, [2]]"),
    ],
)
def test_numpy_times_and_paths_are_said_plainly(value: Any, text: str) -> None:
    assert to_json(value) == text
    assert json.loads(to_json({"x": value})) == {"x": json.loads(text)}


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", lambda: 0, 1j])
def test_what_json_cannot_say_is_refused_rather_than_turned_into_a_text(value: Any) -> None:
    with pytest.raises(TypeError, match="JSON cannot say"):
        to_json([value])


def test_keys_are_sorted_when_asked() -> None:
    assert to_json({"b": 1, "a": 2}, sort_keys=True) == '{"a": 2, "b": 1}'
