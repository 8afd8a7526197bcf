"""Hugging Face `datasets`: lazily, since its eager calls write files first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch.utils.data import DataLoader

from crops import with_opencv
from inputs import clicks as d4
from inputs import photos as d1
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import batched, encoder, packed

datasets.disable_progress_bars()


def plus_one(row: dict[str, Any]) -> dict[str, Any]:
    return {"x": row["x"] + 1}


def plus_one_to_all(rows: dict[str, Any]) -> dict[str, Any]:
    return {"x": np.asarray(rows["x"]) + 1}


def _numbers(size: int) -> Any:
    return datasets.Dataset(datasets.table.InMemoryTable(pa.table({"x": np.arange(size)})))


def tiny(numbers: Numbers) -> Iterable[Any]:
    """Row by row; Python numbers, made an array once for each batch, are faster than its numpy format."""
    rows = _numbers(numbers.size).to_iterable_dataset().map(plus_one)
    return map(np.asarray, (batch["x"] for batch in rows.batch(BATCH)))


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """A transform on the fly, the fastest of its ways: `map(batched=True)` has a sixth of the rate."""
    return _numbers(numbers.size).with_transform(plus_one_to_all).iter(batch_size=BATCH)


def photo(row: dict[str, Any]) -> dict[str, Any]:
    key = int(row["__key__"])
    return {"image": with_opencv(row["jpg"]["bytes"], np.random.default_rng((0, key))), "key": key}


def vision(photos: d1.Photos) -> Iterable[Any]:
    """Shards in a stream, OpenCV in the two workers of a DataLoader."""
    return DataLoader(_photos(photos), batch_size=d1.BATCH, num_workers=2)


def _photos(photos: d1.Photos) -> Any:
    shards = datasets.load_dataset("webdataset", data_files=photos.shards, split="train", streaming=True)
    rows = shards.cast_column("jpg", datasets.Image(decode=False))
    return rows.map(photo, remove_columns=shards.column_names)


def text(texts: d2.Texts, *, num_workers: int) -> Iterable[Any]:
    """Tokenised in batches, in a stream; packed by hand, since the usual `group_texts` drops remainders."""
    encode = encoder(texts)
    rows = datasets.load_dataset("parquet", data_files=texts.files, split="train", streaming=True)
    tokens = rows.map(
        lambda batch: {"tokens": [encode(batch["text"])]}, batched=True, batch_size=256, remove_columns=["text"]
    )
    loaded: Iterable[Any] = tokens
    if num_workers:
        loaded = DataLoader(tokens, batch_size=None, num_workers=num_workers)
    return batched(packed(np.asarray(row["tokens"]) for row in loaded))


def tabular(clicks: d4.Clicks) -> Iterable[Any]:
    """Columns and rows are chosen while reading; Arrow files are written on the way, as always with it."""
    with tempfile.TemporaryDirectory() as cache:
        for batch in _shuffled(clicks, cache).with_format("numpy").iter(batch_size=d4.BATCH):
            yield with_bucket(batch)


def _shuffled(clicks: d4.Clicks, cache: str) -> Any:
    rows = datasets.Dataset.from_parquet(
        clicks.files, columns=list(d4.USED), filters=pc.field("score") < d4.THRESHOLD, cache_dir=cache
    )
    return rows.shuffle(seed=0)


def with_bucket(batch: dict[str, Any]) -> dict[str, Any]:
    return {**batch, "bucket": d4.bucket_of(batch["user"])}


def vision_resumed(photos: d1.Photos) -> Any:
    """In a stateful loader, as its documentation has it."""
    from torchdata.stateful_dataloader import StatefulDataLoader

    from peers.stateful_loader import Resumed

    return Resumed(lambda: StatefulDataLoader(_photos(photos), batch_size=d1.BATCH, num_workers=2))


def tabular_resumed(clicks: d4.Clicks) -> Any:
    """The Arrow files that it writes stay for the process that goes on."""
    from peers.stateful_loader import Resumed

    def rows() -> Any:
        shuffled = _shuffled(clicks, f"{clicks.folder}/cache").to_iterable_dataset()
        return shuffled.with_format("numpy").batch(d4.BATCH).map(with_bucket)

    return Resumed(rows)
