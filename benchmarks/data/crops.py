"""Random-resized-crop, flip and normalise around a decoder: what a user writes for peers that bring none."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from inputs.photos import MEAN, SIZE, STD

cv2.setNumThreads(0)  # the peers bring their own threads
Image = NDArray[np.float32]
Decode = Callable[[bytes, np.random.Generator], Image]

# (x / 255 - mean) / std as one multiplication and one addition.
_SCALE = (1 / (255 * np.array(STD))).astype(np.float32)
_SHIFT = (-np.array(MEAN) / np.array(STD)).astype(np.float32)


def crop_box(height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width: 8 to 100 % of the area, an aspect of 3/4 to 4/3, as torchvision draws it."""
    for _ in range(10):
        area = height * width * rng.uniform(0.08, 1.0)
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        tall, wide = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < tall <= height and 0 < wide <= width:
            return int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1)), tall, wide
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def normalised(pixels: NDArray[np.uint8]) -> Image:
    """Of bytes, float32 with mean 0 and spread 1."""
    found: Image = pixels * _SCALE + _SHIFT
    return found


def with_pillow(raw: bytes, rng: np.random.Generator) -> Image:
    """Decode with Pillow; crop and resize in one call."""
    image = Pillow.open(io.BytesIO(raw)).convert("RGB")
    top, left, tall, wide = crop_box(image.height, image.width, rng)
    box = (left, top, left + wide, top + tall)
    cropped = image.resize((SIZE, SIZE), Pillow.Resampling.BILINEAR, box=box)
    if rng.random() < 0.5:
        cropped = cropped.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    return normalised(np.asarray(cropped))


def with_opencv(raw: bytes, rng: np.random.Generator) -> Image:
    """Decode with OpenCV, which releases the GIL."""
    image: Any = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR_RGB)
    top, left, tall, wide = crop_box(image.shape[0], image.shape[1], rng)
    cropped = cv2.resize(image[top : top + tall, left : left + wide], (SIZE, SIZE))
    if rng.random() < 0.5:
        cropped = cv2.flip(cropped, 1)
    return normalised(cropped)


DECODERS: dict[str, Decode] = {"pillow": with_pillow, "opencv": with_opencv}
