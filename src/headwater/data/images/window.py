"""A rectangle of an image."""

from __future__ import annotations

from typing import NamedTuple

from headwater.data.images.opencv import Pixels


class Window(NamedTuple):
    """Top left corner and size in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, image: Pixels) -> Pixels:
        """The part of `image`, without a copy."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]

    def scaled(self, factor: int) -> Window:
        """The same part of an image whose sides were divided by `factor`; edges move by half a pixel."""
        top, left = round(self.top / factor), round(self.left / factor)
        bottom, right = round((self.top + self.height) / factor), round((self.left + self.width) / factor)
        return Window(top, left, bottom - top, right - left)
