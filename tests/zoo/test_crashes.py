"""SIGKILL at any point of adding, a full disk, two writers: what was there stays, and adding again works."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import event

from headwater import zoo
from headwater.core.errors import StorageFullError
from headwater.core.selection import Selection

# Kills itself at the n-th of the moments at which something on disk has just changed or is about to.
_CHILD = """
import os, signal, sys
from pathlib import Path
import numpy as np
from sqlalchemy import event
from headwater import zoo
from headwater.core.selection import Selection
from headwater.zoo import blobs, training_sets

path, left = sys.argv[1], int(sys.argv[2])
keep = zoo.open(path)

def moment(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def around(function):
    def wrapped(*args, **more):
        moment()
        result = function(*args, **more)
        moment()
        return result
    return wrapped

os.fsync = around(os.fsync)
Path.replace = around(Path.replace)
blobs.LocalDraft.write = around(blobs.LocalDraft.write)
event.listen(keep._store.catalogue.engine, "commit", moment)
event.listen(keep._store.catalogue.engine, "after_cursor_execute", moment)
base = keep.load("base", framework="numpy")
keep.add({"w": base["w"] + np.float32(1e-4)}, name="new", parent="base", selection=Selection.of([1, 2]))
keep.delete("old")
keep.collect()
print("whole")
"""


def weights() -> dict[str, NDArray[Any]]:
    return {"w": np.random.default_rng(0).normal(size=9000).astype(np.float32)}


@pytest.fixture
def two(folder: Path) -> Path:
    """A zoo with two versions."""
    with zoo.open(folder) as keep:
        keep.add(weights(), name="base", selection=Selection.of([1]))
        keep.add({"w": np.ones(10)}, name="old")
    return folder


def run(folder: Path, moment: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", _CHILD, str(folder), str(moment)], capture_output=True, text=True
    )


def check(folder: Path) -> None:
    """Look at a zoo after a kill: all that is visible is whole, and the same work can be done again."""
    with zoo.open(folder) as keep:
        names = {v.name for v in keep.ls()}
        assert names in ({"base", "old"}, {"base", "old", "new"}, {"base", "new"})
        assert np.array_equal(keep.load("base", framework="numpy")["w"], weights()["w"])
        expected = weights()["w"] + np.float32(1e-4)
        new = keep.add({"w": expected}, name="new", parent="base", selection=Selection.of([1, 2]))
        assert np.array_equal(keep.load(new, framework="numpy")["w"], expected)
        assert new.id == "v000003"
        if "old" in names:
            keep.delete("old")
        keep.collect()
        assert keep.verify() == ()
        held = {path.name for path in (folder / "blobs").rglob("*") if path.is_file()}
        assert held == {f"{v.blob}.blob" for v in keep.ls()}
        assert len(list((folder / "training_sets").iterdir())) == 2


# While compressing, before and after each rename, before the row and the commit, between the two collections.
@pytest.mark.parametrize("moment", [14, 31, 32, 38, 44, 46, 56, 59])
def test_a_kill_at_a_telling_moment_loses_nothing_that_was_there(two: Path, moment: int) -> None:
    done = run(two, moment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    check(two)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_at_each_moment_loses_nothing_that_was_there(tmp_path: Path) -> None:
    for moment in range(1, 1000):
        place = tmp_path / str(moment)
        with zoo.open(place) as keep:
            keep.add(weights(), name="base", selection=Selection.of([1]))
            keep.add({"w": np.ones(10)}, name="old")
        done = run(place, moment)
        if done.returncode == 0:
            assert done.stdout == "whole\n"
            assert moment > 50, "the child has fewer moments than the test above counts on"
            return
        assert done.returncode == -signal.SIGKILL, done.stderr
        check(place)


def _full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _begin_on_full_device(folder: Path) -> tuple[Path, BufferedWriter]:
    """Begin a draft on Linux's device that is always full."""
    return folder / "full", Path("/dev/full").open("wb")


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "training set"])
def test_a_full_disk_is_said_to_be_full_and_nothing_is_half_visible(
    two: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    places = {
        "write": ("headwater.zoo.blobs._begin", _begin_on_full_device),
        "fsync": ("os.fsync", _full),
        "replace": ("pathlib.Path.replace", _full),
        "training set": ("headwater.core.files.fsync_folder", _full),
    }
    with zoo.open(two) as keep:
        with monkeypatch.context() as patched:
            patched.setattr(*places[call])
            with pytest.raises(StorageFullError, match="the disk is full"):
                keep.add({"w": weights()["w"] + 1}, name="new", parent="base", selection=Selection.of([7]))
        assert {v.name for v in keep.ls()} == {"base", "old"}
        assert keep.add({"w": weights()["w"] + 1}, name="new", parent="base").id == "v000003"
        keep.collect()
        assert keep.verify() == ()
        assert len(list((two / "blobs").glob("*.blob"))) == 3
        assert len(list((two / "training_sets").iterdir())) == 1


def test_a_full_catalogue_is_said_to_be_full_and_its_files_are_collected(two: Path) -> None:
    with zoo.open(two) as keep:
        with keep._store.catalogue.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        limit = f"PRAGMA max_page_count={pages}"
        event.listen(keep._store.catalogue.engine, "begin", lambda c: c.exec_driver_sql(limit), insert=True)
        with pytest.raises(StorageFullError, match="nothing half-written is visible"):
            keep.add({"w": np.ones(10)}, facts={"long": "x" * 100_000})
    with zoo.open(two) as keep:
        assert {v.name for v in keep.ls()} == {"base", "old"}
        assert keep.collect().num_files == 0


_ADDER = """
import sys
import numpy as np
from headwater import zoo

keep = zoo.open(sys.argv[1])
for number in range(8):
    keep.add({"x": np.full(50, int(sys.argv[2]) * 100 + number)}, name=f"{sys.argv[2]}-{number}", parent="root")
    keep.add({"x": np.full(50, number)}, name=f"both-{number}")
    if number % 3 == 0:
        keep.collect(rebase=True)
"""


def test_two_processes_add_and_collect_at_once(folder: Path) -> None:
    with zoo.open(folder) as keep:
        keep.add({"x": np.zeros(50)}, name="root")
    adders = [subprocess.Popen([sys.executable, "-c", _ADDER, str(folder), str(n)]) for n in (1, 2)]
    assert [adder.wait() for adder in adders] == [0, 0]
    with zoo.open(folder) as keep:
        names = {v.name for v in keep.ls()}
        assert names == {"root"} | {f"{who}-{n}" for who in ("1", "2", "both") for n in range(8)}
        assert [v.id for v in keep.ls()] == [f"v{n:06d}" for n in range(1, 26)]
        assert keep.verify() == ()


def test_two_processes_may_create_one_zoo_at_once(folder: Path) -> None:
    code = "import sys; from headwater import zoo; zoo.open(sys.argv[1]).close()"
    makers = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(3)]
    assert [maker.wait() for maker in makers] == [0, 0, 0]
