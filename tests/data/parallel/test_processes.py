"""Worker processes: what they are given, how they fail, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.parallel import ahead


def elsewhere(dataset: data.Dataset, num_workers: int = 2) -> data.Dataset:
    return dataset.with_options(parallel="processes", num_workers=num_workers)


def children() -> set[int]:
    """The processes that this one started and that still live."""
    command = ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {int(line.split()[0]) for line in lines if "headwater.data.child" in line}


def named_memory() -> set[Path]:
    """The shared memory that has a name, and so could outlive its makers."""
    folder = Path("/dev/shm")
    return set(folder.iterdir()) if folder.is_dir() else set()


def test_functions_run_in_other_processes_and_may_be_closures() -> None:
    offset = 5
    with elsewhere(
        data.range(40).map(lambda x: (os.getpid(), x + offset)).filter(lambda e: e[1] > 6)
    ).iterate() as run:
        found = list(run)
    assert [x for _, x in found] == list(range(7, 45))
    assert os.getpid() not in {pid for pid, _ in found}


def test_large_small_and_odd_values_come_back_as_they_were() -> None:
    def make(x: int) -> dict[str, Any]:
        return {
            "wide": np.full((300, 70), x, np.int16),
            "single": np.float32(x),
            "text": "é" * x,
            "bytes": b"\0" * x,
            "list": [x, None],
            "whole": 2**70,
        }

    with elsewhere(data.range(30).map(make)).iterate() as run:
        for x, element in enumerate(run):
            assert element.keys() == make(x).keys()
            assert (element.pop("wide") == x).all()
            wanted = make(x)
            del wanted["wide"]
            assert element == wanted
            assert type(element["single"]) is np.float32


def test_an_error_keeps_the_workers_traceback_and_names_function_line_and_row() -> None:
    def parse(x: int) -> int:
        if x == 21:
            raise KeyError("city")
        return x

    with elsewhere(data.range(50).map(parse)).iterate() as run, pytest.raises(DataError) as caught:
        list(run)
    assert "row 21" in str(caught.value)
    assert ".map(parse)" in str(caught.value)
    assert "test_processes.py:" in str(caught.value)
    assert "in parse\nKeyError: 'city'" in str(caught.value.__cause__)


def test_a_killed_process_is_named_with_its_signal_and_the_place() -> None:
    def dies(x: int) -> int:
        if x == 40:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    with elsewhere(data.range(90).map(dies).batch(10)).iterate(block_rows=1) as run:
        found: list[Any] = []
        with pytest.raises(DataError, match=r"worker process \d+ was killed by SIGKILL at row \d+"):
            found.extend(run)
        state = run.state()
    assert [batch.tolist() for batch in data.range(90).map(dies).batch(10).take(len(found))] == [
        batch.tolist() for batch in found
    ]
    assert state["position"]


def test_what_cannot_be_sent_is_said_and_stays_here_when_it_is_for_us_to_choose() -> None:
    lock = threading.Lock()

    def locked(x: int) -> int:
        with lock:
            return x

    with pytest.raises(DataError, match=r"cannot be sent to another process.*threads"):
        iter(elsewhere(data.range(5).map(locked)))
    assert list(data.range(5).map(locked)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("how", ["close", "abandon", "error", "end"])
def test_no_process_is_left_behind(how: str) -> None:
    def maybe(x: int) -> int:
        if how == "error" and x == 30:
            raise ValueError("no")
        return x

    run = elsewhere(data.range(400).map(maybe)).iterate()
    next(run)
    assert len(children()) == 2
    if how == "close":
        run.close()
    elif how == "error":
        with pytest.raises(DataError):
            list(run)
        run.close()
    elif how == "end":
        list(run)
        run.close()
    del run
    assert children() == set()


def test_a_killed_run_takes_its_processes_and_memory_along(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    # No guard: the worker processes never run the script.
    script.write_text(
        "import os, sys, numpy as np\n"
        "from headwater import data\n"
        "def f(x): return {'pid': os.getpid(), 'wide': np.zeros(100_000)}\n"
        "run = iter(data.range(10_000).map(f).with_options(parallel='processes', num_workers=2))\n"
        "print(next(run)['pid'], flush=True)\n"
        "sys.stdin.read()\n"
    )
    shared = named_memory()
    running = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    worker = int(running.stdout.readline())
    running.kill()
    running.communicate()
    _wait_for_end(worker)
    assert named_memory() <= shared


def test_who_hangs_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(ahead, "_HUNG_S", 0.05)
    go_on = tmp_path / "go on"

    def waits(x: int) -> int:
        import time

        while x == 3 and not go_on.exists():
            time.sleep(0.01)
        return x

    with elsewhere(data.range(6).map(waits), 1).iterate() as run, caplog.at_level("WARNING", "headwater.data"):
        threading.Timer(0.5, go_on.touch).start()
        assert list(run) == [0, 1, 2, 3, 4, 5]
    assert any("map(waits)" in text and "process" in text and "row" in text for text in caplog.messages)


def _wait_for_end(pid: int) -> None:
    import time

    for _ in range(400):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} lives on")


def test_large_objects_both_ways_never_make_both_ends_wait_for_each_other(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\n"
        "from headwater import data\n"
        "def make():\n"
        "    for i in range(120): yield {'text': ['x' * 300_000, None], 'wide': np.full(5_000, i)}\n"
        "same = data.from_generator(make).map(lambda element: element)\n"
        "print(sum(1 for _ in same.with_options(parallel='processes', num_workers=1)))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "120\n", done.stderr


def test_no_descriptor_is_left_open() -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").exists():
        pytest.skip("wants /proc")
    before = count()
    for closes in (True, False):
        run = elsewhere(data.range(20).map(lambda x: np.full(30_000, x))).iterate()
        assert sum(1 for _ in run) == 20
        if closes:
            run.close()
        del run
        for thread in threading.enumerate():
            if thread.name == "headwater-post":
                thread.join(10)
        assert count() <= before


def test_what_cannot_come_back_is_said_in_its_turn() -> None:
    with elsewhere(data.range(9).map(lambda x: threading.Lock() if x == 5 else x)).iterate() as run:
        found: list[Any] = []
        with pytest.raises(DataError, match=r"cannot go from one process.*lock"):
            found.extend(run)
    assert found == list(range(len(found)))


def test_left_to_itself_the_engine_keeps_what_cannot_travel_in_this_process() -> None:
    from headwater.data.block import Items
    from headwater.data.parallel.wire import travels

    assert travels(Items([{"x": 1}, {"x": [np.zeros(2), "a"]}], np.arange(2)))
    with pytest.raises(TypeError):
        travels(Items([threading.Lock()], np.arange(1)))
    script = "import __main__\nclass Own: pass\n__main__.Own = Own\n"
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(script, space)  # a class of the user's script
    space["Own"].__module__ = "__main__"
    assert not travels(Items([space["Own"]()], np.arange(1)))
