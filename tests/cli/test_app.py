"""The command line, used as a user would: whole commands in a folder of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headwater.cli import app, main

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
Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.yaml").write_text(LINE)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*words: str) -> Any:
        result = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in words else result.stdout

    return run


def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Run a command that fails and return what it says."""
    monkeypatch.setattr(sys, "argv", ["headwater", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    return said.out + said.err


def test_a_line_from_yaml_to_report_and_lineage(run: Run, folder: Path) -> None:
    done = run("run", "loop.yaml", "--json")
    assert done["status"] == "finished"
    assert done["models"] == 3
    assert Path(done["report"]).read_text().startswith("<!doctype html>")
    assert run("runs", "ls", "--json")[0]["name"] == "tiny"
    assert "tiny" in run("runs", "ls")
    variants = run("zoo", "ls", "zoo.hw", "--json")
    assert [v["name"] for v in variants] == ["tiny-0000", "tiny-0001", "tiny-0002"]
    assert run("zoo", "lineage", "zoo.hw", "tiny-0001", "--json")["ancestors"] == [variants[0]["id"]]
    assert variants[0]["id"] in run("zoo", "lineage", "zoo.hw")
    assert run("zoo", "show", "zoo.hw", "tiny-0002", "--json")["parent"] == variants[1]["id"]
    run("zoo", "export", "zoo.hw", "tiny-0002", "last.safetensors")
    assert (folder / "last.safetensors").stat().st_size > 100
    saw = run("which-models", "5", "--json")
    assert saw["direct"] == [variants[0]["id"]]
    assert saw["inherited"] == [v["id"] for v in variants[1:]]
    assert run("zoo", "verify", "zoo.hw", "--json") == []
    run("zoo", "delete", "zoo.hw", "tiny-0002")
    assert run("zoo", "collect", "zoo.hw", "--json")["num_files"] == 1


def test_plan_says_rounds_and_samples_that_the_run_then_has(run: Run) -> None:
    predicted = run("plan", "loop.yaml", "--json")
    assert "3 rounds" in predicted["title"]
    assert [step["step"] for step in predicted["steps"]] == ["train", "evaluate", "compare"]
    assert all(step["after"]["time_s"] > 0 for step in predicted["steps"])
    rounds = run("run", "loop.yaml", "--json")["rounds"]
    assert predicted["steps"][0]["why"] == f"{sum(line['num_selected'] for line in rounds):,} samples"
    assert "bound by" in run("plan", "loop.yaml")


def test_resume_of_a_finished_run_shows_its_results_again(run: Run) -> None:
    first = run("run", "loop.yaml", "--json")
    again = run("resume", "tiny", "--json")
    assert [r["variant"] for r in again["rounds"]] == [r["variant"] for r in first["rounds"]]


def test_samples_from_a_csv_file(run: Run, folder: Path) -> None:
    (folder / "schema.yaml").write_text("fields: [{name: x, dtype: float32}]\nevent_time: at\n")
    (folder / "a.csv").write_text("at,x\n2020-01-01,0.5\n2020-01-02,1.5\n2020-01-03,2.5\n")
    ingest = ("samples", "ingest", "s.hw", "a.csv", "--schema", "schema.yaml", "--json")
    assert run(*ingest)[0]["new"] == 3
    assert run(*ingest)[0]["known"] == 3
    assert [row["x"] for row in run("samples", "show", "s.hw", "--json")] == [0.5, 1.5, 2.5]
    run("samples", "delete", "s.hw", "1", "--json")
    run("samples", "compact", "s.hw")
    assert run("samples", "ls", "s.hw", "--json")["rows"] == 2
    assert [row["key"] for row in run("samples", "show", "s.hw", "--json")] == [0, 2]


def test_settings_change_keys_of_the_file(run: Run) -> None:
    tree = run(
        "config", "check", "loop.yaml", "--set", "options.seed=7", "--set", "when.amount.every=9", "--json"
    )
    assert tree["options"]["seed"] == 7
    assert tree["when"] == {"amount": {"every": 9}}
    assert "any_of" in json.dumps(run("config", "schema"))


def test_an_unknown_key_names_its_line_and_the_nearest_key(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "loop.yaml").write_text(LINE.replace("every: 1_000", "evry: 1_000"))
    said = refused(capsys, monkeypatch, "run", "loop.yaml")
    assert "line 5" in said
    assert "Did you mean `every`?" in said


def test_a_missing_import_path_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "loop.yaml").write_text(LINE.replace("line:flow", "line:flaw"))
    said = refused(capsys, monkeypatch, "run", "loop.yaml")
    assert "'flaw'" in said
    assert "Did you mean `flow`?" in said
    (folder / "loop.yaml").write_text(LINE.replace("examples.tiny.line:build", "examples.nowhere:build"))
    assert "examples.nowhere" in refused(capsys, monkeypatch, "run", "loop.yaml", "--fresh")


def test_errors_are_json_when_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = json.loads(refused(capsys, monkeypatch, "resume", "tony", "--json"))["error"]
    assert error["type"] == "LoopError"
    assert "tony" in error["problem"]


def test_the_command_is_installed_and_light(folder: Path) -> None:
    code = "import sys; from headwater.cli import app; print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
    command = Path(sys.executable).parent / "headwater"
    assert subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout.strip()
