from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headwater.loop.difference import paired, student_t

SCORES = st.lists(st.floats(0, 1, width=32), min_size=2, max_size=40)


def test_students_quantile_is_that_of_the_tables() -> None:
    degrees = [1, 2, 3, 4, 5, 10, 30, 1_000]
    expected = stats.t.ppf(0.975, degrees)
    assert [student_t(n) for n in degrees] == pytest.approx(expected.tolist(), abs=0.01)


def test_golden_numbers_of_independent_gains() -> None:
    found = paired(np.array([0.70, 0.72, 0.71, 0.73]), np.array([0.69, 0.70, 0.70, 0.70]))
    # Gains .01 .02 .01 .03: mean .0175; variance .0000917; neighbours correlate negatively, so the plain
    # error sqrt(.0000917 / 4) stands.
    assert found.gain == pytest.approx(0.0175)
    assert found.error == pytest.approx(0.0047871, abs=1e-6)
    assert found.half_width == pytest.approx(3.182 * 0.0047871, abs=1e-5)
    assert found.verdict == "better"
    assert (found.num_intervals, found.num_won) == (4, 4)


@given(SCORES, st.randoms(use_true_random=False))
def test_swapping_the_two_turns_the_gain_round_and_keeps_its_error(scores: list[float], random: object) -> None:
    ours = np.array(scores)
    theirs = ours[::-1].copy()
    there, back = paired(ours, theirs), paired(theirs, ours)
    assert there.gain == pytest.approx(-back.gain, abs=1e-12)
    assert there.error == pytest.approx(back.error, abs=1e-12)


@given(SCORES)
def test_lower_is_better_only_turns_the_sign(scores: list[float]) -> None:
    ours, theirs = np.array(scores), np.full(len(scores), 0.5)
    up, down = paired(ours, theirs), paired(ours, theirs, lower_is_better=True)
    assert down.gain == pytest.approx(-up.gain, abs=1e-12)


def test_intervals_that_either_lacks_do_not_count() -> None:
    found = paired(np.array([0.9, np.nan, 0.8]), np.array([0.5, 0.5, np.nan]))
    assert found.gain == pytest.approx(0.4)
    assert found.num_intervals == 1


def test_one_interval_decides_nothing() -> None:
    found = paired(np.array([0.9]), np.array([0.1]))
    assert found.verdict == "undecided"
    assert math.isnan(found.error)


def test_no_interval_decides_nothing() -> None:
    found = paired(np.array([]), np.array([]))
    assert found.verdict == "undecided"
    assert found.to_json()["gain"] is None


def test_equal_runs_are_undecided() -> None:
    same = np.array([0.7, 0.8, 0.6])
    assert paired(same, same).verdict == "undecided"


def test_the_same_gain_everywhere_is_decided() -> None:
    assert paired(np.full(5, 0.5), np.full(5, 0.75)).verdict == "worse"


def test_neighbours_that_resemble_each_other_widen_the_error() -> None:
    gains = np.repeat([0.02, -0.01, 0.03, 0.0, 0.025, -0.005], 8)
    plain = gains.std(ddof=1) / math.sqrt(gains.size)
    assert paired(gains, np.zeros_like(gains)).error > 1.5 * plain


def test_noise_is_called_a_win_about_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(7)
    verdicts = [paired(rng.normal(size=40), np.zeros(40)).verdict for _ in range(2_000)]
    # 5 % by construction; the error's own error at 40 intervals makes it a little more, never near 10 %.
    assert 0.02 < sum(v != "undecided" for v in verdicts) / 2_000 < 0.08
