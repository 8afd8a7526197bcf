"""How do bytes become batches? A fluent dataset, frozen into a graph, run in blocks.

from headwater import data

dataset = data.from_source(source).map_batches(encode).shuffle(8_192).batch(512)
for batch in dataset: ...
"""

from __future__ import annotations

import importlib
from types import ModuleType

from headwater.data.dataset import Dataset
from headwater.data.entry.files import from_files, from_fixed_length, from_text, from_tfrecord
from headwater.data.entry.memory import from_arrays, from_arrow, from_source, range  # noqa: A004 - as Python calls it
from headwater.data.entry.mixing import choose_from, concatenate, sample_from, zip  # noqa: A004 - as Python calls it
from headwater.data.entry.photos import from_image_folder, from_webdataset
from headwater.data.entry.sequences import from_datasets, from_generator, from_sequence
from headwater.data.entry.stored import load
from headwater.data.entry.tables import from_csv, from_ipc, from_jsonl, from_parquet
from headwater.data.graph import Graph
from headwater.data.loader import Loader
from headwater.data.options import Options
from headwater.data.run import Run

__all__ = [
    "Dataset",
    "Graph",
    "Loader",
    "Options",
    "Run",
    "choose_from",
    "concatenate",
    "from_arrays",
    "from_arrow",
    "from_csv",
    "from_datasets",
    "from_files",
    "from_fixed_length",
    "from_generator",
    "from_image_folder",
    "from_ipc",
    "from_jsonl",
    "from_parquet",
    "from_sequence",
    "from_source",
    "from_text",
    "from_tfrecord",
    "from_webdataset",
    "load",
    "range",
    "sample_from",
    "zip",
]

_ON_USE = ("audio", "images")


def __getattr__(name: str) -> ModuleType:
    if name in _ON_USE:
        return importlib.import_module(f"headwater.data.{name}")
    raise AttributeError(f"module 'headwater.data' has no attribute {name!r}")
