"""tf.data: AUTOTUNE everywhere, as its performance guide says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

from inputs import clicks as d4
from inputs import photos as d1
from inputs import remote as d3
from inputs import texts as d2
from inputs.numbers import BATCH, Numbers
from packing import encoder, read

AUTOTUNE = tf.data.AUTOTUNE


def tiny(numbers: Numbers) -> Iterable[Any]:
    """A traced function for each element; parallel calls and fusion, which only cost here, are off."""
    options = tf.data.Options()
    options.experimental_optimization.map_parallelization = False
    options.experimental_optimization.map_and_batch_fusion = False
    dataset = tf.data.Dataset.range(numbers.size).map(lambda x: x + 1).batch(BATCH).prefetch(AUTOTUNE)
    return dataset.with_options(options).as_numpy_iterator()


def tiny_vectorised(numbers: Numbers) -> Iterable[Any]:
    """Batch before map, in large batches that are split afterwards: 1.8 times the rate of the final size."""
    large = tf.data.Dataset.range(numbers.size).batch(64 * BATCH)
    dataset = large.map(lambda x: x + 1, num_parallel_calls=AUTOTUNE).rebatch(BATCH)
    return dataset.prefetch(AUTOTUNE).as_numpy_iterator()


def vision(photos: d1.Photos) -> Iterable[Any]:
    """Files in parallel; decoding and cropping in one operation, which decodes only the crop."""
    return _vision(photos).as_numpy_iterator()


def _vision(photos: d1.Photos) -> Any:
    """Seeds come as elements, since with operations that hold a random state no checkpoint can be taken."""
    paths = tf.data.Dataset.from_tensor_slices((photos.files, list(range(photos.num_photos))))
    seeded = tf.data.Dataset.zip(paths, tf.data.Dataset.random(seed=0).batch(2))
    return seeded.map(_photo, num_parallel_calls=AUTOTUNE).batch(d1.BATCH).prefetch(AUTOTUNE)


def _photo(file: Any, seed: Any) -> dict[str, Any]:
    path, key = file
    raw = tf.io.read_file(path)
    begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.io.extract_jpeg_shape(raw),
        tf.zeros([1, 0, 4]),
        seed,
        aspect_ratio_range=(3 / 4, 4 / 3),
        area_range=(0.08, 1.0),
        max_attempts=10,
        use_image_if_no_bounding_boxes=True,
    )
    window = tf.concat([begin[:2], size[:2]], axis=0)
    image = tf.image.decode_and_crop_jpeg(raw, window, channels=3)
    resized = tf.image.resize(image, [d1.SIZE, d1.SIZE])
    flipped = tf.image.stateless_random_flip_left_right(resized, seed)
    scale, shift = 1 / (255 * tf.constant(d1.STD)), tf.constant(d1.MEAN) / tf.constant(d1.STD)
    return {"image": flipped * scale - shift, "key": key}


def text(texts: d2.Texts) -> Iterable[Any]:
    """TensorFlow has no such tokeniser, so a generator calls it, for many texts at once; `rebatch` packs."""
    encode = encoder(texts)
    tokens = tf.data.Dataset.from_generator(
        lambda: map(encode, read(texts.files)), output_signature=tf.TensorSpec([None], tf.int64)
    )
    rows = tokens.prefetch(AUTOTUNE).rebatch(d2.LENGTH).padded_batch(d2.BATCH, padded_shapes=[d2.LENGTH])
    return rows.prefetch(AUTOTUNE).as_numpy_iterator()


def latency(remote: d3.Remote) -> Iterable[Any]:
    """All files at once, and as many threads; more of either, or AUTOTUNE, is slower."""

    def records(file: Any) -> Any:
        signature = tf.TensorSpec([None], tf.int64)
        return tf.data.Dataset.from_generator(
            lambda number: map(d3.parse, remote.read(int(number))), args=(file,), output_signature=signature
        )

    files = tf.data.Dataset.range(remote.num_files)
    parts = files.interleave(records, cycle_length=remote.num_files, num_parallel_calls=remote.num_files)
    options = tf.data.Options()
    options.threading.private_threadpool_size = remote.num_files
    return parts.rebatch(d3.BATCH).prefetch(AUTOTUNE).with_options(options).as_numpy_iterator()


class Deferred:
    """Batches of a dataset that reads a table first: the reading belongs to the pass."""

    def __init__(self, dataset: Callable[[], Any]) -> None:
        self._dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dataset().as_numpy_iterator())


def tabular(clicks: d4.Clicks) -> Iterable[Any]:
    """As its tutorials load tables: slices of tensors, a buffer as large as the table."""
    return Deferred(partial(_tabular, clicks))


def _tabular(clicks: d4.Clicks) -> Any:
    columns = d4.load(clicks.files)
    rows = tf.data.Dataset.from_tensor_slices(columns).shuffle(len(columns["label"]), seed=0)
    return rows.batch(d4.BATCH).prefetch(AUTOTUNE)


def tabular_by_index(clicks: d4.Clicks) -> Iterable[Any]:
    """By hand: shuffle row numbers, gather each batch."""

    def dataset() -> Any:
        columns = {name: tf.constant(column) for name, column in d4.load(clicks.files).items()}
        num_rows = len(columns["label"])
        batches = tf.data.Dataset.range(num_rows).shuffle(num_rows).batch(d4.BATCH)
        gather = lambda chosen: {name: tf.gather(column, chosen) for name, column in columns.items()}  # noqa: E731
        return batches.map(gather, num_parallel_calls=AUTOTUNE).prefetch(AUTOTUNE)

    return Deferred(dataset)


class Resumed:
    """A dataset and the iterator of it that a checkpoint is taken of; what waits in buffers is in it.

    `symbolic` ones, which its options call experimental, hold where the sources stood instead.
    """

    def __init__(self, dataset: Callable[[], Any], symbolic: bool) -> None:
        self._dataset = dataset
        self._options = tf.data.Options()
        self._options.experimental_symbolic_checkpoint = symbolic

    def begin(self, folder: Path | None) -> Iterator[Any]:
        """An iterator from the start, or from a checkpoint."""
        self._iterator = iter(self._dataset().with_options(self._options))
        if folder:
            tf.train.Checkpoint(iterator=self._iterator).read(str(folder / "state"))
        return ({name: column.numpy() for name, column in batch.items()} for batch in self._iterator)

    def save(self, folder: Path) -> None:
        """A checkpoint with the iterator alone."""
        tf.train.Checkpoint(iterator=self._iterator).write(str(folder / "state"))


def vision_resumed(photos: d1.Photos, *, symbolic: bool = False) -> Resumed:
    return Resumed(partial(_vision, photos), symbolic)


def tabular_resumed(clicks: d4.Clicks, *, symbolic: bool = False) -> Resumed:
    return Resumed(partial(_tabular, clicks), symbolic)
