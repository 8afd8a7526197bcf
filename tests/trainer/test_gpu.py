from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from headwater.core.errors import TrainerError
from headwater.trainer import Checkpoint, Step, Trainer, measure

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="wants a CUDA device; torch finds none"),
]


class Kill(BaseException):
    """Stands for a kill inside the process."""


@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16", "fp16"])
def test_every_precision_learns(precision: Any, net: Any, batches: Any) -> None:
    trainer = Trainer(net, precision=precision, epochs=10, lr=1e-2)
    checkpoint = trainer.fit(batches)
    facts = checkpoint.training
    assert facts.device == "cuda"
    assert facts.precision == ("bf16" if precision == "auto" else precision)
    assert facts.curve[-1].loss < 0.6 * facts.curve[0].loss
    assert {value.dtype for value in checkpoint.model.values()} == {torch.float32}
    accuracy = measure(trainer.predict(checkpoint, batches))["accuracy"]
    assert accuracy is not None
    assert accuracy > 0.85


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_resuming_equals_an_unbroken_training(precision: Any, net: Any, batches: Any, tmp_path: Path) -> None:
    def kill(done: Step) -> None:
        if done.step >= 13:
            raise Kill

    trainer = Trainer(net, precision=precision, epochs=3, schedule="one_cycle")
    with pytest.raises(Kill):
        trainer.fit(batches, folder=tmp_path, every_steps=7, on_step=kill)
    resumed = trainer.fit(batches, folder=tmp_path, every_steps=7)
    unbroken = trainer.fit(batches)
    assert resumed.training.resumed == 1
    assert resumed == unbroken


def test_a_checkpoint_goes_from_gpu_to_cpu_and_back(net: Any, batches: Any) -> None:
    on_gpu = Trainer(net).fit(batches)
    on_cpu = Trainer(net, device="cpu").fit(batches, start=Checkpoint.from_bytes(on_gpu.to_bytes()))
    again = Trainer(net).fit(batches, start=on_cpu)
    assert {value.device.type for value in again.tensors().values()} == {"cpu"}


def test_a_loss_that_is_no_number_is_named_though_it_is_looked_at_late(net: Any, batches: Any) -> None:
    batches[6] = {**batches[6], "x": batches[6]["x"] * float("nan")}
    with pytest.raises(TrainerError, match=r"loss became nan at step 7 "):
        Trainer(net, precision="fp32").fit(batches)


def test_scores_are_those_of_the_cpu(net: Any, batches: Any) -> None:
    checkpoint = Trainer(net, device="cpu").fit(batches)
    here = Trainer(net, device="cpu").predict(checkpoint, batches)
    there = Trainer(net, device="cuda").predict(checkpoint, batches)
    torch.testing.assert_close(
        torch.from_numpy(there.probabilities), torch.from_numpy(here.probabilities), rtol=1e-3, atol=1e-4
    )
