"""From bytes to pixels: the whole image, or only a window of it, as small as is good enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater.data.images import pillow, simplejpeg
from headwater.data.images.element import value_of, with_value
from headwater.data.images.opencv import Pixels
from headwater.data.images.window import Window

_JPEG = b"\xff\xd8"


@dataclass(frozen=True)
class decode:  # noqa: N801 - is called like a function, and is one
    """Decode the bytes in `column` to RGB, uint8[height, width, 3], and put that `into` their place.

    JPEG goes through simplejpeg, all else through Pillow. EXIF's orientation is not heeded. With `exact`, JPEG
    is decoded as other libraries do by default, which takes a fifth longer.
    """

    column: str = "jpg"
    into: str = "image"
    exact: bool = False

    def __call__(self, element: Any) -> Any:
        """The element with pixels for bytes."""
        pixels = whole(value_of(element, self.column), exact=self.exact)
        return with_value(element, self.column, self.into, pixels)


def whole(data: Any, *, exact: bool = False) -> Pixels:
    """All pixels."""
    size = _jpeg_size(data)
    return pillow.decode(data) if size is None else simplejpeg.decode(data, *size, exact=exact)


def window(
    data: Any, choose: Callable[[int, int], Window], *, height: int, width: int, exact: bool = False
) -> Pixels:
    """The pixels of the window that ``choose(height, width)`` names, for an image of `height` x `width`.

    A JPEG is decoded at a half, a quarter or an eighth of its size if the window still has so many pixels.
    """
    size = _jpeg_size(data)
    if size is None:
        pixels = pillow.decode(data)
        return choose(*pixels.shape[:2]).of(pixels)
    chosen = choose(*size)
    fits = (it for it in simplejpeg.FACTORS if chosen.height >= it * height and chosen.width >= it * width)
    factor = next(fits, 1)
    return chosen.scaled(factor).of(simplejpeg.decode(data, *size, factor=factor, exact=exact))


def _jpeg_size(data: Any) -> tuple[int, int] | None:
    """Height and width of a JPEG; None for other formats."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"an image in bytes is wanted, this is a {type(data).__name__}")
    return simplejpeg.size_of(data) if data[:2] == _JPEG else None
