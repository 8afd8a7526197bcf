"""A folder of images in one folder per class, as torchvision's ImageFolder reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import Positions
from headwater.data.sources.blobs import read_files
from headwater.data.sources.indexed import Indexed

# Those of torchvision.datasets.folder.
IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, eq=False)
class ImageFolder(Indexed):
    """Each image's path below `folder`, its bytes, and the number of its class among the sorted folders."""

    operator: ClassVar[str] = "from_image_folder"
    folder: Path
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: tuple[int, ...]

    @staticmethod
    def of(folder: Path) -> ImageFolder:
        """Look through the folder: classes sorted, and in each the files sorted, folder by folder.

        Raised for a folder without classes, or a class without images: `DataError`.
        """
        classes = class_names(folder)
        found = [_images(folder, name) for name in classes]
        for name, images in zip(classes, found):
            if not images:
                raise DataError("the class has no image.", where=str(folder / name), remedy=_LAYOUT)
        labels = tuple(label for label, images in enumerate(found) for _ in images)
        return ImageFolder(folder, classes, tuple(path for images in found for path in images), labels)

    @property
    def num_rows(self) -> int:
        """One for each image."""
        return len(self.paths)

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Read the files at `positions`."""
        texts, labels = self._columns
        paths = texts.take(positions)
        image = read_files([self.folder / path for path in paths.to_pylist()])
        return {"path": paths, "image": image, "label": labels[positions]}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Paths and sizes of the files; an image that was changed without a change of size is not noticed."""
        sizes = [(self.folder / path).stat().st_size for path in self.paths]
        return {"classes": self.classes, "paths": self.paths, "sizes": sizes}

    @property
    def label(self) -> str:
        """The folder, and how many images are in it."""
        return f"{self.operator}({self.folder}; {self.num_rows:,} images in {len(self.classes)} classes)"

    @cached_property
    def _columns(self) -> tuple[Any, Any]:
        import pyarrow as pa

        return pa.array(self.paths, pa.string()), np.array(self.labels, np.int64)


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of the folders in `folder`, sorted: label 0 is the first."""
    if not folder.is_dir():
        raise DataError("no folder is there.", where=str(folder), remedy="Check the path.")
    names = tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()))
    if not names:
        raise DataError("there is no folder in it.", where=str(folder), remedy=_LAYOUT)
    return names


_LAYOUT = "The layout is folder/class/image.jpg, with at least one image in each class."


def _images(folder: Path, name: str) -> list[str]:
    """The images of one class, as paths from `folder`; links to folders are followed, as torchvision does."""
    found = []
    for place, _, files in sorted(os.walk(folder / name, followlinks=True)):
        below = Path(place).relative_to(folder).as_posix()
        found += [f"{below}/{file}" for file in sorted(files) if file.lower().endswith(IMAGES)]
    return found
