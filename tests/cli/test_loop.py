"""The verbs of a loop when something is missing, damaged, or interrupted."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headwater import loop, samples
from headwater.cli import app, main
from headwater.core.errors import HeadwaterError, LoopError
from headwater.loop import report

LINE = """
name: tiny
stream: stream.hw
prepare: examples.tiny.line:store
when: {amount: {every: 1_000}}
which: new
flow: examples.tiny.line:flow
learn: {model: "examples.tiny.line:build", lr: 0.01, threads: 1}
keep: zoo.hw
options: {matrix_every: 12h}
"""
Ran = Callable[..., Any]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the runs tiny and late are finished."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "loop.yaml").write_text(LINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for more in ((), ("--set", "name=late", "--set", "when.amount.every=2_000")):
            result = CliRunner().invoke(app, ["run", "loop.yaml", *more], catch_exceptions=False)
            assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def folder(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, and the current folder."""
    copy = tmp_path / "copy"
    shutil.copytree(done, copy)
    for path in (copy / "runs").glob("*/run.json"):
        path.write_text(path.read_text().replace(str(done), str(copy)))
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def ran(folder: Path) -> Ran:
    def ran(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(words))
        if isinstance(result.exception, HeadwaterError):
            raise result.exception
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return ran


def no_report(*_: Any, **__: Any) -> None:
    raise LoopError("a report needs matplotlib, which is not installed.", remedy="Install it.")


def test_a_report_needs_neither_the_code_of_the_user_nor_the_zoo(ran: Ran, folder: Path) -> None:
    told = json.loads((folder / "runs/tiny/run.json").read_text())
    (folder / "runs/tiny/run.json").write_text(json.dumps({**told, "config": None}))
    shutil.rmtree(folder / "zoo.hw")
    (folder / "runs/tiny/report.html").unlink()
    assert "wrote runs/tiny/report.html" in ran("report", "tiny").stdout
    assert (folder / "runs/tiny/report.html").exists()
    assert not (folder / "zoo.hw").exists()


def test_a_comparison_prints_its_table_and_leaves_the_own_report_alone(ran: Ran, folder: Path) -> None:
    own = (folder / "runs/tiny/report.html").read_bytes()
    shown = ran("report", "tiny", "--against", "late").stdout
    assert "better than late by" in shown
    assert "runs/tiny/tiny-against-late.html" in shown
    assert (folder / "runs/tiny/report.html").read_bytes() == own
    told = json.loads(ran("report", "tiny", "--against", "late", "--json").stdout)
    assert [run["name"] for run in told["runs"]] == ["tiny", "late"]
    assert told["baseline"] == "late"
    assert told["verdict"]
    assert told["report"] == "runs/tiny/tiny-against-late.html"
    assert "baseline" in ran("report", "--help").stdout


def test_runs_over_different_streams_are_refused(ran: Ran, folder: Path) -> None:
    path = folder / "runs/late/run.json"
    other = samples.create(folder / "other.hw", samples.open(folder / "stream.hw").schema)
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "stream": str(other.path), "store": other.identity})
    )
    with pytest.raises(LoopError, match=r"stream\.hw.*other\.hw"):
        ran("report", "tiny", "--against", "late")


def test_a_damaged_run_hides_no_other(ran: Ran, folder: Path) -> None:
    (folder / "runs/late/journal.log").write_bytes(b"rubbish\n")
    shown = ran("runs", "ls")
    assert "finished" in shown.stdout
    assert "damaged" in shown.stdout
    assert "journal.log, line 1" in shown.stderr
    with pytest.raises(LoopError, match="Did you mean `tiny`"):
        ran("resume", "tinny")
    with pytest.raises(LoopError, match="--runs"):
        ran("runs", "ls", "--runs", "nowhere")


def test_without_a_report_there_is_still_a_table(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "write", no_report)
    shown = ran("resume", "tiny")
    assert "tiny: 3 rounds" in shown.stdout
    assert "matplotlib, which is not installed" in shown.stderr
    told = json.loads(ran("resume", "tiny", "--json").stdout)
    assert told["models"] == 3
    assert told["report"] is None
    assert "matplotlib" in told["report_problem"]


def test_a_run_without_any_model_says_why(ran: Ran) -> None:
    never = ("run", "loop.yaml", "--set", "name=never", "--set", "when.amount.every=5_000")
    shown = ran(*never)
    assert "no model was ever trained: 3,000 samples gave 0 triggers." in shown.stderr
    assert "no model was ever trained" in json.loads(ran(*never, "--fresh", "--json").stdout)["problem"]


@pytest.mark.parametrize(("runs", "go_on"), [("runs", "resume early"), ("my runs", "resume 'my runs/early'")])
def test_ctrl_c_says_how_to_go_on(ran: Ran, monkeypatch: pytest.MonkeyPatch, runs: str, go_on: str) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Bars, "on_event", interrupted)
    shown = ran("run", "loop.yaml", "--set", "name=early", "--set", f"runs={runs}", code=130)
    assert shown.stderr.strip().endswith(f"stopped; go on with headwater {go_on}")
    assert shown.stdout == ""


def test_ctrl_c_before_a_run_has_begun_offers_nothing(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Loop, "run", interrupted)
    assert ran("run", "loop.yaml", "--set", "name=early", code=130).stderr.strip() == "stopped"


def test_ctrl_c_anywhere_else_is_quiet(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for argv, patched in (
        (["config", "check", "loop.yaml"], "headwater.loop.load"),
        ([], "typer.Typer.__call__"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(patched, interrupted)
            patch.setattr(sys, "argv", ["headwater", *argv])
            with pytest.raises(SystemExit) as ended:
                main()
        assert ended.value.code == 130
    assert "".join(capsys.readouterr()).strip() == ""


def test_config_check_names_every_import_path_that_is_missing(ran: Ran, folder: Path) -> None:
    assert "name: tiny" in ran("config", "check", "loop.yaml").stdout
    text = LINE.replace("line:flow", "line:flaw").replace("examples.tiny.line:build", "examples.nowhere:build")
    (folder / "loop.yaml").write_text(text)
    with pytest.raises(
        HeadwaterError, match=r"loop\.yaml: `flow: .*'flaw'.*`learn\.model: .*'examples\.nowhere'"
    ):
        ran("config", "check", "loop.yaml")
