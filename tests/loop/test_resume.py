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
from headwater.core.errors import CorruptError
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
    assert start(folder).wait() == 0
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


def test_a_journal_torn_at_its_end_only_loses_the_torn_line(unbroken: list[Any], tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    whole = line.folder.journal.read_bytes()
    for cut in (len(whole) - 3, len(whole) * 2 // 3, len(whole) // 3):
        line.folder.journal.write_bytes(whole[:cut])
        # The trainings of finished rounds are dropped; where one is needed again it is in the zoo or redone.
        tiny.line(tmp_path).go()
        assert fingerprint(tmp_path) == unbroken


def test_a_journal_changed_in_the_middle_is_refused(tmp_path: Path) -> None:
    line = tiny.line(tmp_path)
    line.run()
    content = bytearray(line.folder.journal.read_bytes())
    content[len(content) // 2] ^= 1
    line.folder.journal.write_bytes(content)
    with pytest.raises(CorruptError, match=r"journal\.log, line"):
        tiny.line(tmp_path).resume()
