"""The six parts of a loop, and how it identifies itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from headwater import data, samples, selection, trainer, triggers, zoo
from headwater.core import config
from headwater.core.errors import ConfigError
from headwater.core.registry import path_of
from headwater.core.rng import Seeds
from headwater.core.source import Source
from headwater.loop.options import Options

Flow: TypeAlias = Callable[[Source], data.Dataset]


@dataclass(frozen=True)
class Parts:
    """What arrives, when to train, on which samples, how they flow, how to train, and where models are kept."""

    stream: samples.Samples
    when: triggers.Policy
    which: selection.Policy
    flow: Flow
    learn: trainer.Trainer
    keep: zoo.Zoo
    options: Options = field(default_factory=Options)

    @property
    def seeds(self) -> Seeds:
        """The named seed streams of the run."""
        return Seeds(self.options.seed)

    def describe(self) -> dict[str, Any]:
        """Return what decides the result, as JSON values: a run is resumed only by equal parts."""
        return {
            "when": config.to_family_tree(self.when),
            "which": config.to_family_tree(self.which),
            "flow": _name(self.flow),
            "learn": self.learn.describe(),
            "options": config.to_tree(self.options),
        }


def _name(flow: Flow) -> str:
    """Return a flow's import path, or the name it has where it was written (a lambda has no path)."""
    try:
        return path_of(flow)
    except ConfigError:
        return str(getattr(flow, "__qualname__", flow))
