"""Where the image is in an element: in a column of a dict, or the element itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_of(element: Any, column: str) -> Any:
    """The image, or the bytes, of an element. Raised if there is none: `ValueError` or `TypeError`."""
    if not isinstance(element, Mapping):
        return element
    if column not in element:
        bytes_ = [name for name, value in element.items() if isinstance(value, bytes)]
        say = f"; say column={bytes_[0]!r}" if bytes_ else ""
        raise ValueError(f"there is no column {column!r}, but {sorted(element)}{say}")
    value = element[column]
    if value is None:
        raise TypeError(f"column {column!r} has no value")
    return value


def with_value(element: Any, column: str, into: str, value: Any) -> Any:
    """The element with `value` in `into`, in place of `column`."""
    if not isinstance(element, Mapping):
        return value
    rest = {name: part for name, part in element.items() if name != column}
    return {**rest, into: value}


def check_image(image: Any) -> Any:
    """Refuse what is no decoded image."""
    shape, dtype = getattr(image, "shape", None), str(getattr(image, "dtype", ""))
    if shape is None or len(shape) != 3 or shape[2] != 3 or dtype != "uint8":
        found = type(image).__name__ if shape is None else f"{dtype}{list(shape)}"
        raise TypeError(f"an image is uint8[height, width, 3], this is {found}")
    return image
