"""Whole runs in miniature: what they leave behind, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.tiny import line as tiny

from headwater import loop, samples, selection, trainer, triggers, zoo
from headwater.core.errors import ConfigError, LockedError, LoopError
from headwater.core.selection import Selection
from headwater.loop.folder import RunFolder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> loop.Loop:
    line = tiny.line(tmp_path_factory.mktemp("finished"))
    line.run()
    return line


def selections(folder: RunFolder) -> list[Selection]:
    rounds = loop.Results(folder).rounds()
    return [Selection.load(folder.selection(line.number)) for line in rounds if line.num_selected]


def test_a_run_ends_with_one_stored_and_judged_model_per_round(finished: loop.Loop) -> None:
    results = loop.Results(finished.folder)
    rounds = results.rounds()
    assert results.is_finished
    assert len(rounds) >= 4
    assert all(line.variant and line.num_scored > 0 for line in rounds)
    assert [v.id for v in finished.parts.keep.ls()] == [line.variant for line in rounds]


def test_no_label_is_used_before_its_time(finished: loop.Loop) -> None:
    index = finished.parts.stream.index()
    known_at = dict(zip(index["key"].tolist(), index["label_time"].tolist()))
    rounds = loop.Results(finished.folder).rounds()
    for line, chosen in zip(rounds, selections(finished.folder)):
        times = [known_at[key] for key in chosen.keys.tolist()]
        assert all(time is not None and np.datetime64(time, "us") <= line.event_time for time in times)


def test_a_model_is_judged_on_samples_that_arrived_after_its_trigger(finished: loop.Loop) -> None:
    index = finished.parts.stream.index()
    arrived_at = dict(zip(index["key"].tolist(), index["event_time"].tolist()))
    rounds = loop.Results(finished.folder).rounds()
    said = loop.Results(finished.folder).predictions()
    assert said is not None
    first = min(np.datetime64(arrived_at[key], "us") for key in said.keys.tolist())
    assert first >= rounds[0].event_time
    assert said.keys.size == sum(line.num_scored for line in rounds) == np.unique(said.keys).size


def test_samples_without_a_label_arrive_but_are_never_chosen_or_scored(finished: loop.Loop) -> None:
    index = finished.parts.stream.index()
    never = set(index["key"][np.isnat(index["label_time"])].tolist())
    said = loop.Results(finished.folder).predictions()
    assert said is not None
    assert len(never) == tiny.NUM_SAMPLES // 50
    assert never.isdisjoint(said.keys.tolist())
    assert all(never.isdisjoint(chosen.keys.tolist()) for chosen in selections(finished.folder))


def test_the_lineage_in_the_zoo_is_the_order_of_training(finished: loop.Loop) -> None:
    variants = finished.parts.keep.ls()
    assert [v.parent for v in variants] == [None, *(v.id for v in variants[:-1])]
    assert [v.training_set for v in variants] == [chosen.digest for chosen in selections(finished.folder)]
    key = int(selections(finished.folder)[0].keys[0])
    saw = finished.parts.keep.which_models(key)
    assert {v.id for v in (*saw.direct, *saw.inherited)} == {v.id for v in variants}


def test_the_matrix_has_every_model_on_every_interval(finished: loop.Loop) -> None:
    matrix = loop.Results(finished.folder).matrix()
    assert matrix is not None
    assert len(matrix["cells"]) == len(finished.parts.keep.ls())
    assert all(len(row) == len(matrix["edges_us"]) - 1 == 5 for row in matrix["cells"])
    assert 0.5 < matrix["cells"][-1][-1]["accuracy"] <= 1


def test_the_same_seed_gives_the_same_run_and_another_seed_another(finished: loop.Loop, tmp_path: Path) -> None:
    again = tiny.line(tmp_path)
    again.run()
    other = tiny.line(tmp_path, name="other", options=loop.Options(seed=1, matrix_every="12h"))
    other.run()
    assert contents(again) == contents(finished)
    assert contents(other)[0] != contents(finished)[0]


def test_evaluating_beside_the_next_round_changes_nothing(finished: loop.Loop, tmp_path: Path) -> None:
    options = loop.Options(matrix_every="12h", checkpoint_every_steps=5, overlap=False)
    alone = tiny.line(tmp_path, options=options)
    alone.run()
    assert contents(alone) == contents(finished)


def contents(line: loop.Loop) -> list[tuple[str, str]]:
    return [(chosen.digest, v.content) for chosen, v in zip(selections(line.folder), run_variants(line))]


def run_variants(line: loop.Loop) -> list[zoo.Variant]:
    return [v for v in line.parts.keep.ls() if v.facts["run"] == line.folder.name]


def test_max_rounds_trains_once_and_judges_the_model_on_all_that_follows(tmp_path: Path) -> None:
    line = tiny.line(tmp_path, options=loop.Options(max_rounds=1, matrix_every="12h"))
    rounds = line.run().rounds()
    assert len(rounds) == 1
    assert rounds[0].num_scored > 1_000


def test_a_stream_without_a_trigger_ends_without_a_model(tmp_path: Path) -> None:
    line = loop.Loop(
        tiny.store(tmp_path / "s.hw"), triggers.Amount(10**6), selection.All(), tiny.flow,
        trainer.Trainer("examples.tiny.line:build"), zoo.open(tmp_path / "zoo.hw"), runs=tmp_path,
    )  # fmt: skip
    results = line.run()
    assert results.is_finished
    assert results.rounds() == []
    assert results.predictions() is None


def test_an_empty_stream_ends_at_once(tmp_path: Path) -> None:
    line = loop.Loop(
        samples.create(tmp_path / "s.hw", tiny.SCHEMA), triggers.Amount(1), selection.All(), tiny.flow,
        trainer.Trainer("examples.tiny.line:build"), zoo.open(tmp_path / "zoo.hw"), runs=tmp_path,
    )  # fmt: skip
    assert line.run().rounds() == []


def test_a_second_run_of_the_same_name_is_refused_and_fresh_starts_over(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    before = contents(line)
    with pytest.raises(LoopError, match="resume run"):
        line.run()
    line.run(fresh=True)
    assert contents(line) == before


def test_resuming_needs_a_run_and_the_same_parts(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    with pytest.raises(LoopError, match="nothing to resume"):
        line.resume()
    line.run()
    other = tiny.line(tmp_path, options=loop.Options(seed=7))
    with pytest.raises(LoopError, match="another `options`"):
        other.resume()
    assert line.resume().is_finished


def test_two_processes_cannot_run_one_run(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    with line.folder.locked(), pytest.raises(LockedError, match="running the loop run"):
        tiny.line(tmp_path).run()


def test_samples_that_come_after_the_start_do_not_change_a_replay(tmp_path: Path, finished: loop.Loop) -> None:
    line = tiny.line(tmp_path)

    class Late:
        def on_progress(self, verb: str, done: int, total: int | None) -> None: ...

        def on_event(self, event: object, facts: object, state: loop.Results) -> None:
            line.parts.stream.ingest([tiny.rows(3_000, 3_050)], digest="late")

    line.run(audience=Late())  # type: ignore[arg-type]
    assert contents(line) == contents(finished)


def test_a_deleted_sample_is_never_chosen_again_and_the_zoo_remembers_who_saw_it(tmp_path: Path) -> None:
    line = tiny.line(tmp_path, options=loop.Options(max_rounds=2, matrix_every="12h"))
    line.run()
    key = int(selections(line.folder)[0].keys[3])
    line.parts.stream.delete([key])
    line.parts.stream.compact()
    after = tiny.line(tmp_path, name="after")
    after.run()
    assert all(key not in chosen.keys for chosen in selections(after.folder))
    saw = line.parts.keep.which_models(key)
    assert {v.facts["run"] for v in (*saw.direct, *saw.inherited)} == {"run"}


class StopsBefore:
    """An audience that breaks the run off as soon as an event of a kind has been journaled."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def on_progress(self, verb: str, done: int, total: int | None) -> None: ...

    def on_event(self, event: object, facts: object, state: object) -> None:
        if type(event).__name__ == self._kind:
            raise KeyboardInterrupt


def test_a_sample_deleted_between_kill_and_resume_is_left_out_of_the_training(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        line.run(audience=StopsBefore("Chosen"))
    chosen = Selection.load(line.folder.selection(0))
    line.parts.stream.delete(chosen.keys[:2])
    again = tiny.line(tmp_path)
    again.resume()
    saw = again.parts.keep.which_models(int(chosen.keys[0]))
    assert (saw.direct, saw.inherited) == ((), ())
    first = again.parts.keep.ls()[0]
    kept = again.parts.keep.training_set(first)
    assert kept is not None
    assert len(kept) == len(chosen) - 2


def test_models_of_a_lost_run_of_the_same_name_are_refused_or_deleted(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    line.folder.clear()
    other = tiny.line(tmp_path, options=loop.Options(seed=9))
    with pytest.raises(LoopError, match="models of an earlier run called 'run'"):
        other.run()
    assert other.run(fresh=True).is_finished


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoopError, match="cannot be a run's name"):
        tiny.line(tmp_path, name=name)


def test_a_wrong_flow_metric_or_model_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no metric `auc`"):
        loop.Options(metrics=("auc",))
    parts = tiny.line(tmp_path).parts
    nothing: Any = lambda source: None  # noqa: E731
    unknown = trainer.Trainer("examples.tiny.line:nothing")
    for flow, learn, problem in ((nothing, parts.learn, "a flow is"), (tiny.flow, unknown, "has no 'nothing'")):
        line = loop.Loop(parts.stream, parts.when, parts.which, flow, learn, parts.keep, runs=tmp_path / "runs")
        with pytest.raises((LoopError, ConfigError), match=problem):
            line.run()
        assert not line.folder.has_begun


def test_the_seconds_of_each_stage_are_there_for_prometheus(finished: loop.Loop) -> None:
    text = (finished.folder.path / "metrics.prom").read_text()
    assert "headwater_loop_train_seconds_count" in text
