"""``headwater zoo`` and ``which-models`` in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from headwater import zoo
from headwater.cli import app
from headwater.core.selection import Selection

CURVE = [[step, 1 / (step + 1)] for step in range(3)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    facts = {
        "event_time": "2020-01-02T03:04:05.678901",
        "training": {"steps": 300, "curve": CURVE, "halted": False},
    }
    chosen = Selection.of([0, 1, 2])
    with zoo.open("zoo.hw") as keep:
        keep.add({"w": np.ones(4, np.float32)}, name="first", selection=chosen, facts=facts)
    return tmp_path


def run(line: str) -> str:
    result = CliRunner().invoke(app, line.split(), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_variant_is_shown_in_lines_and_its_curve_only_in_json() -> None:
    said = run("zoo show zoo.hw first")
    assert "    steps: 300\n" in said
    assert "    halted: no\n" in said
    assert "event_time: 2020-01-02T03:04:05\n" in said
    assert "curve: (3 values, see --json)" in said
    assert "{" not in said
    assert json.loads(run("zoo show zoo.hw first --json"))["facts"]["training"]["curve"] == CURVE


def test_times_are_listed_to_the_second() -> None:
    assert "2020-01-02T03:04:05\n" in run("zoo ls zoo.hw").replace(" \n", "\n")


def test_a_key_that_no_model_saw_is_answered_with_a_sentence() -> None:
    assert "direct" in run("which-models 2 --zoo zoo.hw")
    assert run("which-models 7 --zoo zoo.hw") == "no model in zoo.hw was trained on key 7\n"
    assert json.loads(run("which-models 7 --zoo zoo.hw --json"))["direct"] == []
