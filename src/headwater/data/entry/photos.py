"""Datasets of images and other samples that are files: in tar files, in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headwater.core.errors import DataError
from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.folder import ImageFolder
from headwater.data.sources.paths import Paths, find_files
from headwater.data.sources.tar import first_sample, is_compressed
from headwater.data.sources.webdataset import WebDataset
from headwater.data.sources.webdataset_stream import WebDatasetStream


@member
def from_webdataset(paths: Paths, *, members: Sequence[str] | None = None, decode: bool = False) -> Dataset:
    """The samples of WebDataset tar files: ``{"__key__": "a/b", "jpg": bytes, "cls": bytes}``.

    Neighbouring members that are equal up to the first dot of their name are one sample. Each has the members
    of the first, else it is an error; `members` says which are wanted, and what a sample lacks of them is None.
    ``decode=True`` reads class numbers (``cls``) as int, and ``txt`` and ``json`` as text.

    Tar files give random access: their headers are looked through once. Compressed ones (``.tar.gz``) are read
    in order, and a restored run reads its file again from the beginning.
    """
    files = find_files(
        paths,
        kind="tar",
        where="data.from_webdataset",
        suffixes=(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"),
    )
    if isinstance(members, str):
        raise DataError(f"members={members!r} is one text.", remedy=f"Write members=({members!r},).")
    wanted = first_sample(files[0].path) if members is None else tuple(members)
    streamed = any(is_compressed(file.path) for file in files)
    source = WebDatasetStream if streamed else WebDataset
    return begin(source(files, wanted, members is None, decode))


@member
def from_image_folder(path: str | Path) -> Dataset:
    """The images of ``path/class/*.jpg``: ``{"path": "class/a.jpg", "image": bytes, "label": 0}``.

    Random access. Classes are numbered in the order of their names; ``images.classes(path)`` lists them.
    """
    return begin(ImageFolder.of(Path(path)))
