"""Scaling, mirroring and tables of pixel values by OpenCV, which lets go of the interpreter lock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.images.missing import missing

Pixels = NDArray[np.uint8]


def scale(image: Pixels, height: int, width: int) -> Pixels:
    """The image at another size.

    Bilinear while a side is more than half as long after as before; below, each pixel is the mean of those it
    covers, which takes six times as long.
    """
    if image.shape[:2] == (height, width):
        return image
    cv2 = library()
    shrinks = image.shape[0] >= 2 * height and image.shape[1] >= 2 * width
    scaled: Pixels = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return scaled


def mirror(image: Pixels) -> Pixels:
    """Left and right exchanged."""
    mirrored: Pixels = library().flip(image, 1)
    return mirrored


def look_up(image: Pixels, table: NDArray[Any], out: NDArray[Any]) -> None:
    """Write ``table[0, pixel, channel]`` into `out`, which has the image's shape and the table's type."""
    written = library().LUT(image, table, out)
    if written is not out and not np.shares_memory(written, out):
        np.copyto(out, written)  # OpenCV found no way to write into `out`


def channel(image: Pixels, number: int) -> Pixels:
    """One channel by itself."""
    found: Pixels = library().extractChannel(image, number)
    return found


def library() -> Any:
    """OpenCV, or the error that says how to get it."""
    try:
        import cv2
    except ImportError:
        raise missing("opencv-python-headless") from None
    return cv2
