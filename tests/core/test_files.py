"""Files appear whole or not at all; one process at a time holds a lock, and a dead one holds nothing."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headwater.core.errors import HeadwaterError, LockedError, StorageFullError
from headwater.core.files import exclusive, explain_full_disk, write_atomic


def test_a_file_is_replaced_as_a_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one")
    write_atomic(path, memoryview(b"two"))
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_explained_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one")

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError) as caught:
        write_atomic(path, b"two")
    assert str(caught.value).startswith(f"{path}: the disk is full")
    assert "run the same command again" in caught.value.remedy
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_written_over_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(HeadwaterError) as caught:
        write_atomic(tmp_path / "a", b"one")
    assert (caught.value.where, caught.value.remedy) == (str(tmp_path / "a"), "Name a file.")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_other_errors_of_the_disk_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "no such folder" / "a", b"one")
    with pytest.raises(PermissionError), explain_full_disk(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_threads_that_write_one_file_at_once_leave_one_of_their_contents(tmp_path: Path) -> None:
    path = tmp_path / "a"
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def write(letter: bytes) -> None:
        start.wait()
        try:
            for _ in range(20):
                write_atomic(path, letter * 5000)
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(path.read_bytes())) == 1
    assert list(tmp_path.iterdir()) == [path]


HOLDER = """
import sys
from pathlib import Path
from headwater.core.files import exclusive
with exclusive(Path(sys.argv[1]), doing="ingesting"):
    print("holding", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    return process


def test_a_second_process_is_refused_and_told_who_holds_the_place(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as other:
        with pytest.raises(LockedError) as caught, exclusive(path, doing="compacting"):
            pytest.fail("two at once")
        assert f"process {other.pid} (ingesting) is already writing here." in str(caught.value)
        assert str(tmp_path) in str(caught.value)
        other.communicate("\n")
    with exclusive(path, doing="compacting"):
        assert "compacting" in (tmp_path / "lock.holder").read_text()
    assert not (tmp_path / "lock.holder").exists()


def test_the_lock_of_a_killed_process_is_free_although_its_note_is_still_there(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as other:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    assert (tmp_path / "lock.holder").exists()
    with exclusive(path, doing="compacting"):
        assert f"process {os.getpid()} (compacting)" == (tmp_path / "lock.holder").read_text()


def test_a_lock_is_let_go_when_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError, match="work"), exclusive(path, doing="working"):
        raise RuntimeError("work")
    with exclusive(path, doing="working"):
        pass


def test_the_same_process_is_refused_a_second_time_too(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "lock", doing="one"),
        pytest.raises(LockedError, match=r"process \d+ \(one\)"),
        exclusive(tmp_path / "lock", doing="two"),
    ):
        pytest.fail("two at once")


@pytest.mark.parametrize("note", [None, b"\xff\xfe"])
def test_a_holder_without_a_readable_note_is_another_process(tmp_path: Path, note: bytes | None) -> None:
    with exclusive(tmp_path / "lock", doing="one"):
        (tmp_path / "lock.holder").unlink()
        if note is not None:
            (tmp_path / "lock.holder").write_bytes(note)
        with (
            pytest.raises(LockedError, match="another process is already"),
            exclusive(tmp_path / "lock", doing="two"),
        ):
            pytest.fail("two at once")


def test_a_full_disk_takes_the_note_and_not_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        exclusive(tmp_path / "lock", doing="deleting, which frees space"),
        pytest.raises(LockedError),
        exclusive(tmp_path / "lock", doing="two"),
    ):
        pytest.fail("two at once")


CONTENDER = """
import sys
from pathlib import Path
from headwater.core.errors import LockedError
from headwater.core.files import exclusive
folder = Path(sys.argv[1])
taken = refused = 0
while taken < 60:
    try:
        with exclusive(folder / "lock", doing="x"):
            number = int((folder / "count").read_text())
            (folder / "count").write_text(str(number + 1))
            taken += 1
    except LockedError as error:
        refused += 1
        sys.stdout.write(str(error) + chr(10))
"""


def test_processes_that_contend_never_meet_and_read_only_whole_notes(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    running = [
        subprocess.Popen([sys.executable, "-c", CONTENDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = "".join(process.communicate()[0] for process in running)
    assert [process.returncode for process in running] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "180"
    whole = re.compile(r"\S+: (process \d+ \(x\)|another process) is already writing here\. ")
    assert all(whole.match(line) for line in said.splitlines())
