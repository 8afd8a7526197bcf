"""Folders of images: bytes as they are, classes as labels, each image known by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.core.errors import SamplesError
from headwater.samples import Field, Payload, Samples, Schema


def payloads(column: Any) -> list[bytes]:
    return list(column.to_pylist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pets"
    for at, name in enumerate(["cat/1.jpg", "cat/2.png", "dog/1.jpg"]):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
        os.utime(path, (60 * at, 60 * at))
    (root / "dog" / "notes.txt").write_text("no image")
    return root


def make(tmp_path: Path, label: Field) -> Samples:
    schema = Schema(
        fields=(Payload("photo"), label, Field("path", "S32")), event_time="taken", label=label.name
    )
    return samples.create(tmp_path / "pets.hw", schema, clock=FakeClock(1e6))


def test_images_are_stored_as_they_are_with_their_class_and_time(tmp_path: Path, folder: Path) -> None:
    store = make(tmp_path, Field("animal", "S8"))
    done = store.ingest(folder)
    block = store.read(done.keys)
    assert payloads(block["photo"]) == [name.encode() * 100 for name in ("cat/1.jpg", "cat/2.png", "dog/1.jpg")]
    assert block["animal"].tolist() == [b"cat", b"cat", b"dog"]
    assert block["path"].tolist() == [b"cat/1.jpg", b"cat/2.png", b"dog/1.jpg"]
    assert block["event_time"].tolist() == [np.datetime64(60 * at, "s").item() for at in range(3)]


def test_only_new_images_are_added_when_the_folder_comes_again(tmp_path: Path, folder: Path) -> None:
    store = make(tmp_path, Field("animal", "S8"))
    store.ingest(folder)
    (folder / "cat" / "0.jpg").write_bytes(b"new")
    (folder / "cat" / "9.jpg").write_bytes(b"new")  # the same image again
    for name in ("0.jpg", "9.jpg"):
        os.utime(folder / "cat" / name, (180, 180))
    done = store.ingest(folder)
    assert done.keys.tolist() == [3, 0, 1, 3, 2]
    assert (done.num_new, done.num_known) == (1, 4)
    assert payloads(store.read([3])["photo"]) == [b"new"]


def test_numbers_of_classes_are_listed_once_and_for_all(tmp_path: Path, folder: Path) -> None:
    store = make(tmp_path, Field("animal", "int8"))
    with pytest.raises(SamplesError, match=r"class 'cat' has no number.*classes=\('cat', 'dog'\)"):
        store.ingest(folder)
    store.ingest(folder, classes=("dog", "cat"))
    assert store.read([0, 1, 2])["animal"].tolist() == [1, 1, 0]


def test_classes_named_by_numbers_are_those_numbers(tmp_path: Path, folder: Path) -> None:
    (folder / "cat").rename(folder / "3")
    (folder / "dog").rename(folder / "11")
    store = make(tmp_path, Field("animal", "int8"))
    assert sorted(store.read(store.ingest(folder).keys)["animal"].tolist()) == [3, 3, 11]


def test_images_need_somewhere_to_go(tmp_path: Path, folder: Path) -> None:
    schema = Schema(fields=(Field("animal", "S8"),), label="animal")
    with pytest.raises(SamplesError, match=r"exactly one Payload"):
        samples.create(tmp_path / "x.hw", schema).ingest(folder)
    with pytest.raises(SamplesError, match=r"one folder per class"):
        make(tmp_path, Field("animal", "S8")).ingest(folder / "cat" / "1.jpg")
