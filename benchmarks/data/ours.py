"""Our side of each pipeline: the plainest form, no setting touched."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

from headwater import data
from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers


def plus_one(x: Any) -> Any:
    """A Python function of one element; of a column where it is given one."""
    return x + 1


def tiny(numbers: Numbers) -> Iterable[Any]:
    """A Python function for each element."""
    return data.range(numbers.size).map(plus_one).batch(BATCH)


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """The same for many at once."""
    return data.range(numbers.size).map_batches(plus_one).batch(BATCH)


def vision(photos: d1.Photos) -> data.Dataset:
    """Shards, the decoder that comes with us, batches."""
    # Outside the clock, as the peers' imports are; we would load them with the first photo.
    import cv2  # noqa: F401
    import simplejpeg  # noqa: F401

    from headwater.data import images

    crop = images.random_resized_crop(d1.SIZE)
    decode = images.decode_crop(crop, flip=0.5, mean=d1.MEAN, std=d1.STD)
    return data.from_webdataset(photos.shards).map(decode).batch(d1.BATCH)


def text(texts: d2.Texts) -> Iterable[Any]:
    """A tokeniser of `tokenizers`, or any Python function; it is loaded here, outside the clock."""
    from tokenizers import Tokenizer

    tokeniser = d2.plain_tokeniser(texts.tokeniser) if texts.plain else Tokenizer.from_file(texts.tokeniser)
    tokens = data.from_parquet(texts.files).tokenize(tokeniser)
    return tokens.pack(d2.LENGTH, how="concat", end_token=d2.END, padding_value=d2.PAD).batch(d2.BATCH)


def latency(remote: d3.Remote, *, blocking: bool = True) -> Iterable[Any]:
    """A function that opens a file and yields what its reads bring, async or not."""

    async def read(file: int) -> AsyncIterator[Any]:
        async for raw in remote.read_async(file):
            yield d3.parse(raw)

    def read_blocking(file: int) -> Iterator[Any]:
        return map(d3.parse, remote.read(file))

    files = data.range(remote.num_files)
    return files.flat_map(read_blocking if blocking else read).rebatch(d3.BATCH)


def tabular(clicks: d4.Clicks) -> data.Dataset:
    """Expressions, of which the source reads only what they need."""
    import numpy as np
    import pyarrow.compute as pc

    spread = pc.multiply(pc.field("user").cast("uint64"), pc.scalar(np.uint64(d4.MULTIPLIER)))
    bucket = pc.shift_right(spread, pc.scalar(np.uint64(d4.SHIFT))).cast("int64")
    rows = data.from_parquet(clicks.files).filter(pc.field("score") < d4.THRESHOLD).with_columns(bucket=bucket)
    return rows.select("label", "bucket", "score", "time", "f00", "f01").shuffle().batch(d4.BATCH)


class Resumed:
    """A dataset and the run of it that a checkpoint is taken of."""

    def __init__(self, dataset: data.Dataset) -> None:
        self._dataset = dataset

    def begin(self, folder: Path | None) -> Iterator[Any]:
        """A run from the start, or from a state."""
        state = None if folder is None else json.loads((folder / "state.json").read_text())
        self._run = self._dataset.iterate(state)
        return self._run

    def save(self, folder: Path) -> None:
        """The run's state."""
        (folder / "state.json").write_text(json.dumps(self._run.state()))


def vision_resumed(photos: d1.Photos) -> Resumed:
    return Resumed(vision(photos))


def tabular_resumed(clicks: d4.Clicks) -> Resumed:
    return Resumed(tabular(clicks))
