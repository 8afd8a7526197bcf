"""Golden numbers follow from the hand-made predictions; they change only if the definition of a metric does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from headwater.core.errors import ConfigError, LoopError
from headwater.core.spec import Block
from headwater.loop.comparison import Comparison, compare
from headwater.loop.results import Results

Made = Callable[..., Results]

TIMES = [f"2013-01-0{day}T12" for day in (1, 2, 3, 4)] + [f"2013-01-{day}T12" for day in ("08", "09", "10", 11)]
LABELS = [0, 0, 1, 1, 0, 1, 0, 1]
OURS = [0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.1, 0.7]
THEIRS = [0.1, 0.2, 0.8, 0.9, 0.6, 0.4, 0.1, 0.9]


@pytest.fixture
def index(made_index: Callable[..., Block]) -> Block:
    return made_index(TIMES, LABELS)


def two(made_run: Made, index: Block) -> Comparison:
    ours = {"at": "2013-01-01", "keys": range(4), "probabilities": OURS[:4], "num_trained": 30}
    more = {"at": "2013-01-08", "keys": range(4, 8), "probabilities": OURS[4:], "num_trained": 20}
    theirs = {"at": "2013-01-01", "keys": range(8), "probabilities": THEIRS, "num_trained": 200}
    runs = [made_run("drift", [ours, more]), made_run("monthly", [theirs])]
    return compare(runs, index)


def test_golden_metrics_by_interval(made_run: Made, index: Block) -> None:
    found = two(made_run, index)
    assert found["drift"].values["auroc"].tolist() == [0.75, 1.0]
    assert found["monthly"].values["auroc"].tolist() == [1.0, 0.75]
    assert found["drift"].values["accuracy"].tolist() == [0.75, 1.0]
    assert found["monthly"].values["accuracy"].tolist() == [1.0, 0.5]
    first = -np.log([0.9, 0.6, 0.35, 0.8]).mean()
    assert found["drift"].values["log_loss"][0] == pytest.approx(first, abs=1e-6)


def test_the_mean_is_over_intervals_and_the_pooled_value_over_samples(made_run: Made, index: Block) -> None:
    found = two(made_run, index)
    assert found.mean("drift", "auroc") == 0.875
    assert found["drift"].pooled["auroc"] == 15 / 16
    assert found.difference("drift", "monthly", "accuracy").gain == pytest.approx(0.125)


def test_a_lower_log_loss_is_a_gain(made_run: Made, index: Block) -> None:
    found = two(made_run, index)
    gain = found.mean("monthly", "log_loss") - found.mean("drift", "log_loss")
    assert found.difference("drift", "monthly", "log_loss").gain == pytest.approx(gain)


def test_costs_are_added_up_over_rounds(made_run: Made, index: Block) -> None:
    costs = two(made_run, index)["drift"].costs
    assert (costs.num_rounds, costs.num_models, costs.num_trained) == (2, 2, 50)
    assert (costs.stored_bytes, costs.full_bytes) == (800, 2_000)
    assert costs.training_s == pytest.approx(2.0)
    assert costs.total_s == pytest.approx(2 * (0.1 + 0.2 + 1.0 + 0.3 + 0.4) + 0.5)


def test_only_samples_that_all_runs_predicted_count(made_run: Made, index: Block) -> None:
    whole = {"at": "2013-01-01", "keys": range(8), "probabilities": OURS}
    late = {"at": "2013-01-08", "keys": range(4, 8), "probabilities": THEIRS[4:]}
    found = compare([made_run("a", [whole]), made_run("b", [late])], index)
    assert (found.num_common, found.num_any) == (4, 8)
    assert found["a"].values["auroc"].tolist() == [1.0]
    assert found.intervals.starts.astype("datetime64[D]").astype(str).tolist() == ["2013-01-08"]


def test_the_order_of_predictions_does_not_matter(made_run: Made, index: Block) -> None:
    order = np.random.default_rng(3).permutation(8)
    mixed = {"at": "2013-01-01", "keys": order, "probabilities": np.array(OURS)[order]}
    plain = {"at": "2013-01-01", "keys": range(8), "probabilities": OURS}
    found = compare([made_run("a", [mixed]), made_run("b", [plain])], index)
    assert found["a"].values["log_loss"].tolist() == found["b"].values["log_loss"].tolist()


def test_samples_deleted_since_are_left_out(made_run: Made, index: Block) -> None:
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    rest = {name: column[3:] for name, column in index.items()}
    found = compare([run], rest)
    assert found.num_common == 5


def test_an_index_in_the_order_of_event_time_needs_no_keys_in_order(made_run: Made, index: Block) -> None:
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    back = {name: column[::-1] for name, column in index.items()}
    assert compare([run], back)["a"].values["auroc"].tolist() == [0.75, 1.0]


def test_an_interval_of_one_class_has_no_auc_and_stays_out_of_its_mean(
    made_run: Made, made_index: Callable[..., Block]
) -> None:
    index = made_index(TIMES, [0, 0, 1, 1, 1, 1, 1, 1])
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    found = compare([run], index)
    assert found["a"].values["auroc"][0] == 0.75
    assert math.isnan(found["a"].values["auroc"][1])
    assert found.mean("a", "auroc") == 0.75
    assert found.to_json()["runs"][0]["values"]["auroc"] == [0.75, None]


def test_without_any_auc_the_headline_is_another_metric(
    made_run: Made, made_index: Callable[..., Block]
) -> None:
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    assert compare([run], made_index(TIMES, [0] * 8)).headline == "accuracy"


def test_a_stub_of_an_interval_does_not_weigh_as_much_as_a_whole_one(
    made_run: Made, made_index: Callable[..., Block]
) -> None:
    days = np.repeat(np.arange(15), [12] * 14 + [2])
    index = made_index(np.datetime64("2013-01-01") + days, np.arange(days.size) % 2)
    run = made_run("a", [{"at": "2013-01-01", "keys": range(days.size), "probabilities": [0.4] * days.size}])
    found = compare([run], index)
    assert found.intervals.num_samples.tolist() == [84, 84, 2]
    assert found.counted.tolist() == [True, True, False]


def test_models_have_an_age_from_their_trigger_on(made_run: Made, index: Block) -> None:
    found = two(made_run, index)
    at = np.array(["2012-12-31", "2013-01-03", "2013-01-08", "2013-01-10"], "datetime64[us]")
    np.testing.assert_array_equal(found["drift"].model_age(at), [np.nan, 2, 0, 2])


def test_a_run_without_predictions_is_listed_and_does_not_empty_the_comparison(
    made_run: Made, index: Block
) -> None:
    judged = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    fresh = made_run("b", [], finished=False)
    found = compare([judged, fresh], index)
    assert found.unjudged == ("b",)
    assert found.num_common == 8
    assert math.isnan(found.mean("b", "auroc"))


def test_no_runs_at_all_compare_to_nothing(index: Block) -> None:
    found = compare([], index)
    assert (found.num_common, found.runs) == (0, ())
    assert found.headline == "accuracy"


def test_more_than_two_classes(made_run: Made, made_index: Callable[..., Block]) -> None:
    said = np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 0]] * 0.8 + 0.1
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": said / said.sum(1)[:, None]}])
    found = compare([run], made_index(TIMES, [0, 1, 2, 0, 1, 2, 0, 1]))
    assert found["a"].pooled["accuracy"] == 7 / 8


def test_two_runs_of_one_name_are_refused(made_run: Made, index: Block) -> None:
    runs = [made_run("x/a"), made_run("y/a")]
    with pytest.raises(LoopError, match="two runs are called 'a'"):
        compare(runs, index)


def test_an_unknown_name_is_answered_with_the_nearest(made_run: Made, index: Block) -> None:
    with pytest.raises(LoopError, match="Did you mean"):
        two(made_run, index)["montly"]


def test_an_unknown_metric_is_refused(made_run: Made, index: Block) -> None:
    run = made_run("a", [{"at": "2013-01-01", "keys": range(8), "probabilities": OURS}])
    with pytest.raises(ConfigError, match="auroc"):
        compare([run], index, metrics=("aurocc",))


def test_the_json_form_has_no_nan(made_run: Made, index: Block) -> None:
    told = two(made_run, index).to_json()
    json.dumps(told, allow_nan=False)
    assert told["runs"][0]["mean"]["auroc"] == 0.875
