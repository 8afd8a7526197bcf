"""A folder of images, one folder per class; the bytes are stored as they are and nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import SamplesError
from headwater.samples.incoming.batch import Batch
from headwater.samples.schema import Field, Schema
from headwater.samples.valuewise import Values

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_IMAGES_PER_BATCH = 512


def is_image_folder(folder: Path) -> bool:
    """Whether `folder` has folders that hold images."""
    return any(
        path.suffix.lower() in SUFFIXES
        for inner in folder.iterdir()
        if inner.is_dir()
        for path in inner.iterdir()
    )


def read_images(folder: Path, schema: Schema, *, classes: Sequence[str] | None) -> Iterator[Batch]:
    """Read each image as one sample: its bytes, its folder's name as label, its file's time as event time.

    A field of bytes takes the class by name. A field of integers takes its position in `classes`, or the
    name itself where all names are numbers. A ``path`` field, if the schema has one, takes the path.
    """
    if len(schema.payloads) != 1:
        raise SamplesError("images need a schema with exactly one Payload.", where=str(folder))
    images = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES)
    label = next((field for field in schema.fixed if field.name == schema.label), None)
    number = _numbers(sorted({path.parent.name for path in images}), label, classes, folder)
    rest = enumerate(images, start=1)
    while chunk := list(islice(rest, _IMAGES_PER_BATCH)):
        paths = [path for _, path in chunk]
        contents = [path.read_bytes() for path in paths]
        columns: dict[str, Values] = {schema.payloads[0].name: contents}
        if label is not None:
            columns[label.name] = [number.get(path.parent.name, path.parent.name) for path in paths]
        if schema.event_time is not None:
            columns[schema.event_time] = [path.stat().st_mtime for path in paths]
        if any(field.name == "path" for field in schema.fixed):
            columns["path"] = [str(path.relative_to(folder)) for path in paths]
        yield Batch(
            columns,
            np.array([position for position, _ in chunk], np.int64),
            digests=[digest_of(path.parent.name, data) for path, data in zip(paths, contents)],
            names=[str(path) for path in paths],
        )


def _numbers(
    names: Sequence[str], label: Field | None, classes: Sequence[str] | None, folder: Path
) -> dict[str, int]:
    """Return the number of each class; empty where classes are stored by name."""
    if label is None or label.numpy.kind == "S":
        return {}
    if classes is None and all(name.isdecimal() for name in names):
        return {name: int(name) for name in names}
    unknown = sorted(set(names) - set(classes or ()))
    if classes is None or unknown:
        raise SamplesError(
            f"the class {unknown[0]!r} has no number.",
            where=str(folder),
            remedy=f"List all classes in their order in Python: classes={tuple(names)!r}; "
            "or make the label a text field, such as S16, which stores their names.",
        )
    return {name: position for position, name in enumerate(classes)}
