"""`Loop`: the whole line, driven again and again. Start reading here."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from headwater import samples, selection, trainer, triggers, zoo
from headwater.core.errors import LoopError
from headwater.core.files import write_atomic
from headwater.core.journal import Journal
from headwater.core.plan import Plan
from headwater.loop import forecast
from headwater.loop.driver import Audience, Driver
from headwater.loop.environment import environment
from headwater.loop.folder import RunFolder
from headwater.loop.options import Options
from headwater.loop.parts import Flow, Parts
from headwater.loop.results import Results

_log = logging.getLogger("headwater.loop")


class Loop:
    """Continuous training over a stream: replayed in event time, or followed as it grows.

    The arguments read in the order in which data takes the line: what arrives, when to train, on which samples,
    how they flow, how to train, and where models are kept.

        Loop(stream, when, which, flow, learn, zoo.open("zoo.hw"), name="flights").run()

    `run` starts at the beginning, `resume` goes on after a kill at any moment; both give the same keys, losses
    and models. The run's files are in ``<runs>/<name>/``.
    """

    def __init__(
        self,
        stream: samples.Samples,
        when: triggers.Policy,
        which: selection.Policy,
        flow: Flow,
        learn: trainer.Trainer,
        keep: zoo.Zoo,
        *,
        name: str = "run",
        runs: str | Path = "runs",
        options: Options | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        if not re.fullmatch(r"\w[\w.-]{0,100}", name):
            raise LoopError(
                f"{name!r} cannot be a run's name, which is also its folder's.",
                remedy="Use letters, digits, '-', '_' and '.', beginning with a letter or digit.",
            )
        self.parts = Parts(stream, when, which, flow, learn, keep, options or Options())
        self.folder = RunFolder(Path(runs) / name)
        self._config = config

    def plan(self) -> Plan:
        """Return what replaying the whole stream would cost, by stage, before doing it.

        The rounds are rehearsed as if nothing drifted, and a few steps of training are probed. Raised:
        `LoopError` when no model would ever be trained.
        """
        return forecast.plan(self.parts, name=self.folder.name)

    def run(
        self,
        *,
        fresh: bool = False,
        more: Iterable[samples.Ingested] | None = None,
        audience: Audience | None = None,
    ) -> Results:
        """Run from the beginning of the stream; with `more` (see `samples.follow`), go on as it grows.

        Raised: `LoopError` when a run of this name has begun already (resume it, or pass ``fresh=True`` to
        forget it), `LockedError` when another process is running it.
        """
        with self.folder.locked():
            if self.folder.has_begun and not fresh:
                raise LoopError(
                    "a run of this name has begun already.",
                    where=str(self.folder.path),
                    remedy=f"Go on with `headwater resume {self.folder.name}` (loop.resume()), "
                    "start over with --fresh (fresh=True), or choose another name.",
                )
            self.parts.check()
            self._forget(fresh=fresh)
            self.folder.write_json("run.json", self._identity())
            return self._drive(audience, more)

    def go(self, *, audience: Audience | None = None) -> Results:
        """Resume the run if it was interrupted, else run it from the beginning."""
        unfinished = self.folder.has_begun and not Results(self.folder).is_finished
        return self.resume(audience=audience) if unfinished else self.run(fresh=True, audience=audience)

    def resume(
        self, *, more: Iterable[samples.Ingested] | None = None, audience: Audience | None = None
    ) -> Results:
        """Go on with a run that was stopped or killed; a finished run just returns its results.

        Raised: `LoopError` when the parts of this loop are not those that the run began with.
        """
        with self.folder.locked():
            if not self.folder.has_begun:
                raise LoopError(
                    "there is nothing to resume: no run of this name has begun.",
                    where=str(self.folder.path),
                    remedy="Start it with `headwater run` (loop.run()).",
                )
            self._refuse_other_parts()
            return self._drive(audience, more)

    def _drive(self, audience: Audience | None, more: Iterable[samples.Ingested] | None) -> Results:
        with Journal(self.folder.journal) as journal:
            driver = Driver(self.parts, self.folder, journal, audience=audience, more=more)
            driver.run()
        write_atomic(self.folder.path / "metrics.prom", driver.meter.to_prometheus().encode())
        _log.info("run %s finished", self.folder.name)
        return Results(self.folder)

    def _forget(self, *, fresh: bool) -> None:
        """Delete what earlier runs of this name left, their variants in the zoo included.

        Raised: `LoopError` when the zoo has such variants and `fresh` was not asked for.
        """
        earlier = [v for v in self.parts.keep.ls() if v.facts.get("run") == self.folder.name]
        if earlier and not fresh:
            raise LoopError(
                f"the zoo holds {len(earlier)} models of an earlier run called {self.folder.name!r}.",
                where=str(self.parts.keep.path),
                remedy="Delete them by starting with --fresh (fresh=True), or choose another name.",
            )
        for variant in reversed(earlier):
            self.parts.keep.delete(variant)
        self.folder.clear()

    def _identity(self) -> dict[str, Any]:
        return {
            "id": uuid.uuid4().hex,
            "name": self.folder.name,
            "parts": self.parts.describe(),
            "store": self.parts.stream.identity,
            "stream": str(self.parts.stream.path.resolve()),
            "keep": str(self.parts.keep.path.resolve()),
            "environment": environment(),
            "config": self._config,
        }

    def _refuse_other_parts(self) -> None:
        begun = self.folder.read_json("run.json")["parts"]
        now = self.parts.describe()
        different = sorted(word for word in now if now[word] != begun.get(word))
        if different:
            raise LoopError(
                f"the run began with another {' and '.join(f'`{word}`' for word in different)}.",
                where=str(self.folder.path),
                remedy="Resume with the same parts, or start a new run under another name.",
            )
