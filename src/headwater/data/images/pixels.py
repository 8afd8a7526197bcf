"""From levels of 0 to 255 to the numbers a model wants: a table per channel, looked up once per pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.images.element import check_image, value_of, with_value
from headwater.data.images.opencv import Pixels, channel, look_up

MEAN = (0.485, 0.456, 0.406)
"""The means of ImageNet's channels, as models trained on it expect them."""

STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""

_TYPES = ("float32", "float16", "uint8")
_LAYOUTS = ("hwc", "chw")


@dataclass(frozen=True)
class normalize:  # noqa: N801 - is called like a function, and is one
    """``(pixel / 255 - mean) / std`` of the image in `column`, for each channel.

    `dtype` is float32 or float16; uint8 leaves the levels as they are. `layout` is ``hwc``, or ``chw`` as the
    models of torch take it.
    """

    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    dtype: str = "float32"
    layout: str = "hwc"
    column: str = "image"

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", _three(self.mean, "mean"))
        object.__setattr__(self, "std", _three(self.std, "std"))
        _check(self.dtype in _TYPES, f"dtype={self.dtype!r} is none of {', '.join(_TYPES)}")
        _check(self.layout in _LAYOUTS, f"layout={self.layout!r} is none of {', '.join(_LAYOUTS)}")
        _check(min(self.std) > 0, f"std={self.std} is not positive")

    def __call__(self, element: Any) -> Any:
        """The element with numbers for levels."""
        image = check_image(value_of(element, self.column))
        out = np.empty(self.shape(*image.shape[:2]), self.dtype)
        self.write(image, out)
        return with_value(element, self.column, self.column, out)

    def shape(self, height: int, width: int) -> tuple[int, ...]:
        """The shape in this layout."""
        return (height, width, 3) if self.layout == "hwc" else (3, height, width)

    def write(self, image: Pixels, out: NDArray[Any]) -> None:
        """Fill `out` with the numbers for `image`."""
        if self.dtype == "uint8":
            np.copyto(out, image if self.layout == "hwc" else image.transpose(2, 0, 1))
        elif self.layout == "hwc":
            look_up(image, self._table, out)
        else:
            for number, table in enumerate(self._tables):
                look_up(channel(image, number), table, out[number])

    @cached_property
    def _table(self) -> NDArray[Any]:
        levels = np.arange(256)[None, :, None] / 255
        table: NDArray[Any] = (levels - np.array(self.mean)) / np.array(self.std)
        return table.astype(self.dtype)

    @cached_property
    def _tables(self) -> list[NDArray[Any]]:
        return [np.ascontiguousarray(self._table[:, :, number]) for number in range(3)]


def _three(values: Sequence[float], name: str) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    _check(len(found) == 3, f"{name}={found} has not three numbers")
    return found


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise DataError(f"{problem}.", where="images.normalize", remedy="See its parameters.")
