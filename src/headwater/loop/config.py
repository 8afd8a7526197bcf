"""A loop as a file: YAML whose keys are the arguments of `Loop`, in the same order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from headwater import samples, selection, trainer, triggers, zoo
from headwater.core import config
from headwater.core.errors import LoopError
from headwater.core.registry import resolve
from headwater.loop.folder import RunFolder
from headwater.loop.loop import Loop
from headwater.loop.options import Options


@dataclass(frozen=True, kw_only=True)
class Follow:
    """A directory whose new files are ingested and trained on for as long as the loop runs."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    folder: str
    every_s: float = 5.0
    """Seconds between two looks."""
    idle_s: float | None = None
    """End the run after this many seconds without a new file; without it the run goes on for ever."""


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Everything `headwater run FILE.yaml` needs; ``headwater config schema`` prints its JSON Schema."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    stream: str
    """Path of the samples' store."""
    when: triggers.Policy
    which: selection.Policy
    flow: str
    """Import path of a function from a `Source` to a `data.Dataset`."""
    learn: trainer.Trainer
    keep: str
    """Path of the zoo."""
    prepare: str | None = None
    """Import path of a function that is given `stream` and returns the store, filled."""
    follow: Follow | None = None
    runs: str = "runs"
    options: Options = field(default_factory=Options)

    def build(self) -> Loop:
        """Open the stream and the zoo and return the loop.

        Raised: `ConfigError` for an import path that leads nowhere, `SamplesError` for a missing store.
        """
        flow = resolve(self.flow)
        prepare = resolve(self.prepare) if self.prepare else samples.open
        return Loop(
            prepare(self.stream),
            self.when,
            self.which,
            flow,
            self.learn,
            zoo.open(self.keep),
            name=self.name,
            runs=self.runs,
            options=self.options,
            config=config.to_tree(self),
        )

    def arrivals(self, loop: Loop) -> Iterable[samples.Ingested] | None:
        """Return what arrives while the loop runs; None for a replay."""
        if self.follow is None:
            return None
        return samples.follow(
            loop.parts.stream, self.follow.folder, every_s=self.follow.every_s, idle_s=self.follow.idle_s
        )


def load(path: str | Path, *, settings: Iterable[str] = ()) -> LoopConfig:
    """Read a YAML file, then apply ``key.path=value`` settings. Raised: `ConfigError` with file and line."""
    return config.load(LoopConfig, Path(path), settings=settings)


def of_run(folder: RunFolder) -> LoopConfig:
    """Return the configuration that a run was started with, so that its name is enough to resume it."""
    tree = folder.read_json("run.json")["config"]
    if tree is None:
        raise LoopError(
            "this run was started from Python, so its parts are not known here.",
            where=str(folder.path),
            remedy="Build the same Loop in Python and call resume() on it.",
        )
    return config.validate(LoopConfig, tree, name=str(folder.path / "run.json"))
