"""The six parts of a loop, and how it identifies itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from headwater import data, samples, selection, trainer, triggers, zoo
from headwater.core import config
from headwater.core.errors import ConfigError, LoopError
from headwater.core.registry import path_of, resolve
from headwater.core.rng import Seeds
from headwater.core.selection import Selection
from headwater.core.source import Selected, Source
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

    def read(self, source: Source) -> data.Dataset:
        """Return what the flow makes of `source`.

        Raised: `LoopError` naming the flow when it is no function of a source that returns a dataset.
        """
        made = self.flow(source) if callable(self.flow) else self.flow
        if not isinstance(made, data.Dataset):
            raise LoopError(
                f"a flow is a function from a source to a data.Dataset; this gave {type(made).__name__}.",
                where=_name(self.flow),
                remedy="def flow(source): return data.from_source(source).map_batches(encode).batch(512)",
            )
        return made

    def check(self) -> None:
        """Try what can be tried before a run begins: the model's import path, and the flow on one sample."""
        if isinstance(self.learn.model, str):
            resolve(self.learn.model)
        first = self.stream.keys()[:1]
        if first.size:
            next(iter(self.read(Selected(self.stream, Selection.of(first)))), None)

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
