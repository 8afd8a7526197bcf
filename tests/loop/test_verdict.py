from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headwater.core.errors import LoopError
from headwater.core.spec import Block
from headwater.loop.comparison import Comparison, compare
from headwater.loop.results import Results

Made = Callable[..., Results]

WEEKS, PER_WEEK = 12, 40
NUM = WEEKS * PER_WEEK
TIMES = np.datetime64("2013-01-01", "us") + np.repeat(np.arange(WEEKS) * 7, PER_WEEK).astype("timedelta64[D]")
LABELS = np.arange(NUM) % 2


@pytest.fixture
def index(made_index: Callable[..., Block]) -> Block:
    return made_index(TIMES, LABELS)


def said(wrong_per_week: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return probabilities that are wrong for the first so many samples of each week."""
    place = np.arange(NUM) % PER_WEEK
    wrong = place < np.repeat(wrong_per_week, PER_WEEK)
    return np.where(LABELS ^ wrong, 0.9, 0.1)


def judged(made_run: Made, index: Block, ours: list[int], theirs: list[int], **costs: Any) -> Comparison:
    """Compare `drift`, retrained each fourth week, with `monthly`, retrained each week."""
    runs = []
    for name, wrong, every in (("drift", ours, 4), ("monthly", theirs, 1)):
        rounds = []
        for week in range(0, WEEKS, every):
            keys = np.arange(week * PER_WEEK, (week + every) * PER_WEEK)
            at = TIMES[week * PER_WEEK]
            told = {"at": at, "keys": keys, "probabilities": said(wrong)[keys], "num_trained": 100}
            rounds.append(told | costs.get(name, {}))
        runs.append(made_run(name, rounds))
    return compare(runs, index)


GOOD, BAD = [2, 4] * 6, [10, 12, 14] * 4


def test_a_clear_win_for_less_is_called_both(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, GOOD, BAD).verdict("monthly")
    assert told.startswith("drift: mean AUC 0.9250 against 0.7000 of monthly (+0.2250 ± ")
    assert "for 25 % of its training seconds and 25 % of its samples." in told
    assert "It won: better than monthly, and cheaper." in told


def test_a_loss_is_said_plainly_with_what_may_explain_it(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, BAD, GOOD).verdict("monthly")
    assert "It lost on quality: worse than monthly, though cheaper." in told
    assert "It fell behind most in the interval of 7d from 2013-01-15 (0.6500 against 0.9500)" in told
    assert "when its model was 18 days old, that of monthly 3d 12h." in told
    assert "On average its models were 14 days old when they were asked, those of monthly 3d 12h." in told


def test_losing_on_both_is_said_too(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, BAD, GOOD, drift={"num_trained": 1_000}).verdict("monthly")
    assert "2.5 times its samples" in told
    assert "It lost: worse than monthly, and dearer." in told


def test_winning_on_quality_alone_is_not_called_a_win_on_cost(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, GOOD, BAD, drift={"num_trained": 1_000}).verdict("monthly")
    assert "It won on quality and lost on cost" in told


def test_noise_is_no_win(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, [2, 6, 4] * 4, [6, 2, 4] * 4).verdict("monthly")
    assert "No difference is shown: it may be anything from 0." in told
    assert "It won on cost." in told
    assert "better than" not in told


def test_noise_that_costs_more_has_lost_on_cost(made_run: Made, index: Block) -> None:
    found = judged(made_run, index, [2, 6, 4] * 4, [6, 2, 4] * 4, drift={"num_trained": 10_000})
    (told,) = found.verdict("monthly")
    assert "It lost on cost: more training for nothing that could be shown." in told


def test_the_sign_of_a_loss_where_lower_is_better(made_run: Made, index: Block) -> None:
    (told,) = judged(made_run, index, GOOD, BAD).verdict("monthly", metric="log_loss")
    assert "mean log-loss 0.2702 against 0.7645 of monthly (-0.4944 ± " in told
    assert "It won" in told


def test_without_a_baseline_each_run_is_told_of_alone(made_run: Made, index: Block) -> None:
    told = judged(made_run, index, GOOD, BAD).verdict()
    assert len(told) == 2
    assert told[0].startswith("drift: mean AUC 0.9250 over 12 intervals of 7d (")
    assert "with 3 models, 300 samples trained on and 3s of training." in told[0]


def test_one_interval_is_too_few(made_run: Made, made_index: Callable[..., Block]) -> None:
    index = made_index(TIMES[:PER_WEEK], LABELS[:PER_WEEK])
    rounds = [{"at": "2013-01-01", "keys": range(PER_WEEK), "probabilities": said(GOOD)[:PER_WEEK]}]
    runs = [made_run(name, rounds) for name in ("a", "b")]
    (told,) = compare(runs, index).verdict("b")
    assert "Too few intervals to tell a difference from chance." in told


def test_nothing_judged_yet(made_run: Made, index: Block) -> None:
    told = compare([made_run("a", [], finished=False)], index).verdict()
    assert told[0].startswith("No run has been judged yet")
    assert any("Not finished yet: a." in sentence for sentence in told)


def test_a_baseline_that_was_not_judged_yet_is_said_to_be_missing(made_run: Made, index: Block) -> None:
    rounds = [{"at": "2013-01-01", "keys": range(NUM), "probabilities": said(GOOD)}]
    runs = [made_run("a", rounds), made_run("b", [], finished=False)]
    assert "b, the baseline, has not been judged yet." in compare(runs, index).verdict("b")


def test_a_baseline_that_does_not_exist_is_an_error(made_run: Made, index: Block) -> None:
    with pytest.raises(LoopError, match="no run 'weekly'"):
        judged(made_run, index, GOOD, BAD).verdict("weekly")


def test_runs_without_a_common_sample_cannot_be_compared(made_run: Made, index: Block) -> None:
    halves = [range(0, 40), range(40, 80)]
    runs = [
        made_run(name, [{"at": "2013-01-01", "keys": keys, "probabilities": said(GOOD)[keys]}])
        for name, keys in zip("ab", halves)
    ]
    assert "No sample was predicted by all runs" in compare(runs, index).verdict("b")[0]
