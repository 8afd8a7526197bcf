from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from headwater.core import config
from headwater.core.errors import ConfigError, TrainerError
from headwater.trainer import Trainer
from headwater.trainer.optimizer import SGD, AdamW
from headwater.trainer.schedule import Cosine, OneCycle
from headwater.workers import Local

WRITTEN = """
model: torch.nn:Identity
arguments: {width: 16}
on: {local: {num_workers: 1}}
epochs: 3
optimizer: {sgd: {momentum: 0.9}}
lr: 0.1
schedule: {one_cycle: {warmup_steps: 10}}
clip: null
loss: binary_cross_entropy
"""


def test_a_trainer_loads_from_yaml() -> None:
    assert config.loads(Trainer, WRITTEN) == Trainer(
        "torch.nn:Identity",
        arguments={"width": 16},
        on=Local(1),
        epochs=3,
        optimizer=SGD(momentum=0.9),
        lr=0.1,
        schedule=OneCycle(warmup_steps=10),
        clip=None,
        loss="binary_cross_entropy",
    )


@pytest.mark.parametrize(
    "trainer",
    [
        Trainer("torch.nn:Identity"),
        Trainer("torch.nn:Identity", schedule="cosine", optimizer="sgd", max_steps=3, precision="bf16"),
        config.loads(Trainer, WRITTEN),
    ],
)
def test_what_is_written_reads_back_equal(trainer: Trainer) -> None:
    assert config.loads(Trainer, config.dumps(trainer)) == trainer


def test_bare_words_name_optimizer_and_schedule() -> None:
    trainer = Trainer("m:build", optimizer="adamw", schedule="cosine")
    assert (trainer.optimizer, trainer.schedule) == (AdamW(), Cosine())
    assert config.loads(Trainer, "model: m:build\noptimizer: adamw\nschedule: cosine") == trainer


def test_a_model_given_as_a_class_is_written_by_its_path() -> None:
    assert config.to_tree(Trainer(OneCycle))["model"] == "headwater.trainer.schedule:OneCycle"
    assert config.to_tree(Trainer(lambda: None))["model"].endswith("<lambda>")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lerning_rate: 1", "line 2: unknown key `lerning_rate`"),
        ("optimizer: adamv", r"no `adamv`. Did you mean `adam"),
        ("optimizer: {sgd: {momentun: 1.0}}", "unknown key `optimizer.sgd.momentun`. Did you mean `momentum`"),
        ("schedule: cosin", "no `cosin`. Did you mean `cosine`"),
        ("precision: bf61", "no `bf61`. Did you mean `bf16`"),
        ("epochs: 0", "epochs must be at least 1"),
        ("lr: -0.1", "lr must be positive"),
        ("clip: 0.0", "clip must be positive"),
        ("max_steps: 0", "max_steps must be at least 1"),
        ("epochs: many", "line 2: `epochs`"),
    ],
)
def test_a_wrong_configuration_is_explained(text: str, complaint: str) -> None:
    with pytest.raises((ConfigError, TrainerError), match=complaint):
        config.loads(Trainer, f"model: a:b\n{text}")


@pytest.mark.parametrize("change", [{"optimizer": "adamv"}, {"schedule": "cosin"}])
def test_an_unknown_word_is_explained_in_python_too(change: Any) -> None:
    with pytest.raises(ConfigError, match="Did you mean"):
        Trainer("a:b", **change)


def test_the_schema_shows_every_field() -> None:
    shown = config.schema(Trainer)
    properties = shown["properties"] if "properties" in shown else shown["$defs"]["Trainer"]["properties"]
    assert {"model", "optimizer", "schedule", "on", "precision"} <= set(properties)


def test_the_description_tells_apart_what_trains_differently_and_nothing_else() -> None:
    trainer = Trainer("m:build")
    assert trainer.describe() == Trainer("m:build", on=Local(7), threads=3, schedule="constant").describe()
    assert trainer.describe() != Trainer("m:build", optimizer=AdamW(weight_decay=0.0)).describe()


def test_zero_steps_between_checkpoints_are_refused(batches: Any, net: Any) -> None:
    with pytest.raises(TrainerError, match="every_steps must be at least 1"):
        Trainer(net).fit(batches, every_steps=0)


def test_importing_the_trainer_and_making_one_imports_no_torch_and_no_pydantic() -> None:
    code = (
        "import sys; from headwater import trainer; trainer.Trainer('a.b:c', schedule='cosine', on=None);"
        "print([m for m in ('torch', 'torchmetrics', 'pydantic', 'pandas', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
