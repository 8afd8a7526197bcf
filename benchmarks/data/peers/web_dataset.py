"""WebDataset: shards of tar files, in the workers of its loader."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import webdataset as wds

from crops import DECODERS
from inputs import photos as d1


def photo(sample: dict[str, Any], *, decoder: str) -> tuple[Any, int]:
    key = int(sample["__key__"].rpartition("/")[2])
    return DECODERS[decoder](sample["jpg"], np.random.default_rng((0, key))), key


def vision(photos: d1.Photos, *, decoder: str) -> Iterable[Any]:
    """Batches made in two workers."""
    dataset = wds.WebDataset(photos.shards, shardshuffle=False).map(partial(photo, decoder=decoder))
    loader = wds.WebLoader(dataset.batched(d1.BATCH), batch_size=None, num_workers=2)
    return ({"image": images, "key": keys} for images, keys in loader)
