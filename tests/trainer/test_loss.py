from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.core.errors import TrainerError
from headwater.trainer import Trainer
from headwater.trainer.loss import probabilities, sample_losses, weighted_mean
from headwater.trainer.tensors import Batch, batch_of

CPU = torch.device("cpu")


def labelled(labels: Any) -> Batch:
    return batch_of({"x": np.zeros(len(labels), np.float32), "label": np.asarray(labels)}, CPU)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.01, 10)), min_size=1, max_size=20))
def test_the_weighted_mean_is_the_sum_by_hand(pairs: list[tuple[float, float]]) -> None:
    losses, weights = (torch.tensor(column) for column in zip(*pairs))
    by_hand = sum(loss * weight for loss, weight in pairs) / sum(weight for _, weight in pairs)
    assert float(weighted_mean(losses, weights)) == pytest.approx(by_hand, rel=1e-4, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_a_weight_of_n_is_a_row_repeated_n_times(counts: list[int]) -> None:
    losses = torch.arange(len(counts), dtype=torch.float32)
    repeated = torch.repeat_interleave(losses, torch.tensor(counts))
    weighted = weighted_mean(losses, torch.tensor(counts, dtype=torch.float32))
    torch.testing.assert_close(weighted, weighted_mean(repeated, None))


def test_no_weights_mean_equal_weights() -> None:
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert float(weighted_mean(losses, None)) == float(weighted_mean(losses, torch.full((3,), 7.0))) == 3.0


def test_losses_are_torchs() -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    classes = labelled([0, 1, 2, 1, 0])
    expected = F.cross_entropy(logits, torch.tensor([0, 1, 2, 1, 0]), reduction="none")
    torch.testing.assert_close(sample_losses("cross_entropy", logits, classes), expected)
    binary = labelled(np.array([0, 1, 1, 0, 1], np.int8))
    expected = F.binary_cross_entropy_with_logits(
        logits[:, 0], torch.tensor([0.0, 1, 1, 0, 1]), reduction="none"
    )
    for shaped in (logits[:, 0], logits[:, :1]):
        torch.testing.assert_close(sample_losses("cross_entropy", shaped, binary), expected)
        torch.testing.assert_close(sample_losses("binary_cross_entropy", shaped, binary), expected)


@pytest.mark.parametrize(
    ("loss", "shape", "labels", "complaint"),
    [
        ("cross_entropy", (3, 2), [0, 1, 2], r"labels run from 0 to 2, but the model has 2 classes"),
        ("cross_entropy", (3, 2), [0, -1, 1], "labels run from -1 to 1"),
        ("cross_entropy", (3,), [0, 1, 2], "labels run from 0 to 2, but one logit a row"),
        ("cross_entropy", (3, 4, 2), [0, 1, 2], r"wants logits of shape \[3, classes\]"),
        ("cross_entropy", (2, 2), [0, 1, 1], r"logits of shape \[2, 2\] for 3 rows"),
        ("cross_entropy", (3, 2), [[0], [1], [1]], r"labels have shape \[3, 1\]"),
        ("binary_cross_entropy", (3, 2), [0, 1, 1], r'wants logits of shape \[3\].*loss="cross_entropy"'),
        ("binary_cross_entropy", (3,), [0, 1, 2], "labels run from 0 to 2"),
        (
            "torch.nn.functional:mse_loss",
            (3,),
            [0.0, 1.0, 2.0],
            r"gave shape \[\] for 3 rows.*'none'",
        ),
    ],
)
def test_shapes_and_labels_that_do_not_fit_are_explained(
    loss: str, shape: tuple[int, ...], labels: Any, complaint: str
) -> None:
    with pytest.raises(TrainerError, match=complaint):
        sample_losses(loss, torch.zeros(shape), labelled(labels))


def absolute(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (logits[:, 0] - labels).abs()


def test_a_loss_of_ones_own_trains(net: Any, batches: Any) -> None:
    checkpoint = Trainer(net, loss=absolute, epochs=5, lr=1e-2).fit(batches)
    assert checkpoint.training.curve[-1].loss < checkpoint.training.curve[0].loss


def test_probabilities_sum_to_one_and_keep_small_ones() -> None:
    said = probabilities(torch.tensor([40.0, -40.0, 0.0]))
    assert said.dtype == np.float32
    assert said[0, 0] == pytest.approx(np.exp(-40), rel=1e-3)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities(torch.zeros(2, 4)), 0.25)


def test_what_a_tensor_cannot_hold_is_left_out_and_the_rest_is_converted() -> None:
    batch = batch_of(
        {
            "double": np.ones(2),
            "short": np.ones(2, np.uint16),
            "swapped": np.array([1, 2], ">i4"),
            "backwards": np.arange(2)[::-1],
            "word": np.array(["a", "b"]),
            "time": np.array(["2013-01-01", "2013-01-02"], "datetime64[us]"),
            "key": np.array([5, 6]),
            "label": np.array([True, False]),
            "weight": np.ones(2),
        },
        CPU,
    )
    dtypes = {name: value.dtype for name, value in batch.features.items()}
    assert dtypes == {
        "double": torch.float32,
        "short": torch.int64,
        "swapped": torch.int32,
        "backwards": torch.int64,
    }
    assert batch.features["swapped"].tolist() == [1, 2]
    assert batch.left_out == ("word", "time")
    assert batch.keys is not None
    assert batch.keys.tolist() == [5, 6]


def test_a_read_only_array_is_copied_not_written_through() -> None:
    column = np.ones(3, np.float32)
    column.setflags(write=False)
    batch = batch_of({"x": column}, CPU)
    batch.features["x"].add_(1)
    assert column.tolist() == [1, 1, 1]


@pytest.mark.parametrize("weight", [[1.0, -1.0], [1.0, np.nan], [[1.0], [1.0]]])
def test_weights_must_be_one_number_a_row_and_not_negative(weight: Any) -> None:
    with pytest.raises(TrainerError, match="column `weight`"):
        batch_of({"x": np.zeros(2), "weight": np.array(weight)}, CPU)


def test_labels_of_text_are_refused_with_a_remedy() -> None:
    with pytest.raises(TrainerError, match="Map them to integers"):
        batch_of({"x": np.zeros(2), "label": np.array(["late", "early"])}, CPU)
