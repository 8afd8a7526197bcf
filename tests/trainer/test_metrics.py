from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.core.errors import ConfigError, TrainerError
from headwater.trainer import Predictions, Trainer, measure, measure_groups
from headwater.trainer.metrics import binary_auroc


def by_pairs(scores: Any, positive: Any) -> float:
    """The definition: wins of positives over negatives, ties half."""
    pairs = [(p, n) for p in scores[positive] for n in scores[~positive]]
    return float(sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_the_share_of_pairs_won(pairs: list[tuple[int, bool]]) -> None:
    scores, positive = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    if positive.all() or not positive.any():
        assert binary_auroc(scores, positive) is None
    else:
        assert binary_auroc(scores, positive) == pytest.approx(by_pairs(scores, positive), abs=1e-12)


def said(probability: Any, labels: Any) -> Predictions:
    late = np.asarray(probability, np.float32)
    table = np.stack((1 - late, late), axis=1)
    return Predictions(np.arange(len(late)), table, np.asarray(labels))


def test_metrics_of_a_known_table() -> None:
    values = measure(said([0.9, 0.8, 0.3, 0.4], [1, 0, 0, 1]))
    assert values["accuracy"] == 0.5
    assert values["auroc"] == 0.75
    assert values["log_loss"] == pytest.approx(-np.log([0.9, 0.2, 0.7, 0.4]).mean(), rel=1e-6)


def test_one_class_has_no_area_and_a_certain_mistake_is_finite() -> None:
    values = measure(said([1.0, 0.5], [0, 0]))
    assert values["auroc"] is None
    assert values["log_loss"] is not None
    assert np.isfinite(values["log_loss"])


def test_nothing_measured_is_none() -> None:
    empty = Predictions(np.empty(0, np.int64), np.empty((0, 2), np.float32))
    assert measure(empty) == {"accuracy": None, "auroc": None, "log_loss": None}


def test_float_labels_count_as_classes() -> None:
    assert measure(said([0.9, 0.2], np.array([1.0, 0.0], np.float32)))["accuracy"] == 1.0


def test_an_unknown_metric_and_missing_labels_are_explained() -> None:
    with pytest.raises(ConfigError, match=r"no metric `auc`\. Did you mean `auroc`"):
        measure(said([0.5], [1]), ("auc",))
    with pytest.raises(TrainerError, match="metrics need labels"):
        measure(Predictions(np.arange(1), np.ones((1, 2), np.float32)))


@pytest.mark.parametrize(("labels", "bad"), [([0, 2], "2"), ([0, -1], "-1"), ([0.0, np.nan], "nan")])
@pytest.mark.parametrize("metric", ["accuracy", "auroc", "log_loss"])
def test_a_label_outside_the_classes_is_named(labels: list[float], bad: str, metric: str) -> None:
    with pytest.raises(TrainerError, match=rf"the label {bad} .* 2 classes(.|\n)*wider"):
        measure(said([0.5, 0.5], labels), (metric,))


def test_groups_are_measured_by_key_and_may_overlap() -> None:
    whole = said([0.9, 0.8, 0.3, 0.4], [1, 0, 0, 1])
    groups = measure_groups(whole, {"all": np.array([3, 1, 0, 2]), "first": np.array([0, 1])})
    assert groups["all"] == measure(whole)
    assert groups["first"]["accuracy"] == 0.5


def test_a_key_without_a_prediction_is_named() -> None:
    with pytest.raises(TrainerError, match="1 of 2 keys have no prediction, the first is 9"):
        said([0.5, 0.5], [0, 1]).of([1, 9])


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_streaming_metrics_agree_with_the_arrays(
    classes: int, net: Any, columns: Callable[..., Any], batches_of: Callable[..., Any]
) -> None:
    batches = batches_of(columns(500, classes=max(classes, 2)), 64)
    trainer = Trainer(net, arguments={"classes": classes}, epochs=2)
    checkpoint = trainer.fit(batches)
    streamed = trainer.evaluate(checkpoint, batches)
    exact = measure(trainer.predict(checkpoint, batches))
    assert streamed == pytest.approx(exact, abs=1e-5)
    binned = trainer.evaluate(checkpoint, batches, ("auroc",), auroc_bins=1000)["auroc"]
    assert binned == pytest.approx(exact["auroc"], abs=5e-3)


def test_streaming_metrics_of_one_class_are_none_without_a_warning(net: Any, batches: Any) -> None:
    trainer = Trainer(net)
    checkpoint = trainer.fit(batches)
    single = [{**batch, "label": np.zeros_like(batch["label"])} for batch in batches]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = trainer.evaluate(checkpoint, single)
    assert values["auroc"] is None
    assert values["accuracy"] is not None
    assert trainer.evaluate(checkpoint, []) == {"accuracy": None, "auroc": None, "log_loss": None}


_METRIC = """
from torchmetrics.classification import MulticlassF1Score

def f1():
    return MulticlassF1Score(num_classes=2, average="micro")
"""


def test_a_torchmetrics_metric_is_named_by_import_path(
    net: Any, batches: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_metric.py").write_text(_METRIC)
    monkeypatch.syspath_prepend(str(tmp_path))
    trainer = Trainer(net)
    checkpoint = trainer.fit(batches)
    values = trainer.evaluate(checkpoint, batches, ("accuracy", "my_metric:f1"))
    assert values["my_metric:f1"] == values["accuracy"]  # which they are, for the micro average
    with pytest.raises(ConfigError, match="no metric `accurcy`"):
        trainer.evaluate(checkpoint, batches, ("accurcy",))
    with pytest.raises(TrainerError, match=r"not a torchmetrics\.Metric"):
        trainer.evaluate(checkpoint, batches, ("builtins:dict",))
