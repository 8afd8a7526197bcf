"""A run that is killed at any moment and resumed leaves what an unbroken run leaves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from examples.tiny import line as tiny

from headwater import loop
from headwater.core.errors import CorruptError, LoopError
from headwater.core.selection import Selection

ROOT = Path(__file__).parents[2]


def fingerprint(folder: Path) -> list[Any]:
    """Return keys, losses and models of every round, and what was predicted."""
    line = tiny.line(folder)
    results = loop.Results(line.folder)
    assert results.is_finished
    said = results.predictions()
    assert said is not None
    found: list[Any] = [said.keys.tolist(), said.probabilities.tolist(), results.matrix()]
    content = {v.id: v.content for v in line.parts.keep.ls()}
    for each in results.rounds():
        found.append(Selection.load(line.folder.selection(each.number)).digest)
        found.append((each.reason, each.metrics, each.training["curve"], content[each.variant]))
    return found


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.tiny.line", str(folder)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("unbroken")
    process = start(folder)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return fingerprint(folder)


@pytest.mark.timeout(600)
def test_twenty_kills_at_random_moments_change_nothing(unbroken: list[Any], tmp_path: Path) -> None:
    """Kills come at random moments after the first file of the run appears, until twenty have hit."""
    chance = random.Random(4)
    kills = 0
    run = 0
    while kills < 20:
        folder = tmp_path / str(run)
        folder.mkdir()
        kills += _kill_until_done(folder, chance, at_most=20 - kills)
        assert fingerprint(folder) == unbroken
        run += 1


def _kill_until_done(folder: Path, chance: random.Random, *, at_most: int) -> int:
    """Run and kill until a run gets through; return how many kills hit a living process."""
    kills = 0
    while True:
        process = start(folder)
        if kills < at_most:
            journal = folder / "runs" / "run" / "journal.log"
            size = journal.stat().st_size if journal.exists() else 0
            while process.poll() is None and (not journal.exists() or journal.stat().st_size == size):
                time.sleep(0.002)  # until this process has begun to work; a kill during imports proves nothing
            try:
                process.wait(timeout=chance.uniform(0, 0.35))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
        _, errors = process.communicate()
        if process.returncode == 0:
            return kills
        assert process.returncode == -signal.SIGKILL, errors.decode()


def test_a_journal_torn_in_its_last_line_only_loses_that_line(unbroken: list[Any], tmp_path: Path) -> None:
    tiny.line(tmp_path).run()
    journal = tiny.line(tmp_path).folder.journal
    whole = journal.read_bytes()
    last_line = len(whole.splitlines(keepends=True)[-1])
    for lost in (1, last_line // 2, last_line):
        journal.write_bytes(whole[:-lost])
        tiny.line(tmp_path).go()
        assert fingerprint(tmp_path) == unbroken


def test_a_journal_older_than_the_files_beside_it_is_refused_with_a_remedy(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    records = line.folder.journal.read_bytes().splitlines(keepends=True)
    second = next(
        i for i, record in enumerate(records) if b'"kind": "chosen"' in record and b'"number": 1' in record
    )
    line.folder.journal.write_bytes(b"".join(records[: second + 1]))
    with pytest.raises(LoopError, match="checkpoint of round 0 is gone") as refused:
        tiny.line(tmp_path).resume()
    assert "--fresh" in refused.value.remedy


def test_a_journal_changed_in_the_middle_is_refused(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    content = bytearray(line.folder.journal.read_bytes())
    content[len(content) // 2] ^= 1
    line.folder.journal.write_bytes(content)
    with pytest.raises(CorruptError, match=r"journal\.log, line"):
        tiny.line(tmp_path).resume()
