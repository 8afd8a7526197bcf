from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from headwater.core.errors import TrainerError
from headwater.core.scorer import Scorer
from headwater.core.source import Source
from headwater.trainer import Checkpoint, Trainer, scorer


class Flow:
    """Shuffles rows and cuts them into small batches; counts how often it ran."""

    def __init__(self, drop: str | None = None, keep_rows: float = 1.0) -> None:
        self.runs = 0
        self.sizes: list[int] = []
        self._drop = drop
        self._keep_rows = keep_rows

    def __call__(self, source: Source) -> list[dict[str, Any]]:
        self.runs += 1
        keys = np.random.default_rng(0).permutation(source.keys())
        self.sizes.append(len(keys))
        keys = keys[: int(len(keys) * self._keep_rows)]
        cuts = [keys[at : at + 7] for at in range(0, len(keys), 7)]
        return [{k: v for k, v in source.read(part).items() if k != self._drop} for part in cuts]


@pytest.fixture
def source(rows: Any, columns: Callable[..., Any]) -> Any:
    return rows(columns(100))


@pytest.fixture
def trainer(net: Any) -> Trainer:
    return Trainer(net, epochs=2, lr=1e-2)


@pytest.fixture
def checkpoint(trainer: Trainer, batches: Any) -> Checkpoint:
    return trainer.fit(batches)


def test_rows_come_back_in_the_order_of_the_keys_though_the_flow_shuffles(
    trainer: Trainer, checkpoint: Checkpoint, source: Any
) -> None:
    made = trainer.scorer(checkpoint, source, Flow())
    assert isinstance(made, Scorer)
    keys = np.array([30, 3, 297, 3, 0])
    said = trainer.predict(checkpoint, [source.read(keys)])
    np.testing.assert_allclose(made.probabilities(keys), said.probabilities, rtol=1e-6)
    assert made.losses(keys).tolist() == pytest.approx(said.losses)
    assert made.probabilities(keys).dtype == np.float32
    np.testing.assert_allclose(made.probabilities(keys).sum(axis=1), 1, rtol=1e-6)


def test_embeddings_are_the_input_of_the_last_linear(
    trainer: Trainer, checkpoint: Checkpoint, source: Any
) -> None:
    keys = np.array([9, 0, 60])
    found = trainer.scorer(checkpoint, source, Flow()).embeddings(keys)
    x = torch.from_numpy(source.read(keys)["x"])
    hidden = torch.relu(x @ checkpoint.model["body.weight"].T + checkpoint.model["body.bias"])
    np.testing.assert_allclose(found, hidden.numpy(), rtol=1e-5, atol=1e-6)


class Embedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Linear(4, 1)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.only(self.embed(batch)).squeeze(-1)
        return logits

    def embed(self, batch: dict[str, Tensor]) -> Tensor:
        return batch["x"] * 2


def test_a_model_may_say_itself_what_its_embeddings_are(source: Any, batches: Any) -> None:
    trainer = Trainer(Embedding)
    made = trainer.scorer(trainer.fit(batches), source, Flow())
    np.testing.assert_allclose(made.embeddings(np.array([3, 6])), source.columns["x"][1:3] * 2)
    assert made.probabilities(np.array([3])).shape == (1, 2)


class Bare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(4, 2))

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        return batch["x"] @ self.table


def test_a_model_without_a_linear_layer_is_asked_for_embed(source: Any, batches: Any) -> None:
    trainer = Trainer(Bare)
    with pytest.raises(TrainerError, match=r"Give the model a method embed\(batch\)"):
        trainer.scorer(trainer.fit(batches), source, Flow()).embeddings(np.array([3]))


def test_answers_are_kept_by_key_set(trainer: Trainer, checkpoint: Checkpoint, source: Any) -> None:
    flow = Flow()
    made = trainer.scorer(checkpoint, source, flow)
    keys = np.array([3, 6, 9])
    made.embeddings(keys)
    made.embeddings(keys[::-1])
    made.probabilities(keys)
    assert flow.runs == 1
    made.embeddings(np.array([3, 6]))
    assert flow.runs == 2


def test_many_keys_are_scored_in_chunks_and_the_cache_is_bounded(
    trainer: Trainer, checkpoint: Checkpoint, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer.scorer(checkpoint, source, Flow()).embeddings(source.keys())
    monkeypatch.setattr(scorer, "_CHUNK", 30)
    monkeypatch.setattr(scorer, "_CACHE_BYTES", 1)
    flow = Flow()
    made = trainer.scorer(checkpoint, source, flow)
    np.testing.assert_allclose(made.embeddings(source.keys()), whole, rtol=1e-5, atol=1e-6)
    assert flow.sizes == [30, 30, 30, 10]
    made.probabilities(np.array([3]))
    made.embeddings(source.keys())
    assert len(flow.sizes) == 9


def test_no_keys_give_no_rows(trainer: Trainer, checkpoint: Checkpoint, source: Any) -> None:
    made = trainer.scorer(checkpoint, source, Flow())
    none = np.empty(0, np.int64)
    assert made.probabilities(none).shape == (0, 2)
    assert (len(made.embeddings(none)), len(made.losses(none))) == (0, 0)


def test_a_flow_that_loses_rows_or_keys_is_explained(
    trainer: Trainer, checkpoint: Checkpoint, source: Any
) -> None:
    with pytest.raises(TrainerError, match="no row for 50 of 100 keys"):
        trainer.scorer(checkpoint, source, Flow(keep_rows=0.5)).probabilities(source.keys())
    with pytest.raises(TrainerError, match="batches carry no `key`"):
        trainer.scorer(checkpoint, source, Flow(drop="key")).probabilities(source.keys())


def test_labels_are_needed_for_losses_only(trainer: Trainer, checkpoint: Checkpoint, source: Any) -> None:
    made = trainer.scorer(checkpoint, source, Flow(drop="label"))
    keys = np.array([3, 6])
    assert made.embeddings(keys).shape == (2, 8)
    assert made.probabilities(keys).shape == (2, 2)
    with pytest.raises(TrainerError, match="no column `label`"):
        made.losses(keys)


def test_the_digest_is_the_models(trainer: Trainer, checkpoint: Checkpoint, source: Any, batches: Any) -> None:
    made = trainer.scorer(checkpoint, source, Flow())
    assert made.digest == trainer.scorer(checkpoint.without_optimizer(), source, Flow()).digest
    other = trainer.fit(batches, start=checkpoint)
    assert made.digest != trainer.scorer(other, source, Flow()).digest


def test_scoring_leaves_torchs_random_numbers_as_they_were(
    trainer: Trainer, checkpoint: Checkpoint, source: Any
) -> None:
    before = torch.get_rng_state()
    trainer.scorer(checkpoint, source, Flow()).embeddings(source.keys())
    assert torch.equal(before, torch.get_rng_state())


def test_predictions_do_not_depend_on_how_rows_are_cut(
    trainer: Trainer, checkpoint: Checkpoint, source: Any, batches_of: Callable[..., Any]
) -> None:
    small = trainer.predict(checkpoint, batches_of(source.columns, 7))
    large = trainer.predict(checkpoint, [source.columns])
    np.testing.assert_allclose(small.probabilities, large.probabilities, rtol=1e-6)
    assert small.keys.tolist() == large.keys.tolist()
    assert small.labels is not None
    assert small.labels.tolist() == source.columns["label"].tolist()


def test_several_models_share_one_pass(trainer: Trainer, checkpoint: Checkpoint, batches: Any) -> None:
    class Once:
        def __iter__(self) -> Iterator[Any]:
            passes.append(1)
            return iter(batches)

    passes: list[int] = []
    other = trainer.fit(batches, start=checkpoint)
    both = trainer.predict_each([checkpoint, other], Once())
    assert passes == [1]
    for said, model in zip(both, (checkpoint, other)):
        np.testing.assert_array_equal(said.probabilities, trainer.predict(model, batches).probabilities)
    assert trainer.predict_each([], batches) == []


def test_predictions_work_without_keys_and_labels(
    trainer: Trainer, checkpoint: Checkpoint, batches: Any
) -> None:
    said = trainer.predict(checkpoint, [{"x": batch["x"]} for batch in batches])
    assert said.keys.tolist() == list(range(320))
    assert said.labels is None
    assert said.losses is None
    assert len(trainer.predict(checkpoint, [])) == 0
