"""Ray Data, on a local cluster of two processors."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import ray
import ray.data.expressions

from crops import with_opencv
from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import encoder
from peers.plain_threads import read_together


def started() -> Any:
    """`ray.data`, with a cluster running."""
    if not ray.is_initialized():
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray.data


def plus_one(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"] + 1}


def tiny(numbers: Numbers) -> Iterable[Any]:
    """Row by row."""
    return started().range(numbers.size).map(plus_one).iter_batches(batch_size=BATCH, batch_format="numpy")


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """Blocks of rows."""
    dataset = started().range(numbers.size).map_batches(plus_one, batch_size=None)
    return dataset.iter_batches(batch_size=BATCH, batch_format="numpy")


def photo(row: dict[str, Any]) -> dict[str, Any]:
    key = int(row["__key__"])
    return {"image": with_opencv(row["jpg"], np.random.default_rng((0, key))), "key": key}


def vision(photos: d1.Photos) -> Iterable[Any]:
    """Shards, then OpenCV photo by photo."""
    dataset = started().read_webdataset(photos.shards, decoder=None).map(photo)
    return dataset.iter_batches(batch_size=d1.BATCH, batch_format="numpy", prefetch_batches=2)


def encoded(texts: d2.Texts, batch: dict[str, Any]) -> dict[str, Any]:
    return {"tokens": encoder(texts)(list(batch["text"]))}


def text(texts: d2.Texts) -> Iterable[Any]:
    """A row for each token after the tokeniser; its batches then pack by themselves."""
    rows = started().read_parquet(texts.files, columns=["text"])
    tokens = rows.map_batches(partial(encoded, texts), batch_size=256)
    batches = tokens.iter_batches(batch_size=d2.BATCH * d2.LENGTH, batch_format="numpy", prefetch_batches=2)
    return (_rows(batch["tokens"]) for batch in batches)


def _rows(tokens: Any) -> Any:
    return np.pad(tokens, (0, -tokens.size % d2.LENGTH), constant_values=d2.PAD).reshape(-1, d2.LENGTH)


def read_many(remote: d3.Remote, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for records in read_together(remote, batch["id"].tolist()):
        yield {"record": records}


def latency(remote: d3.Remote) -> Iterable[Any]:
    """Two tasks of 32 threads each."""
    files = started().range(remote.num_files, override_num_blocks=2)
    records = files.map_batches(partial(read_many, remote), batch_size=remote.num_files // 2)
    return records.iter_batches(batch_size=d3.BATCH, batch_format="numpy", prefetch_batches=2)


def hashed(batch: dict[str, Any]) -> dict[str, Any]:
    return {**batch, "bucket": d4.bucket_of(batch["user"])}


def tabular(clicks: d4.Clicks) -> Iterable[Any]:
    """Columns and rows are chosen while reading."""
    rows = started().read_parquet(clicks.files, columns=list(d4.USED))
    chosen = rows.filter(expr=ray.data.expressions.col("score") < d4.THRESHOLD)
    shuffled = chosen.map_batches(hashed, batch_size=None).random_shuffle()
    return shuffled.iter_batches(batch_size=d4.BATCH, batch_format="numpy", prefetch_batches=2)
