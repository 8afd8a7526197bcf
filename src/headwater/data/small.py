"""Small values as JSON and back, of the same type: what a checkpoint may hold of a user's running value."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

_MOST_CHARACTERS = 1_000  # a checkpoint stays a few of these


def to_json(value: Any) -> list[Any] | None:
    """A list of one JSON value, from which `from_json` makes an equal value of the same type.

    None if that would be long, or if there is none: for anything but None, numbers, texts, small arrays, and
    lists, tuples and dicts of these.

    >>> to_json({"mean": 0.5, "last": (1, 2)})
    [{'mean': 0.5, 'last': {'': ['tuple', [1, 2]]}}]
    """
    try:
        found = [_encode(value)]
    except TypeError:
        return None
    return found if len(json.dumps(found)) <= _MOST_CHARACTERS else None


def from_json(found: list[Any]) -> Any:
    """The opposite of `to_json`.

    >>> from_json(to_json((1, [2.5])))
    (1, [2.5])
    """
    return _decode(found[0])


def _encode(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
        return value
    if kind is float:
        return {"": ["float", repr(value)]}
    if kind is list:
        return {"": ["list", [_encode(part) for part in value]]}
    if kind is tuple:
        return {"": ["tuple", [_encode(part) for part in value]]}
    if kind is dict and all(type(name) is str and name for name in value):
        return {name: _encode(part) for name, part in value.items()}
    if (
        isinstance(value, np.generic | np.ndarray)
        and value.dtype.kind in "biuf"
        and value.size <= _MOST_CHARACTERS
    ):
        return {
            "": [
                "array",
                value.dtype.str,
                list(value.shape),
                np.asarray(value).tobytes().hex(),
                isinstance(value, np.generic),
            ]
        }
    raise TypeError(f"a {kind.__name__} is not kept as JSON")


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "" not in value:
        return {name: _decode(part) for name, part in value.items()}
    kind, first, *rest = value[""]
    if kind == "float":
        return float(first)
    if kind in ("list", "tuple"):
        parts = [_decode(part) for part in first]
        return tuple(parts) if kind == "tuple" else parts
    shape, text, scalar = rest
    array = np.frombuffer(bytes.fromhex(text), first).reshape(shape).copy()
    return array[()] if scalar else array
