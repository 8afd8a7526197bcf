"""A journal loses nothing that was committed, and never shows half a record or a changed one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core import journal
from headwater.core.errors import CorruptError, StorageFullError
from headwater.core.journal import Journal

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.journal"


def write(path: Path, *names: str) -> bytes:
    with Journal(path) as log:
        for name in names:
            log.append("step", name=name, size=len(name))
    return path.read_bytes()


def test_records_are_read_back_in_order_and_by_kind(path: Path) -> None:
    with Journal(path) as log:
        log.append("round", number=1)
        log.append("stage", name="train")
        log.append("round", number=2)
        assert [one["number"] for one in log.records("round")] == [1, 2]
        assert len(list(log.records("round", "stage"))) == 3
    assert journal.read(path) == [
        {"kind": "round", "number": 1},
        {"kind": "stage", "name": "train"},
        {"kind": "round", "number": 2},
    ]


def test_what_is_appended_later_follows_what_was_there(path: Path) -> None:
    write(path, "a", "b")
    write(path, "c")
    assert [one["name"] for one in journal.read(path)] == ["a", "b", "c"]


def test_a_journal_that_does_not_exist_yet_has_no_records(path: Path) -> None:
    assert journal.read(path) == []
    assert not path.exists()


def test_a_record_is_the_same_before_and_after_it_was_read_back(path: Path) -> None:
    with Journal(path) as log:
        kept = log.append(
            "step",
            keys=np.array([1, 2]),
            loss=np.float32(0.5),
            count=np.int64(7),
            at=np.datetime64("2013-01-01T05:00", "us"),
            folder=Path("runs"),
            pair=(1, 2),
        )
        assert list(log.records()) == [kept]
    assert journal.read(path) == [kept]
    assert kept == {
        "kind": "step",
        "keys": [1, 2],
        "loss": 0.5,
        "count": 7,
        "at": "2013-01-01T05:00:00.000000",
        "folder": "runs",
        "pair": [1, 2],
    }


def test_what_json_cannot_say_is_refused_and_leaves_the_journal_as_it_was(path: Path) -> None:
    with Journal(path) as log:
        log.append("step", name="a")
        with pytest.raises(TypeError, match="JSON cannot say a object"):
            log.append("step", name=object())
    assert [one["name"] for one in journal.read(path)] == ["a"]


@given(
    data=st.lists(
        st.dictionaries(
            st.text(max_size=6).filter(lambda k: k not in ("kind", "self")), json_values, max_size=4
        ),
        max_size=4,
    )
)
def test_any_json_value_survives(data: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "run"
    with Journal(path) as log:
        for one in data:
            log.append("step", **one)
    assert journal.read(path) == [{"kind": "step", **one} for one in data]


def test_a_journal_torn_at_any_byte_keeps_every_whole_line_and_takes_new_ones(path: Path) -> None:
    content = write(path, "first", "zweiter\r\n", "3\u2028")
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        assert len(journal.read(path)) == whole, cut
        with Journal(path) as log:
            log.append("step", name="next", size=4)
        assert [one["name"] for one in journal.read(path)][whole:] == ["next"], cut


def test_a_byte_flipped_anywhere_is_an_error_that_names_the_line(path: Path) -> None:
    content = write(path, "first", "second", "third")
    for at in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[at] ^= 1 << bit
            path.write_bytes(bytes(changed))
            with pytest.raises(CorruptError, match=r"run\.journal, line [123]: the checksum"):
                journal.read(path)
            with pytest.raises(CorruptError):
                Journal(path)
            assert path.read_bytes() == bytes(changed), "reading must not cut off what it cannot read"


def test_zeros_where_a_power_cut_left_a_tail_are_dropped(path: Path) -> None:
    content = write(path, "first")
    path.write_bytes(content + bytes(100))
    assert len(journal.read(path)) == 1


class FullDisk:
    """A file on a disk with room for `room` more bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self.file = file
        self.room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, content: bytes) -> int:
        part = content[: self.room]
        self.file.write(part)
        self.room -= len(part)
        if len(part) < len(content):
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(content)


@pytest.mark.parametrize("room", [0, 1, 30, 60])
def test_a_full_disk_is_an_error_and_what_was_committed_stays(path: Path, room: int) -> None:
    content = write(path, "first", "second")
    log = Journal(path)
    log._file = FullDisk(log._file, room)  # type: ignore[assignment]

    def go_on() -> None:
        for name in "abcdefghijk":
            log.append("step", name=name, size=1)
            log.commit()

    with pytest.raises(StorageFullError, match=r"run\.journal: the disk is full .* Free some space"):
        go_on()
    log.close()
    assert path.read_bytes().startswith(content)
    found = [one["name"] for one in journal.read(path)]
    assert found == ["first", "second", *"abcdefghijk"][: len(found)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_is_full_when_the_journal_closes_is_an_error_and_the_file_is_let_go(path: Path) -> None:
    log = Journal(path)
    log._file.close()
    log._file = open("/dev/full", "w+b")  # noqa: SIM115, PTH123 - closed by the journal
    log.append("step", name="a")
    with pytest.raises(StorageFullError):
        log.close()
    assert log._file.closed
    log.close()


WRITER = """
import sys
from pathlib import Path
from headwater.core.journal import Journal
with Journal(Path(sys.argv[1])) as log:
    number = len(list(log.records()))
    while True:
        for _ in range(number % 5 + 1):
            log.append("step", number=number, filler="x" * (number * 37 % 5000))
            number += 1
        log.commit()
        print(number, flush=True)
"""


def test_every_committed_record_survives_kills_at_random_moments(path: Path, tmp_path: Path) -> None:
    chance = np.random.default_rng()  # any moment will do: the kill cannot be repeated exactly anyway
    committed = 0
    for attempt in range(8):
        out = tmp_path / f"out{attempt}"
        with out.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=file)
            deadline = time.monotonic() + 30
            while out.stat().st_size == 0 and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.002)
            time.sleep(float(chance.uniform(0, 0.02)))
            process.send_signal(signal.SIGKILL)
            process.wait()
        told = out.read_text().rpartition("\n")[0].splitlines()
        assert told, "the writer committed nothing within 30 s"
        committed = int(told[-1])
        numbers = [one["number"] for one in journal.read(path)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= committed
    assert committed > 8


def test_commit_reaches_the_disk_before_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(path.stat().st_size))
    log = Journal(path)
    log.append("step", name="a")
    log.commit()
    assert synced[-1] == path.stat().st_size > 0
    log.close()
