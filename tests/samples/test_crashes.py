"""SIGKILL at any moment of an ingest: the last version stays, and ingesting again ends as if unbroken."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.samples import Field, Payload, Samples, Schema

NUM_KILLS = 8
SCHEMA = Schema(fields=(Field("x", "int64"), Payload("blob")), event_time="at")

# Ingests the folder file by file, deletes, compacts; kills itself at the n-th change on disk, or at the n-th
# statement to the catalogue. Without a number it prints how many such moments there are.
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from headwater import samples

store, left, count = samples.open(sys.argv[1]), int(sys.argv[3]), 0

def moment(*_):
    global count
    count += 1
    if count == left:
        os.kill(os.getpid(), signal.SIGKILL)

def around(function):
    def wrapped(*args, **more):
        moment()
        result = function(*args, **more)
        moment()
        return result
    return wrapped

os.fsync, Path.replace, Path.unlink = around(os.fsync), around(Path.replace), around(Path.unlink)
engine = store.place.catalogue._engine
event.listen(engine, "commit", moment)
event.listen(engine, "after_cursor_execute", moment)
store.ingest(sys.argv[2])
store.delete([1, 150])
store.compact()
print(count)
"""


def payloads(column: Any) -> list[bytes]:
    return list(column.to_pylist())


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name in range(3):
        lines = [
            {"at": 100 * name + at, "x": 100 * name + at, "blob": f"{name}/{at}" * 20} for at in range(100)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def make(path: Path) -> Samples:
    return samples.create(path, SCHEMA, segment_bytes="8KiB", clock=FakeClock(1e6))


def child(store: Path, inbox: Path, moment: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(store), str(inbox), str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def check_whole(store: Samples) -> None:
    """Whatever is visible is whole files, each row what was written under its key."""
    keys = store.keys()
    block = store.read(keys)
    assert block["x"].tolist() == keys.tolist()
    assert payloads(block["blob"]) == [f"{key // 100}/{key % 100}".encode() * 20 for key in keys.tolist()]
    files = {int(key) // 100 for key in keys}
    assert set(keys.tolist()) >= {100 * name + at for name in files for at in range(100)} - {1, 150}
    assert np.array_equal(np.sort(store.index()["key"]), keys)


def test_no_kill_loses_or_half_shows_anything_and_the_end_is_always_the_same(
    tmp_path: Path, inbox: Path
) -> None:
    make(tmp_path / "unbroken.hw")
    num_moments = int(child(tmp_path / "unbroken.hw", inbox, 0).stdout)
    unbroken = samples.open(tmp_path / "unbroken.hw")
    moments = random.sample(range(1, num_moments + 1), NUM_KILLS)
    for moment in moments:
        path = tmp_path / f"killed-{moment}.hw"
        make(path)
        assert child(path, inbox, moment).returncode == -signal.SIGKILL, moment
        check_whole(samples.open(path))
        store = samples.open(path)
        assert store.ingest(inbox).keys.tolist() == list(range(300)), moment
        store.delete([1, 150])
        store.compact()
        check_whole(store)
        assert store.keys().tolist() == unbroken.keys().tolist(), moment
        named = {name for record in store.place.catalogue.state().segments for name in record.names}
        assert {file.name for file in (path / "segments").iterdir()} == named, moment


def test_a_folder_without_a_description_is_made_into_a_store_again(tmp_path: Path) -> None:
    make(tmp_path / "s.hw")
    (tmp_path / "s.hw" / "store.json").unlink()  # as if killed before the last step of create()
    store = make(tmp_path / "s.hw")
    assert store.ingest([{"at": 0, "x": 0, "blob": "a"}]).keys.tolist() == [0]
