"""Ctrl-C: it comes at once, loses no element, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headwater import data

SCRIPT = """
import os, signal, sys, time
from headwater import data
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have told its jobs to ignore it
def f(x):
    if x == 0: print(os.getpid(), flush=True)
    time.sleep(0.002)
    return x
for _ in data.range(1_000_000).map(f).batch(4).with_options(parallel=sys.argv[1], num_workers=2): pass
"""


@pytest.mark.parametrize("mode", ["inline", "threads", "processes"])
def test_an_interrupt_ends_a_script_at_once(mode: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    running = subprocess.Popen(
        [sys.executable, str(script), mode], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    worker = int(running.stdout.readline())
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode in (-signal.SIGINT, 130)
    assert said.count("KeyboardInterrupt") == 1
    for _ in range(500):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail(f"process {worker} lives on")


@pytest.mark.parametrize("mode", ["inline", "threads"])
def test_no_element_is_lost_when_a_run_goes_on_after_an_interrupt(mode: str) -> None:
    stops = iter((7, 30, 31, 58))
    stop = [next(stops)]

    def interrupted(x: int) -> int:
        if x == stop[0]:
            stop[0] = next(stops, -1)
            raise KeyboardInterrupt
        return x

    base = data.range(80).map(interrupted).filter(lambda x: x % 3).shuffle(5).batch(2)
    dataset = base.with_options(parallel=mode, num_workers=2)
    run = dataset.iterate()
    found: list[list[int]] = []
    states = []
    while True:
        try:
            batch = next(run, None)
        except KeyboardInterrupt:
            states.append((len(found), json.loads(json.dumps(run.state()))))
            continue
        if batch is None:
            break
        found.append(batch.tolist())
    run.close()
    assert states
    assert found == [batch.tolist() for batch in dataset]
    for at, state in states:
        assert [batch.tolist() for batch in dataset.restore(state)] == found[at:]
