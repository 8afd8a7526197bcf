"""Sound in bytes becomes samples."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError

LEVELS = np.array([[0.0, 0.5], [-0.5, -1.0], [0.25, 0.75]])


def wav(width: int, levels: np.ndarray = LEVELS, rate: int = 16_000) -> bytes:
    whole = np.round(levels * 2.0 ** (8 * width - 1)).astype("<i8")
    if width == 1:
        whole += 128
    packed = whole.reshape(-1, 1).view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((levels.shape[1], width, rate, 0, "NONE", ""))
        sound.writeframes(packed)
    return file.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_all_widths_give_the_same_levels(width: int) -> None:
    found = data.audio.decode()({"wav": wav(width), "label": 3})
    assert found["audio"].dtype == np.float32
    assert np.array_equal(found["audio"], LEVELS.astype(np.float32))
    assert (found["rate"], found["label"]) == (16_000, 3)
    assert "wav" not in found


def test_it_holds_to_the_laws(laws: Callable[..., None]) -> None:
    expected = [{"audio": LEVELS[: n + 1].astype(np.float32), "rate": 16_000} for n in range(3)]
    laws(lambda: data.range(3).map(lambda n: wav(2, LEVELS[: n + 1])).map(data.audio.decode()), expected)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no WAV file"),
        (b"RIFF1234WAVEjunk", "no WAV file"),
        (wav(2)[:-5], "ends after 1 of 3 frames"),
        (wav(2).replace(b"fmt \x10\0\0\0\x01", b"fmt \x10\0\0\0\x03"), "no WAV file of PCM: unknown format: 3"),
        ("text", "this is a str"),
    ],
)
def test_what_is_no_sound_is_named(content: object, problem: str) -> None:
    with pytest.raises(DataError, match=f"row 0: .*{problem}"):
        list(data.range(1).map(lambda _: {"wav": content}).map(data.audio.decode()))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"no column 'flac', but \['wav'\]"):
        list(data.range(1).map(lambda _: {"wav": b""}).map(data.audio.decode("flac")))
