"""A run is one execution of a graph: an iterator that can say, between any two elements, where it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from headwater.core.errors import DataError
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Graph
from headwater.data.live import told
from headwater.data.operators.prefetch import PrefetchCursor
from headwater.data.overlap import Overlap
from headwater.data.pace import Pace
from headwater.data.progress import Report, watched
from headwater.data.rules import RULES, rewrite

_FORMAT = "headwater.data/1"


class Run(Iterator[Any]):
    """Elements in the order of the graph.

    After an error the run stays at the element before it: `state` is that of the last good element, and asking
    on raises the same error again.

    >>> from headwater import data
    >>> run = iter(data.range(6).batch(2))
    >>> next(run), next(data.range(6).batch(2).restore(run.state()))
    (array([0, 1]), array([2, 3]))
    """

    def __init__(
        self,
        graph: Graph,
        *,
        state: Mapping[str, Any] | None = None,
        epoch: int = 0,
        block_rows: int | None = None,
    ) -> None:
        if block_rows is not None and block_rows < 1:
            raise DataError("a block has at least 1 row.", where=f"iterate(block_rows={block_rows})")
        self._graph = graph
        rules = RULES if graph.options.rules is None else graph.options.rules
        start = (epoch, rules, None)
        self._epoch, self._rules, position = start if state is None else _read(graph, state)
        rewriting = partial(rewrite, rules=self._rules)
        self._env = Env(graph.seed, (self._epoch,), options=graph.options, rewrite=rewriting)
        self._cursor = _open(graph, self._env, position)
        self._carry = Carry(self._cursor)
        self._overlap = Overlap()
        self._left_s = self._env.clock.monotonic()
        self._may_work_ahead = graph.options.prefetch and block_rows is None
        self._pace = Pace(fixed=block_rows)
        self._elements: list[Any] = []
        self._given = 0
        self._before = self._carry.state()
        self._failure: BaseException | None = None
        self._closed = False
        self._interrupted = False
        self._from_start = state is None

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Any:
        if self._given == len(self._elements):
            self._refill()
        element = self._elements[self._given]
        self._given += 1
        return element

    def progress(self, *, name: str = "elements", report: Report | None = None) -> Iterator[Any]:
        """The elements, and a bar on the terminal, where there is one, that tells how many came.

        Of how many is shown where it is known: not of a run that went on from a state. `report` is called with
        both numbers instead, ten times a second and at the end.
        """
        total = self._graph.root.cardinality if self._from_start else None
        return watched(self, total=total, name=name, report=report, clock=self._env.clock)

    def state(self) -> State:
        """Where the run stands: a small tree of JSON values, for `Dataset.restore`.

        It holds no data. What was made ahead or waits in a shuffle is read again.
        """
        return {
            "format": _FORMAT,
            "graph": self._graph.fingerprint,
            "operators": self._graph.signature,
            "seed": self._graph.seed,
            "epoch": self._epoch,
            "rules": list(self._rules),
            "position": told(self._position()),
        }

    def close(self) -> None:
        """Stop threads and let go of files; the run has no more elements, and its state stays."""
        self._before, self._given, self._elements = self._position(), 0, []
        self._closed = True
        self._carry.close()
        self._env.crew.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _position(self) -> State:
        if self._given == 0:
            return self._before
        if self._given == len(self._elements) and self._failure is None and not self._closed:
            return self._carry.state()
        return {"from": self._before, "skip": self._given}

    def _refill(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise StopIteration
        self._before, self._given, self._elements = self._position(), 0, []
        if self._interrupted:
            self._begin_again()
        self._interrupted = True  # until the elements are here: Ctrl-C may come between any two lines
        found = self._make()
        self._interrupted = False
        if not found:
            raise StopIteration
        if self._may_work_ahead and self._overlap.would_help:
            self._work_ahead()

    def _make(self) -> bool:
        """Make the next elements; False at the end."""
        clock = self._env.clock
        start_s = clock.monotonic()
        try:
            found = self._carry.pull(self._pace.limit)
        except Exception as error:
            self._failure = error
            raise
        if not found:
            return False
        block = self._carry.take(self._carry.held)
        end_s = clock.monotonic()
        self._pace.observe(block, end_s - start_s)
        self._overlap.observe(making_s=end_s - start_s, using_s=start_s - self._left_s)
        self._left_s = end_s
        self._elements = block.elements()
        return True

    def _begin_again(self) -> None:
        """Open the graph where the run stands: what was read when it was interrupted may be lost."""
        self._before = told(self._before)
        self._carry.close()
        self._cursor = _open(self._graph, self._env, self._before)
        self._carry = Carry(self._cursor)

    def _work_ahead(self) -> None:
        """Put a thread between the graph and its consumer; nothing is held now, so no element is concerned."""
        self._may_work_ahead = False
        ahead = PrefetchCursor(2 * self._pace.limit, self._cursor, self._env.clock)
        self._cursor, self._carry = ahead, Carry(ahead)


def _open(graph: Graph, env: Env, position: State | None) -> Cursor:
    try:
        return resume(env.rewrite(graph.root), env, position)
    except (KeyError, TypeError, AttributeError) as error:
        if position is None:
            raise
        raise _damaged(f"its position does not fit ({type(error).__name__}: {error})") from error


def _read(graph: Graph, state: Mapping[str, Any]) -> tuple[int, Collection[str], State]:
    """Check that a state belongs to `graph`; return its epoch, its rules and its position."""
    if not isinstance(state, Mapping) or state.get("format") != _FORMAT:
        raise _damaged(f"it is not of the form {_FORMAT!r}")
    try:
        if state["graph"] != graph.fingerprint:
            graph.check(state["operators"], state["seed"])
        return int(state["epoch"]), [str(name) for name in state["rules"]], state["position"]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from error


def _damaged(problem: str) -> DataError:
    return DataError(
        f"this is no state of a run: {problem}.",
        where="dataset.restore(state)",
        remedy="Pass what run.state() returned, unchanged; JSON keeps it.",
    )
