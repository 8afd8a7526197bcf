"""From rows of the store to what the model reads: category numbers and scaled values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater import data
from headwater.core.source import Source
from headwater.core.spec import Block, Column

# Each category is hashed into its own range, so that a new carrier or plane needs no new model.
BUCKETS = {"carrier": 64, "origin": 8, "dest": 512, "plane": 512}
# Centre and scale of the weather columns, round numbers for New York: temp, dewp, humid, wind_dir, wind_speed,
# wind_gust, precip, pressure, visib.
_CENTRE = np.array([55, 42, 62, 200, 10, 25, 0.0, 1018, 9], np.float32)
_SCALE = np.array([18, 19, 20, 110, 6, 6, 0.03, 8, 2], np.float32)


def flow(source: Source) -> data.Dataset:
    """Return shuffled batches of 512 encoded flights."""
    return data.from_source(source).map_batches(encode).shuffle().batch(512)


def encode(block: Block) -> dict[str, Column]:
    """Return ``category [N, 6]`` (int64), ``value [N, 20]`` (float32) and the ``label``."""
    minute = np.asarray(block["minute_of_day"], np.float32)
    weather = (np.asarray(block["weather"]) - _CENTRE) / _SCALE
    angle = minute * (2 * np.pi / 1440)
    values = [
        np.sin(angle),
        np.cos(angle),
        minute / 720 - 1,
        np.log(np.asarray(block["distance"])) - 6.7,
        (np.asarray(block["plane_year"]) - 2001) / 7,
        (np.asarray(block["seats"]) - 137) / 70,
    ]
    table = np.column_stack([*values, np.clip(weather, -5, 5)]).astype(np.float32)
    missing = np.isnan(table[:, [4, 6, 9, 11, 13]]).astype(np.float32)
    categories = [_bucket(np.asarray(block[name]), size) for name, size in BUCKETS.items()]
    categories += [(minute // 60).astype(np.int64), np.asarray(block["weekday"], np.int64)]
    return {
        "category": np.stack(categories, axis=1),
        "value": np.concatenate([np.nan_to_num(table), missing], axis=1),
        "label": np.asarray(block["late"]).astype(np.float32),
    }


def _bucket(words: NDArray[np.bytes_], size: int) -> NDArray[np.int64]:
    """Hash fixed-width bytes to ``0 .. size-1`` (FNV-1a over the columns of the byte matrix)."""
    letters = np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1)
    state = np.full(len(words), 0xCBF29CE484222325, np.uint64)
    for column in letters.T:
        state = (state ^ column) * np.uint64(0x100000001B3)
    return ((state >> np.uint64(20)) % np.uint64(size)).astype(np.int64)
