"""Decode, crop, scale, flip and normalise in one go, straight into the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.draws import Draws
from headwater.data.images.decode import window
from headwater.data.images.element import value_of, with_value
from headwater.data.images.opencv import mirror, scale
from headwater.data.images.pixels import normalize
from headwater.data.images.window import Window
from headwater.data.images.windows import View, check_probability
from headwater.data.rows import Rows


@dataclass(frozen=True)
class decode_crop:  # noqa: N801 - is called like a function, and is one
    """The bytes in `column` become the image `into`: decoded, the `view` of it, flipped, normalised.

    `view` is a `random_resized_crop`, `center_crop` or `resize`. It is chosen before decoding: a JPEG of which
    it needs no more is decoded at a half, a quarter or an eighth of its size. `flip` is the probability that
    left and right are exchanged. With `mean` and `std`, values are ``(pixel / 255 - mean) / std``, else from 0
    to 1; with ``dtype="uint8"``, levels. `layout` is ``hwc`` or ``chw``; `exact` decodes JPEG as other
    libraries do by default, a fifth slower. Other columns stay.

    >>> from headwater.data import images
    >>> images.decode_crop(images.center_crop(224, of=256), layout="chw").spec()
    {'image': ('float32', (3, 224, 224))}
    """

    view: View
    flip: float = 0.0
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    dtype: str = "float32"
    layout: str = "hwc"
    column: str = "jpg"
    into: str = "image"
    exact: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.view, View):
            raise DataError(
                f"{self.view!r} is no view of an image.",
                where="images.decode_crop",
                remedy="Write one such as images.random_resized_crop(224).",
            )
        check_probability(self.flip, "images.decode_crop")
        _ = self._pixels  # checks what is left

    @property
    def random(self) -> bool:
        """Whether anything is drawn."""
        return self.view.random or self.flip > 0

    @property
    def consumes(self) -> tuple[str, ...]:
        """The bytes go."""
        return (self.column,)

    def spec(self) -> Mapping[str, tuple[Any, tuple[int, ...]]]:
        """One image."""
        return {self.into: (self.dtype, self._pixels.shape(*self.view.shape))}

    def write(self, element: Any, row: Rows, *draws: Draws) -> None:
        """Put the image into its row."""
        height, width = self.view.shape

        def choose(high: int, wide: int) -> Window:
            return self.view.window(high, wide, *draws)

        data = value_of(element, self.column)
        image = scale(window(data, choose, height=height, width=width, exact=self.exact), height, width)
        if self.flip and draws[0].chance(self.flip):
            image = mirror(image)
        self._pixels.write(image, row[self.into])

    def __call__(self, element: Any, *draws: Draws) -> Any:
        """The element with its image."""
        row = {name: np.empty(shape, dtype) for name, (dtype, shape) in self.spec().items()}
        self.write(element, row, *draws)
        return with_value(element, self.column, self.into, row[self.into])

    @cached_property
    def _pixels(self) -> normalize:
        return normalize(self.mean, self.std, self.dtype, self.layout)
