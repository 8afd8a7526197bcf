"""Drift: when it is silent, when it fires, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from headwater.core.errors import TriggersError
from headwater.core.key import Keys
from headwater.triggers import (
    AmountWindow,
    Arrivals,
    Drift,
    Quantile,
    Rolling,
    TimeWindow,
    View,
    Warmup,
    replay,
)
from headwater.triggers.amount import Amount

Steady = Callable[[int], Arrivals]
Scorers = Callable[..., Any]
Metric = Literal["mmd", "ks", "hellinger"]

# Above the noise of windows of 500 and 250 samples of two features, far below a shift by three widths.
METRICS: list[tuple[Metric, float]] = [("mmd", 0.05), ("ks", 0.2), ("hellinger", 0.3)]


@pytest.mark.parametrize(("metric", "above"), METRICS)
def test_drift_is_silent_on_equal_windows(
    metric: Metric, above: float, steady: Steady, scorer: Scorers
) -> None:
    policy = Drift(metric, above=above, every=250, window=AmountWindow(500, 250))
    done = replay(policy, steady(5_000), view=View(scorer=scorer()))
    assert [fired.position for fired in done.fired] == [250], "the first evaluation has nothing to compare with"
    assert len(done.readings) == 5_000 // 250 - 1
    assert not any(reading.fired for reading in done.readings)


@pytest.mark.parametrize(("metric", "above"), METRICS)
def test_drift_fires_at_the_first_evaluation_after_a_shift(
    metric: Metric, above: float, steady: Steady, scorer: Scorers
) -> None:
    policy = Drift(metric, above=above, every=250, window=AmountWindow(250, 250))
    done = replay(policy, steady(5_000), view=View(scorer=scorer(shift_from=2_000)))
    assert [fired.position for fired in done.fired] == [250, 2_250]
    fired = [reading for reading in done.readings if reading.fired]
    assert [reading.at for reading in fired] == [steady(5_000).times[2_249]]
    assert fired[0].threshold == above
    assert metric in done.fired[1].trigger.reason


@pytest.mark.parametrize("on", ["embeddings", "probabilities", "features"])
def test_without_a_model_every_evaluation_fires(
    on: Literal["embeddings", "probabilities", "features"], steady: Steady
) -> None:
    done = replay(Drift("ks", above=0.2, every=100, on=on), steady(350))
    assert [fired.position for fired in done.fired] == [100, 200, 300]
    assert done.fired[0].trigger.reason == "there is no model yet"
    assert done.readings == ()


def test_features_are_compared_without_asking_the_model(steady: Steady, scorer: Scorers) -> None:
    model, data = scorer(), scorer(shift_from=600)
    policy = Drift("ks", above=0.5, every=200, window=AmountWindow(200, 200), on="features")
    done = replay(policy, steady(1_000), view=View(scorer=model, features=data.embeddings))
    assert [fired.position for fired in done.fired] == [200, 800]
    assert model.asked == []


def test_features_that_the_view_does_not_have_are_an_error(steady: Steady, scorer: Scorers) -> None:
    with pytest.raises(TriggersError, match=r"Pass View\(features"):
        replay(Drift(above=0.1, every=10, on="features"), steady(100), view=View(scorer=scorer()))


def test_embeddings_that_are_not_finite_are_an_error(steady: Steady, scorer: Scorers) -> None:
    class Diverged(scorer):  # type: ignore[misc, valid-type]
        def embeddings(self, keys: Keys) -> Any:
            return super().embeddings(keys) * np.float32(np.nan)

    with pytest.raises(TriggersError, match="training diverged"):
        replay(Drift(above=0.1, every=10), steady(100), view=View(scorer=Diverged()))


def test_at_most_sample_size_of_either_window_is_embedded(steady: Steady, scorer: Scorers) -> None:
    model = scorer()
    policy = Drift("ks", above=2.0, every=400, window=AmountWindow(400, 300), sample_size=50)
    replay(policy, steady(4_000), view=View(scorer=model))
    assert {len(keys) for keys in model.asked} == {50}
    reference, current = model.asked[0], model.asked[1]
    assert reference.max() < 400 <= current.min(), "the windows, and without replacement:"
    assert len(np.unique(reference)) == len(np.unique(current)) == 50


def test_the_reference_is_drawn_once_and_the_current_window_anew(steady: Steady, scorer: Scorers) -> None:
    model = scorer()
    policy = Drift("ks", above=2.0, every=10, window=AmountWindow(400, 300), sample_size=5)
    replay(policy, steady(1_000), view=View(scorer=model))
    references = {tuple(keys) for keys in model.asked[::2]}
    assert len(references) == 1, "so a scorer that caches by key embeds it once"
    assert len({tuple(keys) for keys in model.asked[1::2]}) > 50


def test_the_draw_depends_on_the_seed_alone(steady: Steady, scorer: Scorers) -> None:
    policy = Drift("ks", above=2.0, every=100, sample_size=20)
    views = [View(scorer=scorer()) for _ in range(3)]
    same, again = (replay(policy, steady(900), view=view).readings for view in views[:2])
    other = replay(replace(policy, seed=1), steady(900), view=views[2]).readings
    assert same == again != other


def test_a_window_of_one_sample_is_refilled_instead_of_compared(scorer: Scorers) -> None:
    # Ten samples an hour apart, and a reference of half an hour: it holds one sample at a time.
    arrivals = Arrivals.of(range(10), np.arange(10) * np.timedelta64(1, "h") + np.datetime64("2013-01-01"))
    policy = Drift("ks", above=0.0, every=1, window=TimeWindow("30m", "5h"))
    done = replay(policy, arrivals, view=View(scorer=scorer()))
    assert [fired.position for fired in done.fired] == [1]
    assert done.readings == ()


def test_warm_up_calibrates_on_its_references_against_the_window_that_ends_it(
    steady: Steady, scorer: Scorers
) -> None:
    """Modyn's way: a column of the distance matrix, by the model of the day, instead of its diagonal."""
    window = AmountWindow(100, 100)
    policy = Warmup(
        Drift("ks", threshold=Quantile(0.25, past=8), every=100, window=window),
        evaluations=4,
        meanwhile=Amount(400),
    )
    model = scorer(shift_from=400)
    done = replay(policy, steady(500), after=lambda *_: View(scorer=model))
    assert [fired.position for fired in done.fired] == [400]
    (reading,) = done.readings
    # The references of warm-up hold 0-99, 100-199 and 200-299: the first evaluation had none.
    asked = [(int(keys.min()), int(keys.max())) for keys in model.asked]
    current, reference = (400, 499), (300, 399)
    assert asked == [(0, 99), current, (100, 199), current, (200, 299), current, reference, current]
    assert reading.threshold == 1.0, "all of them lie before the shift, so none is unusual"
    assert (reading.distance, reading.fired) == (1.0, False)
    drift = policy.dump(done.state)["warmup"]["policy"]["drift"]
    assert drift["references"] == []
    assert drift["history"] == [1.0] * 4


def test_without_warm_up_a_threshold_with_a_past_fires_once_to_begin_it(
    steady: Steady, scorer: Scorers
) -> None:
    policy = Drift("ks", threshold=Rolling(5.0), every=250)
    done = replay(policy, steady(2_000), view=View(scorer=scorer()))
    assert [fired.position for fired in done.fired] == [250, 500]
    assert done.readings[0].threshold is None


def test_the_newest_model_is_the_one_that_is_asked(steady: Steady, scorer: Scorers) -> None:
    models = [scorer(generation=i, shift_from=500) for i in range(3)]
    left = iter(models[1:])
    policy = Drift("ks", above=0.9, every=100, window=AmountWindow(100, 100))
    replay(policy, steady(1_000), view=View(scorer=models[0]), after=lambda *_: View(scorer=next(left)))
    assert models[0].asked == [], "the first evaluation fires without asking"
    assert max(keys.max() for keys in models[1].asked) == 599
    assert min(keys.min() for keys in models[2].asked) == 500
