"""Functions for `map` that make arrays of sound in bytes: WAV, by Python's own library.

from headwater import data

sounds = data.from_webdataset("speech-*.tar").map(data.audio.decode())
"""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode"]


@dataclass(frozen=True)
class decode:  # noqa: N801 - is called like a function, and is one
    """The WAV bytes in `column` become samples `into`, float32[frames, channels] from -1 to 1, and the `rate`.

    `rate` is the name of the column of frames per second. PCM of 8, 16, 24 and 32 bits is read; other codings
    are a `ValueError`. Other columns stay; plain bytes become a dict of both.

    >>> file = io.BytesIO()
    >>> with wave.open(file, "wb") as sound:
    ...     sound.setparams((1, 2, 8_000, 0, "NONE", ""))
    ...     sound.writeframes(np.int16([0, 16_384]).tobytes())
    >>> decode()(file.getvalue())
    {'audio': array([[0. ],
           [0.5]], dtype=float32), 'rate': 8000}
    """

    column: str = "wav"
    into: str = "audio"
    rate: str = "rate"

    def __call__(self, element: Any) -> dict[str, Any]:
        """The element with samples for bytes."""
        if not isinstance(element, Mapping):
            samples, rate = samples_of(element)
            return {self.into: samples, self.rate: rate}
        if self.column not in element:
            raise ValueError(f"there is no column {self.column!r}, but {sorted(element)}")
        samples, rate = samples_of(element[self.column])
        rest = {name: value for name, value in element.items() if name != self.column}
        return {**rest, self.into: samples, self.rate: rate}


def samples_of(content: Any) -> tuple[NDArray[np.float32], int]:
    """Return the samples of a WAV file, float32[frames, channels], and frames per second.

    Raised for what is no WAV file of PCM, or ends too early: `ValueError`; for what is no bytes: `TypeError`.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        raise TypeError(f"a WAV file in bytes is wanted, this is a {type(content).__name__}")
    try:
        with wave.open(io.BytesIO(content), "rb") as sound:
            width, channels, frames = sound.getsampwidth(), sound.getnchannels(), sound.getnframes()
            data, rate = sound.readframes(frames), sound.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"no WAV file of PCM: {error or 'it ends too early'}") from error
    if width not in (1, 2, 3, 4):
        raise ValueError(f"PCM of {8 * width} bits is not read")
    if len(data) != frames * width * channels:
        raise ValueError(f"the file ends after {len(data) // (width * channels):,} of {frames:,} frames")
    return _levels(data, width).reshape(-1, channels), rate


def _levels(data: bytes, width: int) -> NDArray[np.float32]:
    """Integers of `width` bytes as numbers from -1 up to, but without, 1."""
    if width == 1:  # the only one without a sign
        whole = np.frombuffer(data, np.uint8).astype(np.int16) - 128
    elif width == 3:
        # Into the upper bytes of 32 bits, so that the sign comes along.
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = padded.view("<i4").reshape(-1)
    else:
        whole = np.frombuffer(data, f"<i{width}")
    bits = {1: 7, 2: 15, 3: 31, 4: 31}[width]
    return np.multiply(whole, np.float32(2.0**-bits), dtype=np.float32)
