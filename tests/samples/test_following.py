"""Following a folder: complete files only, each once, in order, also after a restart."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.core.errors import SamplesError
from headwater.samples import Field, Samples, Schema


@dataclass
class Script(FakeClock):
    """A clock at whose naps things happen."""

    events: dict[int, Callable[[], Any]] = field(default_factory=dict)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.events.pop(len(self.naps), lambda: None)()


@pytest.fixture
def store(tmp_path: Path) -> Samples:
    return samples.create(tmp_path / "s.hw", Schema(fields=(Field("x", "int32"),), event_time="at"))


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def write(path: Path, *values: int) -> None:
    path.write_text("".join(json.dumps({"at": value, "x": value}) + "\n" for value in values))


def xs(store: Samples) -> list[int]:
    return [int(x) for x in store.read(store.keys())["x"]]


def test_files_are_ingested_in_the_order_of_their_names_and_once(store: Samples, inbox: Path) -> None:
    write(inbox / "b.jsonl", 3, 4)
    write(inbox / "a.jsonl", 1, 2)
    clock = Script(events={3: lambda: write(inbox / "c.jsonl", 5)})
    done = list(samples.follow(store, inbox, every_s=5, idle_s=30, clock=clock))
    assert [one.num_new for one in done] == [2, 2, 1]
    assert xs(store) == [1, 2, 3, 4, 5]
    assert set(clock.naps) == {5}


def test_a_growing_file_is_left_until_it_stands_still(store: Samples, inbox: Path) -> None:
    path = inbox / "a.jsonl"
    write(path, 1)
    clock = Script(events={1: lambda: write(path, 1, 2), 2: lambda: write(path, 1, 2, 3)})
    list(samples.follow(store, inbox, idle_s=30, clock=clock))
    assert xs(store) == [1, 2, 3]
    assert store.version == 1


def test_a_file_renamed_into_place_is_taken_at_once(store: Samples, inbox: Path) -> None:
    write(inbox / ".part", 1)
    following = samples.follow(store, inbox)
    assert list(following.look()) == []
    (inbox / ".part").rename(inbox / "a.jsonl")
    assert [one.num_new for one in following.look()] == [1]
    assert list(following.look()) == []


def test_a_restart_goes_on_where_it_stopped_without_reading_the_known(
    store: Samples, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox / "a.jsonl", 1)
    following = samples.follow(store, inbox)
    assert [*following.look(), *following.look()][0].num_new == 1
    write(inbox / "b.jsonl", 2)
    read: list[Any] = []
    ingest = Samples.ingest

    def noted(self: Samples, what: Any, **rest: Any) -> Any:
        read.append(what)
        return ingest(self, what, **rest)

    monkeypatch.setattr(Samples, "ingest", noted)
    again = samples.follow(samples.open(store.path), inbox)
    assert [one.keys.tolist() for one in [*again.look(), *again.look()]] == [[1]]
    assert read == [inbox / "b.jsonl"]


def test_a_refused_file_does_not_stop_the_others_and_is_tried_again_when_mended(
    store: Samples, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (inbox / "a.jsonl").write_text("nonsense\n")
    write(inbox / "b.jsonl", 2)
    refused: list[Path] = []
    following = samples.follow(store, inbox, max_rejects=0, on_refused=lambda path, error: refused.append(path))
    for _ in range(4):
        list(following.look())
    assert refused == [inbox / "a.jsonl"]
    assert xs(store) == [2]
    write(inbox / "a.jsonl", 1)
    for _ in range(2):
        list(following.look())
    assert xs(store) == [2, 1]
    (inbox / "c.jsonl").write_text("nonsense\n")
    with caplog.at_level(logging.WARNING):
        list(samples.follow(store, inbox, max_rejects=0, idle_s=10, clock=FakeClock()))
    assert "c.jsonl: row 1" in caplog.text


def test_only_files_of_the_pattern_are_taken(store: Samples, inbox: Path) -> None:
    write(inbox / "a.jsonl", 1)
    write(inbox / "b.jsonl", 2)
    (inbox / "c.txt").write_text("no data")
    (inbox / "folder.jsonl").mkdir()
    list(samples.follow(store, inbox, pattern="b*", idle_s=10, clock=FakeClock()))
    assert xs(store) == [2]


def test_a_folder_that_is_not_there_is_named(store: Samples, tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"nowhere: there is no such folder"):
        samples.follow(store, tmp_path / "nowhere")
