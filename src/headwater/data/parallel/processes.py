"""Other processes as hands: for steps that hold the interpreter's lock.

Each is a fresh interpreter, started without `fork`, which would copy locks that other threads hold, and without
importing the user's ``__main__``, so that scripts need no guard. It ends with the run, however the run ends: it
reads from a socket, and a closed one tells it to go.
"""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns, Items
from headwater.data.origin import described
from headwater.data.parallel.hands import Made
from headwater.data.parallel.post import Letter, Post
from headwater.data.parallel.slab import Rows, fit
from headwater.data.parallel.wire import not_sent

_PROGRAM = "from headwater.data.child import main; import sys; main(int(sys.argv[1]))"


class RemoteTraceback(Exception):  # noqa: N818 - it is a text to read, never raised
    """Holds the traceback of a worker process, as the cause of the error raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@dataclass
class _Task:
    done: Future[Made]
    rows: Rows | None
    place: str


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    post: Post
    tasks: dict[int, _Task] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    gone: str = ""


class Processes:
    """A pool of interpreters that all have the same steps."""

    def __init__(self, program: bytes, most: int, *, named: str) -> None:
        self.most = most
        self._named = named
        self._count = 0
        self._lock = threading.Lock()
        self._children: list[_Child] = []
        self._stop = weakref.finalize(self, _stop, self._children)
        self._children.extend(_start() for _ in range(most))
        for child in self._children:
            with contextlib.suppress(OSError):  # it died at once; whoever gives it work is told how
                child.post.send("program", program)
            arguments = (child, named, self._lock)
            threading.Thread(target=_listen, args=arguments, name="headwater-post", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether all have begun; one that could not says why when it is given work."""
        return all(child.ready.is_set() for child in self._children)

    def submit(self, block: Block, first: int, rows: Rows | None) -> Future[Made]:
        """Give the block to the process that has the least to do."""
        task = _Task(Future(), rows, described(int(block.positions[0])))
        with self._lock:
            child = min(self._children, key=lambda one: len(one.tasks))
            self._count += 1
            number = self._count
            child.tasks[number] = task
        try:
            child.post.send("block", (number, first), block)
        except OSError:
            _fail(child, self._named, self._lock)
        except Exception as error:  # noqa: BLE001 - raised when the block's turn comes
            with self._lock:
                child.tasks.pop(number, None)
            _tell(task.done, error=not_sent(error, f".{self._named}, {task.place}"))
        return task.done

    def whereabouts(self) -> str:
        """Which process is at which element, for who waits in vain."""
        busy = [
            (child.process.pid, next(iter(child.tasks.values()))) for child in self._children if child.tasks
        ]
        return f".{self._named}: " + "; ".join(f"process {pid} at {task.place}" for pid, task in busy)

    def close(self) -> None:
        """End all processes at once."""
        self._stop()


def _start() -> _Child:
    ours, theirs = socket.socketpair()
    with theirs:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}  # noqa: PTH109
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is the run's business
        )
    return _Child(process, Post(ours))


def _listen(child: _Child, named: str, lock: threading.Lock) -> None:
    """Take in what a process sends, until it is gone."""
    try:
        while True:
            kind, content, letter = child.post.receive()
            if kind == "ready":
                child.ready.set()
                continue
            with lock:
                task = child.tasks.pop(content[0])
            if letter is None:
                _tell(task.done, error=_error(*content[1:]))
                continue
            try:
                made = Made(_own(letter, task.rows), *content[1:])
            except Exception as error:  # noqa: BLE001 - the consumer must hear of it, whatever it is
                _tell(task.done, error=not_sent(error, f".{named}, {task.place}"))
            else:
                child.post.give_back(letter)
                _tell(task.done, made)
            del letter  # its block lies in memory of the line, which could not be closed
    except Exception:  # noqa: BLE001 - the line is broken, or what came over it
        _fail(child, named, lock)
    finally:
        child.post.close()


def _own(letter: Letter, rows: Rows | None) -> Block:
    """The block in memory of this process: in the slab, as far as it fits, the rest copied."""
    block = letter.block if rows is None else fit(letter.block, rows)
    if letter.segment is None:
        return block
    if isinstance(block, Items):
        return Items(copy.deepcopy(block.values), block.positions)
    written = [id(array) for array in (rows or {}).values()]
    copies = {
        name: column if id(column) in written else _copied(column) for name, column in block.columns.items()
    }
    return Columns(copies, block.positions)


def _copied(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column.copy()
    return pickle.loads(pickle.dumps(column, protocol=4))  # noqa: S301 - Arrow has no other deep copy


def _error(error: BaseException | None, text: str) -> BaseException:
    found = error or DataError(
        "a worker process raised what cannot be sent.", where=text.strip().splitlines()[-1]
    )
    found.__cause__ = RemoteTraceback(text)
    return found


def _fail(child: _Child, named: str, lock: threading.Lock) -> None:
    """Tell all who wait for a process that it is gone, and how it ended."""
    try:
        code = child.process.wait(5)
    except subprocess.TimeoutExpired:  # it talks nonsense, but lives
        child.process.kill()
        code = child.process.wait()
    with lock:
        tasks, child.tasks = list(child.tasks.values()), {}
    child.ready.set()
    ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    for task in tasks:
        error = DataError(
            f"worker process {child.process.pid} {ended} at {task.place}.",
            where=f".{named}",
            remedy="It may have run out of memory, or the function crashed. The run's state() stands before "
            'this element; parallel="threads" or "inline" keeps it in one process.',
        )
        _tell(task.done, error=error)


def _tell(done: Future[Made], made: Made | None = None, *, error: BaseException | None = None) -> None:
    """Settle a task, unless the run gave it up meanwhile."""
    if not done.set_running_or_notify_cancel():
        return
    if made is not None:
        done.set_result(made)
    else:
        done.set_exception(error)


def _stop(children: Sequence[_Child]) -> None:
    for child in children:
        child.process.terminate()
    for child in children:
        try:
            child.process.wait(2)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
