"""A checkpoint is a trainer's result: the weights, the optimizer's state, and the facts of the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.trainer import safetensors
from headwater.trainer.training import Training

if TYPE_CHECKING:
    import torch

FORM = "headwater.checkpoint/1"
RESULT = "checkpoint.safetensors"  # the name it has in the folder of a finished training


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Named tensors on the CPU. `model` is what a zoo stores; weights from elsewhere are ``Checkpoint(model)``.

    Two checkpoints are equal when all their tensors are, whatever their facts say.
    """

    model: Mapping[str, torch.Tensor]
    optimizer: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """Tensors named ``<parameter's number>.<word>``, such as ``3.exp_avg``; empty if it was not kept."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """What the optimizer holds besides tensors, by the same kind of name, as JSON values."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """What the trainer was: model, optimizer, learning rate ..., as JSON values."""
    training: Training = field(default_factory=Training)
    """What is known of how it came about; ``Training()`` when nothing is."""

    @cached_property
    def digest(self) -> str:
        """The digest of weights and optimizer state: equal digest, bit-identical checkpoint."""
        return safetensors.digest_tensors(self.tensors())

    @cached_property
    def model_digest(self) -> str:
        """The digest of the weights alone, the same whether or not the optimizer's state was kept."""
        return safetensors.digest_tensors(self.model)

    @property
    def size_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(value.numel() * value.element_size() for value in self.tensors().values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checkpoint) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        after = f", {self.training.steps:,} steps" if self.training.steps else ""
        return f"Checkpoint({len(self.model)} weights{after}, digest {self.digest[:12]})"

    def tensors(self) -> dict[str, torch.Tensor]:
        """All tensors by the names they have in the file: ``model.<name>`` and ``optimizer.3.exp_avg``."""
        return {
            **{f"model.{name}": value for name, value in self.model.items()},
            **{f"optimizer.{name}": value for name, value in self.optimizer.items()},
        }

    def facts(self) -> dict[str, Any]:
        """All that is no tensor, as JSON values; ``Checkpoint.of(tensors, facts)`` is the way back."""
        return {
            "config": dict(self.config),
            "others": dict(self.others),
            "training": self.training.to_json(),
        }

    @staticmethod
    def of(tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any] | None = None) -> Checkpoint:
        """Return the checkpoint whose `tensors` and `facts` these are; facts may be left out."""
        facts = facts or {}
        return Checkpoint(
            model=under("model.", tensors),
            optimizer=under("optimizer.", tensors),
            others=facts.get("others", {}),
            config=facts.get("config", {}),
            training=Training.of(facts.get("training", {})),
        )

    def without_optimizer(self) -> Checkpoint:
        """Return only the weights and the facts: a third of the size for Adam."""
        return Checkpoint(self.model, config=self.config, training=self.training)

    def to_bytes(self) -> bytes:
        """Return what `save` writes, for a wire."""
        return safetensors.to_bytes(self.tensors(), self.facts(), form=FORM)

    @staticmethod
    def from_bytes(content: bytes, *, where: str = "<bytes>") -> Checkpoint:
        """Return the checkpoint that `to_bytes` packed; `where` names the bytes in error messages."""
        return Checkpoint.of(*safetensors.from_bytes(content, form=FORM, where=where))

    def save(self, path: Path | str) -> None:
        """Write one safetensors file with JSON metadata, visible whole or not at all."""
        safetensors.write(Path(path), self.tensors(), self.facts(), form=FORM)

    @staticmethod
    def load(path: Path | str) -> Checkpoint:
        """Read what `save` wrote, or the result in the folder of a finished training.

        Raised: `TrainerError` when there is none, `CheckpointCorruptError` when its bytes have changed.
        """
        path = Path(path)
        return Checkpoint.of(*safetensors.read(path / RESULT if path.is_dir() else path, form=FORM))


def under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
