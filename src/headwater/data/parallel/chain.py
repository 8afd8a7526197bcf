"""The cursor of fused operators: it begins in the consumer's thread and moves to other hands where that pays.

Nothing is held between two blocks, so a chain may change hands at any of them; order, content and states stay.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Node, without_input
from headwater.data.options import Options
from headwater.data.parallel.ahead import Ahead
from headwater.data.parallel.clock import wanted_s
from headwater.data.parallel.cloudpickle import dumps
from headwater.data.parallel.feed import Numbered, Passed
from headwater.data.parallel.hands import Hands, Step, Threads, make
from headwater.data.parallel.judge import Judge, Watch, held_while
from headwater.data.parallel.portions import Portions
from headwater.data.parallel.processes import Processes
from headwater.data.parallel.wire import travels

_PROBE_S = 0.008
_MOST_THREADS = 64
_MOST_ASKED = 65_536

log = logging.getLogger("headwater.data")


@dataclass
class Link:
    """One operator of a chain, its step, and what that was seen to cost."""

    node: Node
    step: Step
    watch: Watch = field(default_factory=Watch)


class Chain:
    """Blocks through all links, here or elsewhere."""

    def __init__(self, feed: Numbered, links: Sequence[Link], env: Env, *, stacked: bool) -> None:
        self._feed = feed
        self._links = list(links)
        self._env = env
        self._stacked = stacked
        self._cores = env.options.cores
        self._judge = Judge(cores=self._cores, num_rows=links[0].node.inputs[0].cardinality)
        self._watch = Watch()
        self._elsewhere: Cursor | None = None
        self._looks_on = False
        self._num_made = 0
        self._sendable = False
        self._settled = not is_portable(links)  # reading alone is never so dear
        self._pool: Processes | None = None
        self._portable = is_portable(self._links) and env.ignoring is None
        self._mode = _mode(self._links, env)
        if self._mode == "threads":
            self._elsewhere = self._threads(self._feed, self._links)
        elif self._mode == "processes":
            self._pool = pool_of(self._links, env)
            self._elsewhere = self._processes(self._pool)

    def next(self, limit: int) -> Block | None:
        """What the links make of the next block; one of which nothing is left is followed by another."""
        while self._elsewhere is None:
            first = self._feed.at
            block = self._feed.next(self._portion(limit))
            if block is None:
                return None
            made = self._pass(block, first)
            if self._pool is not None and not self._sendable:
                self._check_sendable(block, made)
            self._num_made += len(made)
            self._reconsider()
            if len(made):
                return made
        return self._elsewhere.next(limit)

    def state(self) -> State:
        """Where the next element comes from."""
        return (self._elsewhere or self._feed).state()

    def close(self) -> None:
        """Stop what works elsewhere, and close what feeds it."""
        (self._elsewhere or self._feed).close()
        if self._pool is not None:
            self._pool.close()

    def _reconsider(self) -> None:
        """Move on to other hands once they are ready, or were found to be worth it."""
        if self._pool is not None:
            if self._pool.ready:
                self._elsewhere = self._processes(self._pool)
        elif self._mode == "auto" and self._judge.is_due(self._watch):
            self._decide()

    def _portion(self, limit: int) -> int:
        """Few rows at first: what is dear should move on before a whole batch of it was made here."""
        if self._mode != "auto" or self._settled:
            share = max(1, self._num_made) / max(
                1, self._watch.num_rows
            )  # of the elements, that was not dropped
            return limit if share >= 1 else max(limit, min(_MOST_ASKED, int(limit / share)))
        if self._watch.num_rows == 0:
            return 1
        return max(1, min(limit, int(_PROBE_S / max(self._watch.row_s, 1e-9))))

    def _pass(self, block: Block, first: int) -> Block:
        """One block through all links, under two clocks."""
        num_rows = len(block)
        if self._looks_on:
            return self._probe(block, first)
        queued_s = wanted_s()
        wall_s, cpu_s = began_s, began_cpu_s = time.perf_counter(), time.process_time()
        for link in self._links:
            block = link.step(block, first)
            before_s, before_cpu_s = wall_s, cpu_s
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            link.watch.observe(num_rows, block, wall_s - before_s, cpu_s - before_cpu_s)
            if not len(block):
                break
        # Threads that a function starts count by the process's clock, the queue for a core by the other.
        busy_s = max(cpu_s - began_cpu_s, wanted_s() - queued_s)
        self._watch.observe(num_rows, block, wall_s - began_s, busy_s)
        return block

    def _probe(self, block: Block, first: int) -> Block:
        self._looks_on = False
        steps = [link.step for link in self._links]
        done = self._env.crew.submit(lambda: make(steps, block, first), most=1)
        self._judge.probed(held_while(done))
        made: Block = done.result().block
        self._decide()
        return made

    def _decide(self) -> None:
        if self._judge.wants_probe(self._watch):
            self._looks_on = True
            return
        self._settled = True
        verdict = self._judge.verdict(self._watch, portable=self._portable)
        if verdict == "threads":
            self._elsewhere = self._threads(self._feed, self._links)
        elif verdict == "processes":
            self._call_processes()

    def _call_processes(self) -> None:
        """Start processes; the chain goes on here until they are ready."""
        try:
            self._pool = pool_of(self._links, self._env)
        except DataError as error:
            log.info("%s: stays in this process: %s", self._links[-1].node.label, error)
            self._portable = False

    def _check_sendable(self, given: Block, made: Block) -> None:
        """Stay here if elements cannot go to another process, or would need the user's script there."""
        try:
            self._sendable = all(travels(block) for block in (given, made) if len(block))
        except Exception as error:  # noqa: BLE001 - whatever pickling raises
            log.info("%s: stays in this process: %s", self._links[-1].node.label, error)
        if not self._sendable and self._pool is not None:
            self._pool.close()
            self._pool, self._portable = None, False

    def _threads(self, feed: Numbered, links: Sequence[Link]) -> Cursor:
        share = self._watch.cpu_s / self._watch.wall_s if self._watch.waits else 1.0
        most = min(_MOST_THREADS, math.ceil(self._cores / max(share, 0.01)))
        return self._ahead(
            feed,
            links,
            Threads(self._env.crew, [link.step for link in links], most, named=f".{links[-1].node.label}"),
        )

    def _processes(self, pool: Processes) -> Cursor:
        """Processes for what can leave this one; what comes before it stays here."""
        stays, goes = split(self._links)
        steps = [link.step for link in stays]
        return self._ahead(Passed(self._feed, steps) if steps else self._feed, goes, pool)

    def _ahead(self, feed: Numbered, links: Sequence[Link], hands: Hands) -> Cursor:
        options = self._env.options
        one_to_one = all(getattr(link.node, "one_to_one", False) for link in links)
        row_s = sum(link.watch.row_s for link in links) or 0.001
        made = Ahead(
            feed,
            hands,
            cores=self._cores,
            ahead_bytes=options.ahead_bytes,
            row_s=row_s,
            stacked=self._stacked and one_to_one,
            deterministic=options.deterministic,
            layout=getattr(links[-1].step, "layout", None),
        )
        return Portions(made)


def split(links: Sequence[Link]) -> tuple[Sequence[Link], Sequence[Link]]:
    """What must stay in this process, and what follows it."""
    stays = [at for at, link in enumerate(links) if not getattr(link.node, "portable", False)]
    first = stays[-1] + 1 if stays else 0
    return links[:first], links[first:]


def is_portable(links: Sequence[Link]) -> bool:
    """Whether the costly part of a chain can leave this process."""
    return bool(split(links)[1])


def pool_of(links: Sequence[Link], env: Env) -> Processes:
    """Processes that have the steps of what can leave this one.

    Raised if something in a function cannot be sent: `DataError`.
    """
    nodes = [without_input(link.node) for link in split(links)[1]]
    if not nodes:
        raise DataError(
            "it reads from memory of this process, and cannot leave it.",
            where=f".{links[-1].node.label}",
            remedy='Use parallel="threads".',
        )
    sent = Env(env.seed, env.epochs, env.branch, options=Options(parallel="inline"))
    program = dumps((nodes, sent))
    return Processes(program, env.options.cores, named=nodes[-1].label)


def _mode(links: Sequence[Link], env: Env) -> str:
    """Where the user wants the links to run; ``auto`` if that was left open."""
    said = {getattr(link.node, "parallel", "auto") for link in links} - {"auto"}
    mode = said.pop() if said else env.options.parallel
    # What is passed over is counted here, where another process could not.
    return "threads" if mode == "processes" and env.ignoring is not None else mode
