"""The cursor of fused operators: it begins in the consumer's thread and moves to other hands where that pays.

Nothing is held between two blocks, so a chain may change hands at any of them; order, content and states stay.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Node
from headwater.data.parallel.ahead import Ahead
from headwater.data.parallel.feed import Feed, Numbered, Portions
from headwater.data.parallel.hands import Step, Threads, make
from headwater.data.parallel.judge import Judge, Watch, held_while


@dataclass
class Link:
    """One operator of a chain, its step, and what that was seen to cost."""

    node: Node
    step: Step
    watch: Watch = field(default_factory=Watch)


class Chain:
    """Blocks through all links, here or elsewhere."""

    def __init__(self, feed: Feed, links: Sequence[Link], env: Env, *, stacked: bool) -> None:
        self._feed = feed
        self._links = list(links)
        self._env = env
        self._stacked = stacked
        self._cores = env.options.cores
        self._judge = Judge(cores=self._cores, num_rows=links[0].node.inputs[0].cardinality)
        self._watch = Watch()
        self._elsewhere: Cursor | None = None
        self._looks_on = False
        self._mode = _mode(self._links, env)
        if self._mode == "threads":
            self._elsewhere = self._threads(self._feed, self._links)

    def next(self, limit: int) -> Block | None:
        """What the links make of the next block; one of which nothing is left is followed by another."""
        while self._elsewhere is None:
            first = self._feed.at
            block = self._feed.next(limit)
            if block is None:
                return None
            made = self._pass(block, first)
            if self._mode == "auto" and self._judge.is_due(self._watch):
                self._decide()
            if len(made):
                return made
        return self._elsewhere.next(limit)

    def state(self) -> State:
        """Where the next element comes from."""
        return (self._elsewhere or self._feed).state()

    def close(self) -> None:
        """Stop what works elsewhere, and close what feeds it."""
        (self._elsewhere or self._feed).close()

    def _pass(self, block: Block, first: int) -> Block:
        """One block through all links, under two clocks."""
        num_rows = len(block)
        if self._looks_on:
            return self._probe(block, first)
        wall_s, cpu_s = began_s, began_cpu_s = time.perf_counter(), time.process_time()
        for link in self._links:
            block = link.step(block, first)
            before_s, before_cpu_s = wall_s, cpu_s
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            link.watch.observe(num_rows, block, wall_s - before_s, cpu_s - before_cpu_s)
            if not len(block):
                break
        self._watch.observe(num_rows, block, wall_s - began_s, cpu_s - began_cpu_s)
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
        verdict = self._judge.verdict(self._watch, portable=False)
        if verdict == "threads":
            self._elsewhere = self._threads(self._feed, self._links)

    def _threads(self, feed: Numbered, links: Sequence[Link]) -> Cursor:
        """Threads for all links; those that wait and those that compute in lanes of their own."""
        return Portions(self._lane(feed, links, stacked=self._stacked))

    def _lane(self, feed: Numbered, links: Sequence[Link], *, stacked: bool) -> Ahead:
        waits = any(link.watch.waits and link.watch.num_rows for link in links)
        hands = Threads(
            self._env.crew, [link.step for link in links], 8 * self._cores if waits else self._cores
        )
        return Ahead(
            feed,
            hands,
            cores=self._cores,
            ahead_bytes=self._env.options.ahead_bytes,
            row_s=sum(link.watch.row_s for link in links) or 0.001,
            stacked=stacked,
        )


def _mode(links: Sequence[Link], env: Env) -> str:
    """Where the user wants the links to run; ``auto`` if that was left open."""
    said = {getattr(link.node, "parallel", "auto") for link in links} - {"auto"}
    return said.pop() if said else env.options.parallel
