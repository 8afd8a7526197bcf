"""The names of the classes of an image folder."""

from __future__ import annotations

from pathlib import Path

from headwater.data.sources.folder import class_names


def classes(path: str | Path) -> list[str]:
    """The names that the labels of ``data.from_image_folder(path)`` count: those of the folders, sorted."""
    return list(class_names(Path(path)))
