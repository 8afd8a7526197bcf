from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater import loop, samples
from headwater.core.errors import LoopError
from headwater.loop import runs
from headwater.loop.results import Results

Made = Callable[..., Results]
SCHEMA = samples.Schema(fields=(samples.Field("x", "float32"),), event_time="at")


def over(run: Results, stream: samples.Samples, **told: Any) -> Results:
    """Write down that `run` was over `store`, as a run does when it begins."""
    run.folder.write_json("run.json", {"name": run.name, "stream": str(stream.path), **told})
    return run


def statuses(folder: Path) -> dict[str, str]:
    return {line["name"]: line["status"] for line in map(loop.describe, loop.find(folder))}


def test_a_run_is_stopped_unless_some_process_has_it(made_run: Made, tmp_path: Path) -> None:
    made_run("done", [{"at": "2013-01-08"}])
    begun = made_run("begun", finished=False)
    with begun.folder.locked():
        assert statuses(tmp_path) == {"begun": "running", "done": "finished"}
    assert statuses(tmp_path) == {"begun": "stopped", "done": "finished"}


def test_the_note_of_a_killed_process_is_not_a_running_one(made_run: Made, tmp_path: Path) -> None:
    begun = made_run("begun", finished=False)
    (begun.folder.path / ".lock.holder").write_text("process 1 (running the loop begun)")
    assert statuses(tmp_path) == {"begun": "stopped"}


def test_listing_leaves_nothing_behind(made_run: Made, tmp_path: Path) -> None:
    made_run("begun", finished=False)
    before = sorted(tmp_path.rglob("*"))
    statuses(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("line", [b"not a record\n", b"\xff\xfe\n", b"00000000 {}\n"])
def test_a_damaged_run_is_a_line_and_hides_no_other(made_run: Made, tmp_path: Path, line: bytes) -> None:
    made_run("sound", [{"at": "2013-01-08"}])
    broken = made_run("broken", [{"at": "2013-01-08"}]).folder.journal
    broken.write_bytes(line + broken.read_bytes())
    assert statuses(tmp_path) == {"broken": "damaged", "sound": "finished"}
    (told, _) = map(loop.describe, loop.find(tmp_path))
    assert "journal.log, line 1" in told["problem"]
    assert set(told) >= {"rounds", "models", "samples_trained", "seconds", "event_time"}
    with pytest.raises(LoopError, match="Did you mean `sound`"):
        loop.open_run("sonud", tmp_path)


def test_a_journal_with_a_word_of_another_version_is_damaged(made_run: Made, tmp_path: Path) -> None:
    from headwater.core.journal import Journal

    with Journal(made_run("odd", finished=False).folder.journal) as journal:
        journal.append("teleported", seconds=1.0)
    assert statuses(tmp_path) == {"odd": "damaged"}


def test_a_folder_of_runs_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoopError, match=r"nowhere: there is no folder of runs here.*--runs"):
        loop.find(tmp_path / "nowhere")


def test_times_end_at_the_second(made_run: Made, tmp_path: Path) -> None:
    made_run("done", [{"at": "2013-01-08T05:00:00.123456"}])
    assert loop.describe(loop.find(tmp_path)[0])["event_time"] == "2013-01-08T05:00:00"


def test_runs_over_one_store_share_it(made_run: Made, tmp_path: Path) -> None:
    store = samples.create(tmp_path / "s.hw", SCHEMA)
    new = over(made_run("new"), store, store=store.identity)
    old = over(made_run("old"), store)
    assert runs.shared_stream([new.folder, old.folder]).identity == store.identity
    assert runs.shared_stream([old.folder, new.folder]).identity == store.identity


@pytest.mark.parametrize("is_known", [True, False])
def test_runs_over_different_stores_are_not_compared(made_run: Made, tmp_path: Path, is_known: bool) -> None:
    stores = [samples.create(tmp_path / f"{name}.hw", SCHEMA) for name in ("first", "second")]
    folders = [
        over(made_run(f"run{number}"), store, **({"store": store.identity} if is_known else {})).folder
        for number, store in enumerate(stores)
    ]
    with pytest.raises(LoopError, match=r"first\.hw.*second\.hw"):
        runs.shared_stream(folders)


def test_a_store_made_anew_in_the_same_place_is_another_one(made_run: Made, tmp_path: Path) -> None:
    run = over(made_run("old"), samples.create(tmp_path / "s.hw", SCHEMA), store="an id of before")
    with pytest.raises(LoopError, match="another store is now at"):
        runs.shared_stream([run.folder])


def test_a_run_that_never_trained_says_why(made_run: Made) -> None:
    nothing = made_run("nothing", [{"at": "2013-01-08", "num_selected": 0}])
    assert "no model was ever trained: 1,200 samples gave 1 trigger." in (
        runs.why_no_model(nothing, 1_200) or ""
    )
    assert "0 triggers" in (runs.why_no_model(made_run("silent"), 5) or "")
    assert runs.why_no_model(made_run("trained", [{"at": "2013-01-08"}]), 5) is None
    assert runs.why_no_model(made_run("begun", finished=False), 5) is None
