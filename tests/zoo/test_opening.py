"""Opening finds the right zoo, or says why not; it never mistakes one for another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from headwater import zoo
from headwater.core.errors import CorruptError, LockedError, ZooError
from headwater.zoo import catalogue


def test_a_zoo_is_opened_again_with_all_that_is_in_it(folder: Path) -> None:
    with zoo.open(folder) as keep:
        added = keep.add({"x": np.ones(3)}, name="one")
    with zoo.open(str(folder), create=False) as again:
        assert again.ls() == [added]
        assert repr(again) == f"Zoo({str(folder)!r})"


def test_nothing_is_created_by_looking(folder: Path) -> None:
    with pytest.raises(ZooError, match="there is no zoo here"):
        zoo.open(folder, create=False)
    assert not folder.exists()


def test_a_file_or_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ZooError, match="this folder holds other things"):
        zoo.open(tmp_path)
    with pytest.raises(ZooError, match="this is a file"):
        zoo.open(tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_lost_catalogue_does_not_make_every_file_an_orphan(folder: Path) -> None:
    with zoo.open(folder) as keep:
        keep.add({"x": np.ones(3)})
    for path in folder.glob("catalogue.sqlite*"):
        path.unlink()
    with pytest.raises(ZooError, match="of two different zoos"):
        zoo.open(folder)
    assert len(list((folder / "blobs").glob("*.blob"))) == 1


def test_the_catalogue_of_another_zoo_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with zoo.open(tmp_path / name) as keep:
            keep.add({"x": np.ones(3)})
    with pytest.raises(ZooError, match="of two different zoos"):
        zoo.open(tmp_path / "a", catalogue=f"sqlite:///{tmp_path}/b/catalogue.sqlite")


def test_the_catalogue_may_lie_elsewhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.sqlite"
    with zoo.open(tmp_path / "z", catalogue=url) as keep:
        keep.add({"x": np.ones(3)})
    with zoo.open(tmp_path / "z", catalogue=url) as keep:
        assert len(keep.ls()) == 1
    with pytest.raises(ZooError, match="of two different zoos"):
        zoo.open(tmp_path / "z")


@pytest.mark.parametrize("url", ["nonsense", "bogus://x", ""])
def test_what_is_not_a_database_is_refused(folder: Path, url: str) -> None:
    with pytest.raises(ZooError, match="not a database URL"):
        zoo.open(folder, catalogue=url)


def test_a_damaged_catalogue_is_said_to_be_damaged(folder: Path) -> None:
    zoo.open(folder).close()
    for path in folder.glob("catalogue.sqlite*"):
        path.write_bytes(b"this is no database" * 500)
    with pytest.raises(CorruptError, match="catalogue is damaged"):
        zoo.open(folder)


def test_a_later_format_is_refused(folder: Path) -> None:
    with zoo.open(folder) as keep, keep._store.catalogue.engine.begin() as connection:
        connection.execute(sa.text("UPDATE zoo_about SET format = 2"))
    with pytest.raises(ZooError, match="written in format 2"):
        zoo.open(folder)


def test_a_zoo_whose_creation_was_killed_is_created(folder: Path) -> None:
    zoo.open(folder).close()
    for path in folder.glob("catalogue.sqlite*"):
        path.unlink()
    (folder / "blobs" / "drafts" / "1-dead").write_bytes(b"half")
    with zoo.open(folder) as keep:
        keep.add({"x": np.ones(1)})
    identity = json.loads((folder / "zoo.json").read_text())["identity"]
    assert len(identity) == 32


def test_a_moved_zoo_is_the_same_zoo(folder: Path, tmp_path: Path) -> None:
    with zoo.open(folder) as keep:
        added = keep.add({"x": np.ones(3)})
    shutil.move(folder, tmp_path / "moved")
    with zoo.open(tmp_path / "moved") as keep:
        assert keep.load(added)["x"].sum() == 3


def test_a_writer_that_never_ends_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_WAIT_S", 0.05)
    with zoo.open(folder) as keep, zoo.open(folder) as other, other._store.catalogue.writing():
        with pytest.raises(LockedError, match="another process has been writing"):
            keep.add({"x": np.ones(3)})
        assert keep.ls() == []
