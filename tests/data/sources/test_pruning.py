"""What statistics say about a filter: never that rows which pass cannot."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.data.evaluation import passing
from headwater.data.expression import Expression
from headwater.data.sources.pruning import Bounds, can_pass
from headwater.data.term import read_term

x, y = pc.field("x"), pc.field("y")
DAY = datetime.date(2020, 1, 1)
NOON = datetime.datetime(2020, 1, 1, 12)


def passes(expression: pc.Expression, **bounds: Bounds) -> bool:
    return can_pass(read_term(expression), bounds)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x > 8, False), (x >= 8, True), (x < 1, False), (x <= 1, True), (x == 0, False), (x == 9, False),
        (x == 4, True), (x.isin([0, 9]), False), (x.isin([0, 5]), True), (x.isin([0, None]), True),
        (pc.scalar(8) < x, False), (pc.scalar(1) > x, False), (pc.scalar(9) == x, False),
        (pc.scalar(8) <= x, True),
        ((x > 8) & (y > 0), False), ((x > 8) | (y > 0), True), ((x > 8) | (x < 1), False), (~(x > 8), True),
        (x != 4, True), (x.is_null(), True), (x + 1 > 99, True), (x > y, True), (y > 8, True), (x > 8.5, False),
        (x > "a", True), (pc.field("x", "z") > 99, True), (x > pc.scalar(pa.scalar(None, pa.int64())), True),
    ],
)  # fmt: skip
def test_only_what_is_sure_rules_rows_out(expression: pc.Expression, expected: bool) -> None:
    assert passes(expression, x=(1, 8)) is expected


def test_texts_days_and_times_are_compared_as_arrow_compares_them() -> None:
    assert not passes(x > "b", x=("a", "b"))
    assert passes(x >= "b", x=("a", "b"))
    assert not passes(x == b"\xff", x=(b"a", b"\xfe"))
    assert not passes(x < DAY, x=(DAY, DAY))
    assert passes(x < NOON, x=(DAY, DAY))  # a day is no time
    assert not passes(x > NOON, x=(NOON, NOON))
    assert passes(x > NOON, x=(NOON.replace(tzinfo=datetime.UTC),) * 2)
    assert not passes(x == pc.scalar(value=True), x=(False, False))


def test_missing_values_pass_no_comparison() -> None:
    assert not passes(x > 0, x=(None, None))
    assert passes(x.is_null(), x=(None, None))


def test_large_numbers_are_not_compared_with_floats() -> None:
    # Arrow compares both as floats, in which these two are equal.
    assert passes(x == float(1 << 53), x=((1 << 53) + 1, (1 << 53) + 1))


numbers = st.integers(-4, 4)
atoms = st.builds(
    lambda compare, name, value: compare(pc.field(name), value),
    st.sampled_from([pc.less, pc.less_equal, pc.greater, pc.greater_equal, pc.equal, pc.not_equal]),
    st.sampled_from(["x", "y"]),
    st.one_of(numbers, numbers.map(lambda it: it / 2)),
)
filters: st.SearchStrategy[Any] = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(pc.and_kleene, inner, inner),
        st.builds(pc.or_kleene, inner, inner),
        st.builds(pc.invert, inner),
    ),
)


@given(expression=filters, xs=st.lists(numbers, min_size=1, max_size=5), seed=st.integers(0, 9))
def test_no_row_that_passes_is_ruled_out(expression: pc.Expression, xs: list[int], seed: int) -> None:
    columns = {"x": np.array(xs), "y": np.random.default_rng(seed).choice([-2.0, 0.5, 3.0, np.nan], len(xs))}
    rows = passing(Expression(expression), columns, operator="filter", row_name=str)
    finite = columns["y"][np.isfinite(columns["y"])]
    bounds: dict[str, Bounds] = {"x": (min(xs), max(xs))}
    bounds["y"] = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
    assert can_pass(read_term(expression), bounds) or not rows.any()
