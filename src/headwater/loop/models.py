"""The models that a run has made so far: from memory, from the run's folder, or from the zoo."""

from __future__ import annotations

from headwater import trainer
from headwater.core.errors import LoopError
from headwater.core.scorer import Scorer
from headwater.loop.folder import RunFolder
from headwater.loop.machine import Round
from headwater.loop.parts import Parts


class Models:
    """Checkpoints by round; the newest stays in memory, older ones are read from the zoo when asked for."""

    def __init__(self, parts: Parts, folder: RunFolder) -> None:
        self._parts = parts
        self._folder = folder
        self._newest: tuple[int, trainer.Checkpoint] | None = None

    def remember(self, number: int, checkpoint: trainer.Checkpoint) -> None:
        """Keep the checkpoint of round `number` in memory in place of the one before."""
        self._newest = (number, checkpoint)

    def to_start_from(self, round_: Round) -> trainer.Checkpoint:
        """Return the whole checkpoint of a round, optimizer state included, for the next round's training."""
        if self._newest is None or self._newest[0] != round_.number:
            path = self._folder.training(round_.number)
            if not path.exists():
                raise LoopError(
                    f"the checkpoint of round {round_.number} is gone: "
                    "the journal is older than the files beside it.",
                    where=str(path),
                    remedy="Restore the whole folder from one copy, or start over with --fresh.",
                )
            checkpoint = trainer.Checkpoint.load(path)
            if checkpoint.digest != round_.checkpoint:
                raise LoopError(
                    f"the checkpoint of round {round_.number} is not the one that the journal speaks of.",
                    where=str(path),
                    remedy="Restore the folder from a copy, or start a new run under another name.",
                )
            self._newest = (round_.number, checkpoint)
        return self._newest[1]

    def to_ask(self, round_: Round) -> trainer.Checkpoint:
        """Return the model of a round, for scoring only."""
        newest = self._newest  # read once: the other thread may replace it
        if newest is not None and newest[0] == round_.number:
            return newest[1]
        return trainer.Checkpoint(self._parts.keep.load(round_.variant))

    def scorer(self, round_: Round | None) -> Scorer | None:
        """Return what policies ask: the model of `round_` over the stream; None before the first."""
        if round_ is None:
            return None
        return self._parts.learn.scorer(self.to_ask(round_), self._parts.stream, self._parts.read)
