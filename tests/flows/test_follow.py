"""A loop that follows a directory: files come, models come out; killed and resumed, it is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples.tiny import line as tiny

from headwater import loop, samples, selection, trainer, triggers, zoo
from headwater.core.clock import FakeClock
from headwater.core.selection import Selection


def write(folder: Path, number: int) -> None:
    rows = tiny.rows(number * 500, (number + 1) * 500)
    x = rows.pop("x")
    table = pa.table({**rows, "x": pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])})
    pq.write_table(table, folder / f"part-{number}.parquet")


def line(folder: Path) -> loop.Loop:
    place = folder / "stream.hw"
    store = samples.open(place) if place.exists() else samples.create(place, tiny.SCHEMA)
    return loop.Loop(
        store,
        triggers.Amount(400),
        selection.All(),
        tiny.flow,
        trainer.Trainer("examples.tiny.line:build", lr=0.01, threads=1),
        zoo.open(folder / "zoo.hw"),
        name="live",
        runs=folder / "runs",
        options=loop.Options(matrix_every="12h"),
    )


def arrivals(built: loop.Loop, folder: Path) -> samples.Following:
    return samples.follow(built.parts.stream, folder / "incoming", every_s=1, idle_s=3, clock=FakeClock())


def digests(built: loop.Loop) -> list[str]:
    rounds = loop.Results(built.folder).rounds()
    return [Selection.load(built.folder.selection(r.number)).digest for r in rounds if r.num_selected]


def test_files_that_come_while_the_loop_runs_are_trained_on(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    write(tmp_path / "incoming", 0)
    built = line(tmp_path)

    class Writer:
        """Drops another file into the directory whenever a model has been stored, until there are four."""

        def on_progress(self, verb: str, done: int, total: int | None) -> None: ...

        def on_event(self, event: object, facts: object, state: object) -> None:
            number = len(list((tmp_path / "incoming").iterdir()))
            if type(event).__name__ == "Stored" and number < 4:
                write(tmp_path / "incoming", number)

    results = built.run(more=arrivals(built, tmp_path), audience=Writer())
    assert results.is_finished
    assert len(results.state.batches) == 5
    assert len(results.rounds()) == 2_000 // 400
    assert len(built.parts.stream) == 2_000


def test_a_followed_run_that_broke_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        (folder / "incoming").mkdir(parents=True)
        for number in range(3):
            write(folder / "incoming", number)
    first = line(whole)
    first.run(more=arrivals(first, whole))

    class Breaks:
        def on_progress(self, verb: str, done: int, total: int | None) -> None: ...

        def on_event(self, event: object, facts: object, state: object) -> None:
            if type(event).__name__ == "Chosen" and len(state.rounds) == 2:  # type: ignore[attr-defined]
                raise KeyboardInterrupt

    second = line(broken)
    with pytest.raises(KeyboardInterrupt):
        second.run(more=arrivals(second, broken), audience=Breaks())
    again = line(broken)
    again.resume(more=arrivals(again, broken))
    assert digests(again) == digests(first)
    assert [v.content for v in again.parts.keep.ls()] == [v.content for v in first.parts.keep.ls()]


def test_late_samples_arrive_after_what_came_before_them_and_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    write(tmp_path / "incoming", 1)
    built = line(tmp_path)

    class Late:
        def on_progress(self, verb: str, done: int, total: int | None) -> None: ...

        def on_event(self, event: object, facts: object, state: object) -> None:
            if type(event).__name__ == "Stored" and not (tmp_path / "incoming" / "part-0.parquet").exists():
                write(tmp_path / "incoming", 0)

    results = built.run(more=arrivals(built, tmp_path), audience=Late())
    last = Selection.load(built.folder.selection(results.rounds()[-1].number))
    times = np.asarray(built.parts.stream.read(last.keys)["event_time"])
    assert times.min() < np.datetime64("2020-01-01T08:20", "us")
    assert np.all(np.diff([r.event_time.astype(np.int64) for r in results.rounds()]) >= 0)


def test_a_batch_that_was_ingested_just_before_a_kill_is_not_lost(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        (folder / "incoming").mkdir(parents=True)
        for number in range(3):
            write(folder / "incoming", number)
    first = line(whole)
    first.run(more=arrivals(first, whole))

    class Killed:
        """Breaks off between the store's commit of the second file and the journal's line about it."""

        def on_progress(self, verb: str, done: int, total: int | None) -> None:
            if verb == "watch" and done == total == 500:
                second.parts.stream.ingest(broken / "incoming" / "part-1.parquet")
                raise KeyboardInterrupt

        def on_event(self, event: object, facts: object, state: object) -> None: ...

    second = line(broken)
    with pytest.raises(KeyboardInterrupt):
        second.run(more=arrivals(second, broken), audience=Killed())
    again = line(broken)
    results = again.resume(more=arrivals(again, broken))
    assert results.state.batches == loop.Results(first.folder).state.batches
    assert digests(again) == digests(first)
