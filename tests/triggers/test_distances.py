"""Distances against naive implementations and scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import stats

from headwater.triggers.distances import DISTANCES, hellinger, ks, mmd
from headwater.triggers.distances import mmd as mmd_file_function
from headwater.triggers.distances.mmd import _Rows, _select

Floats = NDArray[np.float64]


def squared_distances(x: Floats, y: Floats) -> Floats:
    return np.asarray(((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2))


def naive_mmd(x: Floats, y: Floats) -> float:
    n, m = len(x), len(y)
    xx = squared_distances(x, x)
    apart = np.sort(xx[~np.eye(n, dtype=bool)])
    two_sigma_squared = apart[apart.size // 2 - 1]  # each pair stands there twice: this is the lower median
    within_x = sum(math.exp(-xx[i, j] / two_sigma_squared) for i in range(n) for j in range(n) if i != j)
    yy, xy = squared_distances(y, y), squared_distances(x, y)
    within_y = sum(math.exp(-yy[i, j] / two_sigma_squared) for i in range(m) for j in range(m) if i != j)
    between = sum(math.exp(-xy[i, j] / two_sigma_squared) for i in range(n) for j in range(m))
    return float(within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m))


def naive_hellinger(x: Floats, y: Floats) -> float:
    total = 0.0
    for a, b in zip(x.T, y.T):
        edges = np.histogram_bin_edges(np.array(list(set(a) | set(b))), bins="sturges")
        p = np.histogram(a, bins=edges, density=True)[0]
        q = np.histogram(b, bins=edges, density=True)[0]
        width = (edges[-1] - edges[0]) / (len(edges) - 1)
        total += math.sqrt(1 - min(float(np.sum(np.sqrt(p * q) * width)), 1.0))
    return total / len(x.T)


def two_samples(seed: int, n: int, m: int, dims: int, shift: float) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dims)), rng.normal(size=(m, dims)) + shift


sizes = st.tuples(st.integers(0, 2**32), st.integers(2, 40), st.integers(2, 40), st.integers(1, 6))


@settings(max_examples=30)
@given(sizes, st.sampled_from([0.0, 0.3, 2.0]))
def test_mmd_is_the_unbiased_estimate_with_the_median_heuristic(
    size: tuple[int, int, int, int], shift: float
) -> None:
    x, y = two_samples(*size, shift)
    assert mmd(x, y) == pytest.approx(naive_mmd(x, y), abs=2e-5)


def test_mmd_of_several_blocks_is_that_of_all_pairs() -> None:
    x, y = two_samples(1, 2_100, 300, 3, 0.5)  # the reference does not fit into one block
    xx, yy, xy = squared_distances(x, x), squared_distances(y, y), squared_distances(x, y)
    middle = 2_100 + 2_100 * 2_099 // 2 - 1  # behind the diagonal's zeros each pair stands twice
    kxx, kyy, kxy = (np.exp(-d / np.partition(xx.ravel(), middle)[middle]) for d in (xx, yy, xy))
    expected = (kxx.sum() - 2_100) / (2_100 * 2_099) + (kyy.sum() - 300) / (300 * 299) - 2 * kxy.mean()
    assert mmd(x, y) == pytest.approx(expected, abs=1e-5)


def test_mmd_does_not_lose_its_digits_far_from_the_origin() -> None:
    x, y = two_samples(2, 200, 200, 4, 0.4)
    assert mmd(x + 5_000, y + 5_000) == pytest.approx(mmd(x, y), abs=1e-4)


def test_mmd_is_unbiased_so_it_scatters_around_zero() -> None:
    rng = np.random.default_rng(3)
    values = [mmd(*rng.normal(size=(2, 50, 3))) for _ in range(200)]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(200)


@pytest.mark.parametrize("rows", [np.zeros((6, 2)), np.vstack((np.zeros((40, 2)), np.eye(2)))])
def test_mmd_of_copies_is_finite_and_zero_against_themselves(rows: Floats) -> None:
    assert math.isfinite(mmd(rows, rows + 1.0))
    assert mmd(rows, rows) < 0.01 < mmd(rows, rows + 1.0)


@given(hnp.arrays(np.float32, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(-9, 9, width=32)))
@settings(max_examples=40)
def test_selecting_by_bits_finds_any_rank(rows: Any) -> None:
    x = _Rows(rows)
    squares = x.squares[:, None] + x.squares[None, :] - 2 * (x.rows @ x.rows.T)
    pairs = np.sort(np.maximum(squares, 0)[np.triu_indices(len(x), 1)])
    ranks = sorted({0, pairs.size // 3, pairs.size // 2, pairs.size - 1})
    np.testing.assert_allclose([_select(x, rank) for rank in ranks], pairs[ranks], atol=1e-4)


values = st.floats(-3, 3, width=16)  # half precision: many ties


@settings(max_examples=60)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(2, 25), st.just(3)), elements=values),
    hnp.arrays(np.float32, st.tuples(st.integers(2, 25), st.just(3)), elements=values),
)
def test_ks_is_the_mean_of_scipys_statistic(x: Any, y: Any) -> None:
    expected = np.mean([stats.ks_2samp(a, b, method="asymp").statistic for a, b in zip(x.T, y.T)])
    assert ks(x, y) == pytest.approx(expected, abs=1e-12)


def test_ks_of_many_features_is_the_mean_over_them() -> None:
    x, y = two_samples(5, 30, 20, 150, 0.5)
    assert ks(x, y) == pytest.approx(np.mean([ks(x[:, [i]], y[:, [i]]) for i in range(150)]))


@settings(max_examples=30)
@given(sizes, st.sampled_from([0.0, 0.3, 2.0]))
def test_hellinger_counts_in_the_bins_of_sturges(size: tuple[int, int, int, int], shift: float) -> None:
    x, y = two_samples(*size, shift)
    if math.log2(len(x) + len(y)).is_integer():
        return  # numpy's own number of bins then hangs on the last bit of a division
    assert hellinger(x, y) == pytest.approx(naive_hellinger(x, y), abs=1e-9)


def test_hellinger_takes_the_bins_from_the_distinct_values() -> None:
    x = np.array([[0.0]] * 50 + [[1.0]] * 50 + [[2.0]])
    y = np.array([[0.0]] * 20 + [[1.0]] * 80 + [[2.0]])
    assert hellinger(x, y) == pytest.approx(naive_hellinger(x, y))


def test_a_constant_feature_has_not_drifted() -> None:
    x = np.full((10, 1), 0.7)
    assert hellinger(x, x) == ks(x, x) == 0.0


@pytest.mark.parametrize("name", list(DISTANCES))
def test_every_distance_grows_with_the_shift(name: str) -> None:
    distances = [DISTANCES[name](*two_samples(6, 300, 300, 3, shift)) for shift in (0.0, 0.5, 1.0, 2.0)]
    assert distances == sorted(distances)
    assert all(type(distance) is float for distance in distances)


def test_the_table_holds_the_functions_themselves() -> None:
    assert DISTANCES["mmd"] is mmd_file_function
