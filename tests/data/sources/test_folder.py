"""Image folders: one class per folder, sorted, each image by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headwater import data
from headwater.core.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("dog/b.jpg", "dog/a.PNG", "cat/x/2.jpeg", "cat/1.jpg", "cat/notes.txt"):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "root" / "readme.jpg").write_bytes(b"not in a class")
    return tmp_path / "root"


def test_images_are_sorted_by_class_and_name(folder: Path, laws: Callable[..., None]) -> None:
    names = [("cat/1.jpg", 0), ("cat/x/2.jpeg", 0), ("dog/a.PNG", 1), ("dog/b.jpg", 1)]
    expected = [{"path": name, "image": name.encode(), "label": label} for name, label in names]
    laws(lambda: data.from_image_folder(folder), expected)
    shuffled = list(data.from_image_folder(folder).shuffle(seed=2))
    assert sorted(shuffled, key=lambda it: str(it["path"])) == expected


def test_what_is_not_laid_out_so_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DataError, match="no folder is there"):
        data.from_image_folder(tmp_path / "none")
    with pytest.raises(DataError, match="no folder in it"):
        data.from_image_folder(folder / "dog")
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="empty: the class has no image"):
        data.from_image_folder(folder)


def test_an_image_that_vanished_is_named(folder: Path) -> None:
    dataset = data.from_image_folder(folder)
    (folder / "dog" / "b.jpg").unlink()
    with pytest.raises(DataError, match=r"dog/b\.jpg: the file is gone"):
        list(dataset)
