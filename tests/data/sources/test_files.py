"""What holds for sources of files of any format; lines stand for all."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from headwater import data
from headwater.core.clock import FakeClock
from headwater.core.errors import DataError
from headwater.data.block import BARE, Columns
from headwater.data.cursor import Cursor, Env
from headwater.data.origin import described
from headwater.data.sources.ahead import ReadAhead
from headwater.data.sources.file import File
from headwater.data.sources.files import Files
from headwater.data.sources.pieces import Piece, Place


def write(folder: Path, **contents: str) -> Path:
    for name, content in contents.items():
        (folder / f"{name}.txt").write_text(content)
    return folder


def test_a_file_that_vanishes_between_epochs_is_named_and_the_state_stays(tmp_path: Path) -> None:
    dataset = data.from_text(write(tmp_path, a="1\n2\n", b="3\n4\n"))
    assert list(dataset) == ["1", "2", "3", "4"]
    (tmp_path / "b.txt").unlink()
    run = dataset.iterate(epoch=1)
    assert [next(run), next(run)] == ["1", "2"]
    with pytest.raises(DataError, match=r"b\.txt: the file is gone; it was there when the dataset was made"):
        next(run)
    state = run.state()
    write(tmp_path, b="3\n4\n")
    assert list(data.from_text(tmp_path).restore(state)) == ["3", "4"]


def test_a_file_that_changed_between_epochs_is_named(tmp_path: Path) -> None:
    dataset = data.from_text(write(tmp_path, a="1\n2\n", b="3\n4\n"))
    assert len(list(dataset)) == 4
    write(tmp_path, b="3\n4\n5\n")
    with pytest.raises(DataError, match=r"b\.txt: the file has changed.*had 4 bytes and has 6"):
        list(dataset)
    write(tmp_path, b="3\n5\n")
    os.utime(tmp_path / "b.txt", ns=(1, 1))
    with pytest.raises(DataError, match=r"b\.txt: the file has changed.*written to"):
        list(dataset)


def test_a_file_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    dataset = data.from_text(write(tmp_path, a="1\n2\n"))
    assert len(list(dataset)) == 2
    os.utime(tmp_path / "a.txt", ns=(1, 1))
    assert list(dataset) == ["1", "2"]
    assert data.from_text(tmp_path).fingerprint == dataset.fingerprint


def test_another_folder_is_the_same_data_but_another_content_is_not(tmp_path: Path) -> None:
    for name in ("x", "y", "z"):
        (tmp_path / name).mkdir()
    first = data.from_text(write(tmp_path / "x", a="1\n2\n"))
    assert data.from_text(write(tmp_path / "y", a="1\n2\n")).fingerprint == first.fingerprint
    assert data.from_text(write(tmp_path / "z", a="1\n3\n")).fingerprint != first.fingerprint
    assert data.from_text(tmp_path / "x", encoding=None).fingerprint != first.fingerprint


def test_errors_of_a_function_name_file_and_row(tmp_path: Path) -> None:
    dataset = data.from_text(write(tmp_path, a="1\n2\n", b="3\nx\n")).map(int)
    with pytest.raises(DataError, match=r"b\.txt, row 1"):
        list(dataset)


def test_files_are_found_by_folder_pattern_and_list(tmp_path: Path) -> None:
    write(tmp_path, b="2", a="1", c="3")
    (tmp_path / ".hidden").write_text("no")
    assert list(data.from_text(tmp_path)) == ["1", "2", "3"]
    assert list(data.from_text(str(tmp_path / "[bc].txt"))) == ["2", "3"]
    assert list(data.from_text([tmp_path / "c.txt", tmp_path / "a.txt"])) == ["3", "1"]
    with pytest.raises(DataError, match="no text file is there"):
        data.from_text(tmp_path / "none*")
    with pytest.raises(DataError, match="no path was given"):
        data.from_text([])


def test_paths_are_elements_in_sorted_order(tmp_path: Path, laws: Callable[..., None]) -> None:
    write(tmp_path, b="2", a="1", c="3")
    names = [str(tmp_path / f"{name}.txt") for name in "abc"]
    laws(lambda: data.from_files(tmp_path), names)
    order = list(data.from_files(tmp_path).shuffle(seed=3))
    laws(lambda: data.from_files(tmp_path).shuffle(seed=3), order)
    assert sorted(data.from_files(tmp_path).shuffle()) == names


@dataclass(frozen=True, eq=False)
class Counted(Files):
    """Three rows a file, ``10 * file + row``, one piece each; which thread reads is written down."""

    operator: ClassVar[str] = "counted"
    readers: ClassVar[list[tuple[str, str]]] = []

    def read(self, path: Path, place: Place) -> Iterator[Piece]:
        self.readers.append((path.name, threading.current_thread().name))
        for row in range(place.at, 3):
            yield Piece({BARE: np.array([10 * int(path.stem) + row])}, row + 1)


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    for number in range(6):
        (tmp_path / f"{number}.bin").write_bytes(b"")
    Counted.readers.clear()
    return Counted(tuple(File.of(path) for path in sorted(tmp_path.iterdir())))


def given(cursor: Cursor) -> list[int]:
    """What is left, one element at a time."""
    found: list[int] = []
    while (block := cursor.next(1)) is not None:
        found += block.elements()
    return found


def readers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("headwater-files")}


def test_one_file_can_be_opened_alone_at_any_state(counted: Counted) -> None:
    cursor = counted.open_file(4)
    first = cursor.next(2)
    assert isinstance(first, Columns)
    assert first.elements() == [40]
    assert described(int(first.positions[0])).endswith("4.bin, row 0")
    again = counted.open_file(4, cursor.state())
    assert given(again) == [41, 42]


def test_the_next_file_is_read_in_a_thread_while_this_one_is_used(counted: Counted) -> None:
    others = readers()
    cursor = counted.open(Env(clock=FakeClock()), None)
    first = cursor.next(1)
    assert [name for name, _ in Counted.readers] == ["0.bin"]  # for the first rows nothing else is opened
    assert first is not None
    assert given(cursor) == [10 * file + row for file in range(6) for row in range(3)][1:]
    threads = dict(Counted.readers)
    assert all(threads[f"{number}.bin"].startswith("headwater-files") for number in range(1, 6))
    assert not readers() - others


def test_closing_half_way_leaves_no_thread_and_keeps_the_state(counted: Counted) -> None:
    others = readers()
    cursor = counted.open(Env(), None)
    for _ in range(5):
        cursor.next(1)
    state = cursor.state()
    cursor.close()
    cursor.close()
    assert cursor.state() == state
    assert not readers() - others
    rest = counted.open(Env(), state).next(1)
    assert rest is not None
    assert rest.elements() == [12]


class Waiting:
    """A file whose reading is seen from outside."""

    def __init__(self, number: int, clock: FakeClock, lock: threading.Lock) -> None:
        self.number = number
        self.clock = clock
        self.lock = lock

    def fetch(self, size_bytes: int) -> None:
        with self.lock:
            self.clock.sleep(1.0)  # of which the processor works next to nothing

    def close(self) -> None:
        pass


def test_more_files_are_opened_at_once_while_reading_is_waiting() -> None:
    clock = FakeClock()
    lock = threading.Lock()
    ahead = ReadAhead(lambda number: Waiting(number, clock, lock), 40, clock)
    ahead.look(0)
    assert ahead.take(1) is None  # one file at first
    for number in range(5):
        ahead.look(number)
        cursor = ahead.take(number)
        assert cursor is not None
        assert cursor.number == number
    ahead.look(5)
    begun = [number for number in range(5, 40) if ahead.take(number) is not None]
    assert begun == list(range(5, 5 + 16))
    ahead.close()


def test_an_error_read_ahead_waits_for_its_turn(tmp_path: Path) -> None:
    write(tmp_path, a="1\n2\n3\n", b="4\n")
    (tmp_path / "b.txt").write_bytes(b"4\n\xff\n")
    run = data.from_text(tmp_path).iterate(block_rows=1)
    assert [next(run) for _ in range(4)] == ["1", "2", "3", "4"]
    with pytest.raises(DataError, match=r"b\.txt, line 2"):
        next(run)
    with pytest.raises(DataError, match=r"b\.txt, line 2"):
        next(run)


def test_what_is_broken_is_passed_over_and_what_follows_is_read(
    tmp_path: Path, laws: Callable[..., None]
) -> None:
    (tmp_path / "a").write_bytes(b"1\n\xff\n3\n")
    (tmp_path / "b").write_bytes(b"\xfe\n")
    (tmp_path / "c").write_bytes(b"\xfd\n\xfc\n4\n5\n\xfb\n")
    laws(lambda: data.from_text(tmp_path).ignore_errors(limit=5), ["1", "3", "4", "5"])
    with pytest.raises(DataError, match="5 elements could not be made, more than the limit"):
        list(data.from_text(tmp_path).ignore_errors(limit=4))


def test_a_file_that_cannot_be_read_on_is_passed_over_with_the_rest_of_it(
    tmp_path: Path, laws: Callable[..., None]
) -> None:
    for name, content in (("a.gz", b"1\n2\n"), ("b.gz", b"3\n"), ("c.gz", b"4\n")):
        (tmp_path / name).write_bytes(gzip.compress(content))
    (tmp_path / "b.gz").write_bytes((tmp_path / "b.gz").read_bytes()[:-9])
    laws(lambda: data.from_text(tmp_path).ignore_errors(limit=1), ["1", "2", "4"])


def test_bad_rows_of_tables_are_passed_over(tmp_path: Path, laws: Callable[..., None]) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n\n2\ny\n4\n")
    (tmp_path / "b.csv").write_text("x\nz\n6,6\n7\n")
    types = {"x": "int64"}
    laws(lambda: data.from_csv(tmp_path, types=types).ignore_errors(limit=3), [{"x": x} for x in (1, 2, 4, 7)])
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n{"x": null}\n{"x": 3}\n{"x"\n{"x": 5}\n')
    laws(lambda: data.from_jsonl(tmp_path).ignore_errors(limit=2), [{"x": x} for x in (1, 3, 5)])
