from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from headwater.core.errors import CorruptError, TrainerError
from headwater.trainer import Checkpoint, Trainer, Training
from headwater.trainer.moments import load_moments, moments_of
from headwater.trainer.optimizer import SGD, Adam, AdamW, Optimizer
from headwater.trainer.safetensors import CheckpointCorruptError, digest_tensors


@pytest.fixture
def checkpoint(net: Any, batches: Any) -> Checkpoint:
    return Trainer(net).fit(batches)


def test_a_saved_checkpoint_loads_equal_with_its_facts(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "deep" / "one.safetensors")
    loaded = Checkpoint.load(tmp_path / "deep" / "one.safetensors")
    assert loaded == checkpoint
    assert (loaded.training, loaded.config, loaded.others) == (
        checkpoint.training,
        checkpoint.config,
        checkpoint.others,
    )


def test_any_safetensors_reader_opens_the_file(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    checkpoint.save(path)
    names = set(load_file(path))
    assert {"model.body.weight", "optimizer.0.exp_avg", "optimizer.3.step"} <= names


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.bool])
def test_every_dtype_and_shape_survives(dtype: torch.dtype, tmp_path: Path) -> None:
    tensors = {
        "flat": torch.arange(6).to(dtype),
        "empty": torch.zeros(0, 3, dtype=dtype),
        "scalar": torch.ones((), dtype=dtype),
        "turned": torch.arange(6).reshape(2, 3).T.to(dtype),
    }
    Checkpoint(tensors).save(tmp_path / "one")
    loaded = Checkpoint.load(tmp_path / "one").model
    assert {value.dtype for value in loaded.values()} == {dtype}
    assert all(torch.equal(loaded[name], value) for name, value in tensors.items())


def test_tied_weights_are_stored_and_loaded(batches: Any, tmp_path: Path) -> None:
    class Tied(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = torch.nn.Linear(4, 4)
            self.two = torch.nn.Linear(4, 4)
            self.two.weight = self.one.weight

        def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
            logits: torch.Tensor = self.two(self.one(batch["x"]))
            return logits

    first = Trainer(Tied).fit(batches)
    first.save(tmp_path / "one")
    again = Trainer(Tied).fit(batches, start=Checkpoint.load(tmp_path / "one"))
    assert torch.equal(again.model["one.weight"], again.model["two.weight"])


def test_the_digest_is_of_content_not_of_order_or_facts(checkpoint: Checkpoint) -> None:
    model, optimizer = (dict(reversed(list(each.items()))) for each in (checkpoint.model, checkpoint.optimizer))
    shuffled = Checkpoint(model, optimizer)
    assert shuffled == checkpoint
    assert hash(shuffled) == hash(checkpoint)


def test_the_digest_sees_names_shapes_and_bits() -> None:
    zero = torch.zeros(2, 3)
    digests = {
        digest_tensors(tensors)
        for tensors in (
            {"a": zero},
            {"b": zero},
            {"a": zero.reshape(3, 2)},
            {"a": zero.to(torch.int32)},
            {"a": -zero},
            {"a": zero, "b": torch.zeros(0)},
        )
    }
    assert len(digests) == 6


def test_the_models_digest_does_not_know_the_optimizer(checkpoint: Checkpoint) -> None:
    light = checkpoint.without_optimizer()
    assert light.model_digest == checkpoint.model_digest
    assert light != checkpoint
    assert light.size_bytes < checkpoint.size_bytes


def test_tensors_and_facts_lead_back(checkpoint: Checkpoint) -> None:
    facts = json.loads(json.dumps(checkpoint.facts()))
    again = Checkpoint.of(checkpoint.tensors(), facts)
    assert again == checkpoint
    assert again.training == checkpoint.training
    assert Checkpoint.of(checkpoint.tensors()).training == Training()


@pytest.mark.parametrize("keep", [0, 4, 8, 40, -5])
def test_a_truncated_file_is_corrupt(checkpoint: Checkpoint, tmp_path: Path, keep: int) -> None:
    content = checkpoint.to_bytes()
    (tmp_path / "cut").write_bytes(content[:keep])
    with pytest.raises(CheckpointCorruptError, match="cut: it is no whole safetensors file"):
        Checkpoint.load(tmp_path / "cut")


def test_a_flipped_bit_anywhere_is_noticed(checkpoint: Checkpoint) -> None:
    content = checkpoint.to_bytes()
    for at in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[at] ^= 4
        with pytest.raises((CorruptError, TrainerError)):
            Checkpoint.from_bytes(bytes(flipped))


def test_a_file_of_someone_else_is_no_checkpoint(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "other")
    with pytest.raises(TrainerError, match=r"none that headwater's trainer wrote.*Checkpoint\(model="):
        Checkpoint.load(tmp_path / "other")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"nothing\.here: there is no such checkpoint"):
        Checkpoint.load(tmp_path / "nothing.here")


def test_a_crash_while_saving_leaves_the_old_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one"
    checkpoint.save(path)

    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", power_cut)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.without_optimizer().save(path)
    assert Checkpoint.load(path) == checkpoint


@pytest.mark.parametrize("optimizer", [AdamW(), Adam(), SGD(), SGD(momentum=0.9)])
def test_an_optimizers_state_is_rebuilt_exactly(optimizer: Optimizer) -> None:
    def parameters() -> list[torch.nn.Parameter]:
        torch.manual_seed(0)
        return [torch.nn.Parameter(torch.randn(3)), torch.nn.Parameter(torch.randn(2, 2, dtype=torch.float64))]

    def take_steps(made: torch.optim.Optimizer, held: list[torch.nn.Parameter]) -> None:
        for _ in range(3):
            for parameter in held:
                parameter.grad = parameter.detach() * 2
            made.step()

    ours = parameters()
    made = optimizer.build(ours, lr=0.1)
    take_steps(made, ours)
    copies = [torch.nn.Parameter(parameter.detach().clone()) for parameter in ours]
    rebuilt = optimizer.build(copies, lr=0.1)
    load_moments(rebuilt, *moments_of(made))
    assert digest_tensors(moments_of(rebuilt)[0]) == digest_tensors(moments_of(made)[0])
    take_steps(made, ours)
    take_steps(rebuilt, copies)
    assert all(torch.equal(one, other) for one, other in zip(ours, copies))


def test_state_of_another_models_optimizer_is_refused() -> None:
    made = AdamW().build([torch.nn.Parameter(torch.zeros(3))], lr=0.1)
    with pytest.raises(TrainerError, match="is of parameter 1, but the model has 1"):
        load_moments(made, {"1.exp_avg": torch.zeros(3)}, {})
    with pytest.raises(TrainerError, match=r"`0.exp_avg` is \[4\], its parameter \[3\].*keep_optimizer=False"):
        load_moments(made, {"0.exp_avg": torch.zeros(4)}, {})
