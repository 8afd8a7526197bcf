from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from headwater.core.clock import FakeClock
from headwater.core.errors import ConfigError, TrainerError
from headwater.core.meter import Meter
from headwater.trainer import Checkpoint, Step, Trainer
from headwater.trainer.fit import train
from headwater.trainer.job import Job
from headwater.trainer.optimizer import SGD


class Exploding(nn.Module):
    """Its loss is finite on ordinary rows and not a number on a row of NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Linear(4, 2)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.only(batch["x"])
        return logits


class Shuffled:
    """A dataset that knows orders: `with_seed` gives one."""

    def __init__(self, batches: list[Any], seed: int = 0, asked: list[int] | None = None) -> None:
        self.batches = batches
        self.asked: list[int] = [] if asked is None else asked
        self._seed = seed

    def with_seed(self, seed: int) -> Shuffled:
        self.asked.append(seed)
        return Shuffled(self.batches, seed, self.asked)

    def __iter__(self) -> Iterator[Any]:
        order = np.random.default_rng(self._seed).permutation(len(self.batches))
        return (self.batches[i] for i in order)


def test_the_same_seed_and_batches_give_bit_identical_checkpoints(net: Any, batches: Any) -> None:
    trainer = Trainer(net, epochs=2, lr=1e-2)
    first, second, other = (trainer.fit(batches, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.digest != other.digest


def test_training_learns(net: Any, batches: Any) -> None:
    facts = Trainer(net, epochs=10, lr=1e-2).fit(batches).training
    assert facts.curve[-1].loss < 0.5 * facts.curve[0].loss


def test_a_fit_leaves_torchs_random_numbers_as_they_were(net: Any, batches: Any) -> None:
    before = torch.get_rng_state()
    Trainer(net).fit(batches)
    assert torch.equal(before, torch.get_rng_state())


def test_two_fits_on_two_threads_give_what_each_gives_alone(net: Any, batches: Any) -> None:
    trainer = Trainer(net, epochs=3)
    alone = [trainer.fit(batches, seed=seed).digest for seed in (1, 2)]
    together: dict[int, str] = {}

    def fit(seed: int) -> None:
        together[seed] = trainer.fit(batches, seed=seed).digest

    threads = [threading.Thread(target=fit, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[1], together[2]] == alone


def test_each_epoch_asks_the_dataset_for_another_order(net: Any, batches: Any) -> None:
    dataset = Shuffled(batches)
    Trainer(net, epochs=3).fit(dataset, seed=5)
    assert len(set(dataset.asked)) == 3


def test_a_warm_start_goes_on_from_the_weights_and_the_optimizers_state(net: Any, batches: Any) -> None:
    whole = Trainer(lambda: net(dropout=0.0), epochs=2).fit(batches)
    half = Trainer(lambda: net(dropout=0.0)).fit(batches)
    assert Trainer(lambda: net(dropout=0.0)).fit(batches, start=half).digest == whole.digest


def test_the_optimizers_state_can_be_left_behind(net: Any, batches: Any) -> None:
    start = Trainer(net).fit(batches)
    fresh = Trainer(net, keep_optimizer=False).fit(batches, start=start)
    assert fresh == Trainer(net).fit(batches, start=start.without_optimizer())
    assert fresh != Trainer(net).fit(batches, start=start)


def test_the_state_of_another_optimizer_is_refused(net: Any, batches: Any) -> None:
    start = Trainer(net, optimizer=SGD(momentum=0.9)).fit(batches)
    with pytest.raises(TrainerError, match=r"'sgd', but the optimizer is 'adamw'.*keep_optimizer=False"):
        Trainer(net).fit(batches, start=start)


def test_weights_of_another_model_are_named(net: Any, batches: Any) -> None:
    start = Trainer(net).fit(batches)
    with pytest.raises(
        TrainerError, match=r"`head.weight` is \[2, 8\] in the checkpoint, \[3, 8\] in the model"
    ):
        Trainer(net, arguments={"classes": 3}).fit(batches, start=start)
    lacking = Checkpoint({"body.weight": start.model["body.weight"], "tail": torch.zeros(1)})
    with pytest.raises(TrainerError, match=r"`body.bias` is missing.*`tail` is not in the model"):
        Trainer(net).fit(batches, start=lacking)


@settings(max_examples=20, deadline=None)
@given(weights=st.lists(st.floats(0.01, 100), min_size=3, max_size=3), lr=st.floats(1e-3, 1e-1))
def test_a_weighted_step_is_the_gradient_of_the_weighted_mean(weights: list[float], lr: float) -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4) / 10
    labels = np.array([0, 1, 1])
    batch = {"x": x, "label": labels, "weight": np.array(weights, np.float32)}
    trainer = Trainer(Exploding, optimizer="sgd", lr=lr, clip=None)
    start = Checkpoint({"only.weight": torch.full((2, 4), 0.1), "only.bias": torch.zeros(2)})

    weight = start.model["only.weight"].clone().requires_grad_()
    logits = torch.from_numpy(x) @ weight.T
    each = [-torch.log_softmax(logits[i], 0)[labels[i]] * weights[i] for i in range(3)]
    (torch.stack(each).sum() / sum(weights)).backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    by_hand = start.model["only.weight"] - lr * weight.grad

    trained = trainer.fit([batch], start=start)
    torch.testing.assert_close(trained.model["only.weight"], by_hand, rtol=1e-5, atol=1e-6)


def test_rows_that_weigh_nothing_do_not_move_the_weights(net: Any, batches: Any) -> None:
    start = Trainer(net).fit(batches).without_optimizer()
    silent = [{**batches[0], "weight": np.zeros(32, np.float32)}]
    assert Trainer(net, optimizer="sgd").fit(silent, start=start).model_digest == start.model_digest


def test_gradients_are_clipped_to_the_norm(batches: Any) -> None:
    start = Checkpoint({"only.weight": torch.zeros(2, 4), "only.bias": torch.zeros(2)})
    huge = [{**batches[0], "x": batches[0]["x"] * 1e4}]
    trained = Trainer(Exploding, optimizer="sgd", lr=1.0, clip=0.5).fit(huge, start=start)
    moved = torch.cat([value.reshape(-1) for value in trained.model.values()])
    assert float(moved.norm()) == pytest.approx(0.5, rel=1e-4)


def test_steps_are_reported_with_the_scheduled_rate(net: Any, batches: Any) -> None:
    seen: list[Step] = []
    Trainer(net, epochs=2, lr=0.1, schedule="linear").fit(batches, on_step=seen.append)
    assert [step.step for step in seen] == list(range(1, 21))
    assert [step.lr for step in seen] == pytest.approx([0.1 * (20 - i) / 20 for i in range(20)])
    assert {step.num_steps for step in seen} == {20}
    assert (seen[-1].epoch, seen[-1].samples) == (1, 640)


def test_a_schedule_without_a_known_length_is_an_error(net: Any, batches: Any) -> None:
    with pytest.raises(TrainerError, match=r"'cosine' needs the number of steps.*max_steps"):
        Trainer(net, schedule="cosine").fit(Shuffled(batches))
    assert Trainer(net, schedule="cosine", max_steps=4).fit(Shuffled(batches)).training.steps == 4


def test_max_steps_ends_the_training_inside_an_epoch(net: Any, batches: Any) -> None:
    facts = Trainer(net, epochs=5, max_steps=13).fit(batches).training
    assert (facts.steps, facts.samples) == (13, 13 * 32)


def test_a_loss_that_is_no_number_names_step_rate_and_remedy(batches: Any) -> None:
    batches[6] = {**batches[6], "x": np.full((32, 4), np.nan, np.float32)}
    with pytest.raises(TrainerError, match=r"loss became nan at step 7 \(learning rate 0.01\).*clip=1.0"):
        Trainer(Exploding, lr=1e-2).fit(batches)


def test_weights_that_are_no_numbers_are_refused_though_the_loss_was_one(batches: Any) -> None:
    extreme = [{**batches[0], "x": np.full((32, 4), 3e38, np.float32)}]
    start = Checkpoint({"only.weight": torch.zeros(2, 4), "only.bias": torch.zeros(2)})
    with pytest.raises(TrainerError, match="weights are no longer finite after step 1"):
        Trainer(Exploding, optimizer="sgd", lr=1e3, clip=None).fit(extreme, start=start)


def test_no_batch_at_all_is_an_error(net: Any) -> None:
    with pytest.raises(TrainerError, match="gave no batch"):
        Trainer(net).fit([])


def test_empty_batches_are_passed_over(net: Any, batches: Any) -> None:
    empty = {name: values[:0] for name, values in batches[0].items()}
    assert Trainer(net).fit([empty, batches[0]]) == Trainer(net).fit([batches[0]])


def test_a_missing_label_is_named_with_what_is_there(net: Any, batches: Any) -> None:
    unlabelled = [{name: values for name, values in batches[0].items() if name != "label"}]
    with pytest.raises(TrainerError, match=r"no column `label`; it has x: float32\[32, 4\]"):
        Trainer(net).fit(unlabelled)


def test_a_missing_column_is_named_with_what_was_left_out(net: Any, batches: Any) -> None:
    words = [{"words": np.array(["a"] * 32), "y": batches[0]["x"], "label": batches[0]["label"]}]
    with pytest.raises(TrainerError, match=r"asks for column 'x'.*\(no tensors: words\)"):
        Trainer(net).fit(words)


def test_a_wrong_shape_inside_the_model_says_which_batch(net: Any, batches: Any) -> None:
    narrow = [{**batches[0], "x": batches[0]["x"][:, :3]}]
    with pytest.raises(RuntimeError, match="shapes") as caught:
        Trainer(net).fit(narrow)
    assert "x: float32[32, 3]" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("factory", "arguments", "complaint"),
    [
        (lambda: "no model", {}, "returned a str, not a torch.nn.Module"),
        (lambda: Exploding(), {"width": 3}, r"cannot be called with \['width'\]"),
    ],
)
def test_a_bad_factory_is_named(
    factory: Callable[..., Any], arguments: Any, complaint: str, batches: Any
) -> None:
    with pytest.raises(TrainerError, match=complaint):
        Trainer(factory, arguments=arguments).fit(batches)


def test_a_missing_import_path_is_a_configuration_error(batches: Any) -> None:
    with pytest.raises(ConfigError, match="no module 'nowhere'"):
        Trainer("nowhere.at.all:build").fit(batches)


def test_frozen_parameters_stay_and_nothing_to_train_is_an_error(net: Any, batches: Any) -> None:
    def half_frozen() -> nn.Module:
        model: nn.Module = net()
        model.body.requires_grad_(False)
        return model

    before = Trainer(half_frozen, max_steps=1).fit(batches)
    after = Trainer(half_frozen).fit(batches, start=before)
    assert torch.equal(before.model["body.weight"], after.model["body.weight"])
    assert not torch.equal(before.model["head.weight"], after.model["head.weight"])
    with pytest.raises(TrainerError, match="no parameter of the model can be trained"):
        Trainer(lambda: net().requires_grad_(False)).fit(batches)


def test_seconds_are_split_into_setting_up_and_waiting_for_data(net: Any, batches: Any) -> None:
    clock = FakeClock()

    def slow() -> Iterator[Any]:
        for batch in batches:
            clock.advance(2.0)
            yield batch

    class Slow:
        def __iter__(self) -> Iterator[Any]:
            return slow()

    facts = train(Job(trainer=Trainer(net), dataset=Slow()), clock=clock).training
    assert (facts.seconds, facts.setup_s, facts.data_s) == (20.0, 2.0, 20.0)
    assert facts.samples_per_s == pytest.approx(288 / 18)
    assert facts.bound_by == "data"


def test_a_meter_gets_a_span_and_counters(net: Any, batches: Any) -> None:
    meter = Meter()
    Trainer(net).fit(batches, meter=meter)
    shown = meter.to_json()
    assert shown["counters"] == {"trainer.samples": 320.0, "trainer.steps": 10.0}
    assert shown["seconds"]["trainer.fit"] > 0


def test_bfloat16_on_a_cpu_trains_when_asked_for(net: Any, batches: Any) -> None:
    checkpoint = Trainer(net, precision="bf16", device="cpu").fit(batches)
    assert checkpoint.training.precision == "bf16"
    assert checkpoint.model["body.weight"].dtype == torch.float32
    assert checkpoint != Trainer(net, precision="fp32", device="cpu").fit(batches)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"precision": "fp16", "device": "cpu"}, "needs a GPU"),
        ({"device": "toaster"}, "no device 'toaster'"),
    ],
)
def test_what_the_machine_lacks_is_said(net: Any, batches: Any, change: Any, complaint: str) -> None:
    with pytest.raises(TrainerError, match=complaint):
        Trainer(net, **change).fit(batches)


def test_the_number_of_threads_is_put_back(net: Any, batches: Any) -> None:
    before = torch.get_num_threads()
    assert Trainer(net, threads=before + 1).fit(batches).training.threads == before + 1
    assert torch.get_num_threads() == before
