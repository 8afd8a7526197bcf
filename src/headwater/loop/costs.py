"""What a run has spent, added up from its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater.loop.results import Results


@dataclass(frozen=True)
class Costs:
    """What a run has spent so far."""

    num_rounds: int
    num_models: int
    num_trained: int
    """Samples trained on, repetitions counted: a cost that no clock disturbs."""
    stage_s: Mapping[str, float]
    stored_bytes: int
    full_bytes: int
    """What the models would take if each were stored in full."""

    @property
    def training_s(self) -> float:
        """Seconds of the stage that trains."""
        return self.stage_s.get("train", 0.0)

    @property
    def total_s(self) -> float:
        """Seconds of all stages; evaluations may have run beside others."""
        return sum(self.stage_s.values())

    @staticmethod
    def of(results: Results) -> Costs:
        """Add up what the journal says."""
        lines = results.rounds()
        return Costs(
            num_rounds=len(lines),
            num_models=sum(bool(line.variant) for line in lines),
            num_trained=results.num_trained(),
            stage_s=results.seconds(),
            stored_bytes=sum(line.size_bytes for line in lines),
            full_bytes=sum(line.full_bytes for line in lines),
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            **vars(self),
            "stage_s": dict(self.stage_s),
            "training_s": self.training_s,
            "total_s": self.total_s,
        }
