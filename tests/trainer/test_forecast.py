from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headwater.core.budget import Budget
from headwater.core.errors import TrainerError
from headwater.trainer import Checkpoint, Step, Trainer, Training
from headwater.workers import Local

KNOWN = Training(steps=101, samples=10_100, epochs=1, seconds=12.0, setup_s=2.0, data_s=1.0, threads=2)


def test_an_estimate_is_setup_plus_samples_over_throughput() -> None:
    trainer = Trainer("m:build", epochs=3)
    assert KNOWN.samples_per_s == pytest.approx(1_000)
    assert trainer.estimate(5_000, like=KNOWN).time_s == pytest.approx(2 + 15)
    assert trainer.estimate(5_000, like=KNOWN).cores == 2


def test_an_estimate_stops_where_the_training_will() -> None:
    trainer = Trainer("m:build", epochs=3, max_steps=50)
    assert trainer.estimate(1_000_000, like=KNOWN).time_s == pytest.approx(2 + 5)


def test_a_checkpoint_without_facts_gives_no_estimate() -> None:
    with pytest.raises(TrainerError, match=r"no throughput is known.*trainer\.probe"):
        Trainer("m:build").estimate(10, like=Checkpoint({}))


def test_a_plan_explains_itself_and_is_held_against_a_budget() -> None:
    plan = Trainer("m:build").plan(5_000, like=KNOWN, why="drift 0.07 > 0.05")
    assert "train  drift 0.07 > 0.05" in plan.explain()
    assert plan.steps[0].bound_by == "cpu"
    assert plan.overruns(Budget(time_s=1)) == ["time: needs 7s, may use 1s"]
    assert Trainer("m:build").plan(5_000).after.time_s is None


def test_a_plan_from_a_bare_checkpoint_has_an_unknown_cost() -> None:
    assert Trainer("m:build").plan(5_000, like=Checkpoint({})).after.time_s is None


def test_a_probe_takes_a_few_steps_and_allows_an_estimate(net: Any, batches: Any) -> None:
    trainer = Trainer(net, epochs=100, schedule="cosine")
    facts = trainer.probe(batches, steps=5)
    assert facts.steps == 5
    time_s = trainer.estimate(320, like=facts).time_s
    assert time_s is not None
    assert time_s > 0


def test_memory_counts_weights_gradients_and_moments(net: Any, batches: Any) -> None:
    trainer = Trainer(net)
    checkpoint = trainer.fit(batches)
    weights = sum(value.numel() * 4 for value in checkpoint.model.values())
    steps = 4 * 4  # one float32 counter for each of the four parameters
    assert trainer.estimate(10, like=checkpoint).memory_bytes == 4 * weights + steps


_MODULE = """
import numpy as np
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    def forward(self, batch):
        return super().forward(batch["x"])
"""


def test_a_worker_process_gives_the_same_bits(
    batches: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far_net.py").write_text(_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    here = Trainer("far_net:Net", epochs=2, threads=1)
    start = here.fit(batches)
    seen: list[Step] = []
    with Local(1, processes=True) as on:
        far = Trainer("far_net:Net", epochs=2, threads=1, on=on)
        trained = far.fit(batches, start=start, seed=4, folder=tmp_path / "far", on_step=seen.append)
        with pytest.raises(TrainerError, match="cannot be sent to a worker"):
            Trainer(lambda: None, on=on).fit(batches)
        with pytest.raises(TrainerError, match="gave no batch"):
            far.fit([])
    assert trained == here.fit(batches, start=start, seed=4) == Checkpoint.load(tmp_path / "far")
    assert [point.step for point in trained.training.curve] == [step.step for step in seen]
