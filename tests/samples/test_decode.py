"""Columns of any type become the declared dtype, or name their bad values; nothing changes silently."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.samples.decode import decode, decode_label, decode_payload, is_missing
from headwater.samples.schema import Field

MOMENT = np.datetime64("2013-05-01T12:30:00", "us")
SECONDS = 1_367_411_400


def good(values: Any, field: Field) -> Any:
    decoded = decode(values, field)
    assert decoded.bad == {}
    assert decoded.column.dtype == field.numpy
    return decoded.column


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        ["1", " 2", "3 "],
        np.array([1, 2, 3], np.uint64),
        np.array([1, 2, 3], object),
        pa.array([1, 2, 3], pa.int16()),
        pa.array([1.0, 2.0, 3.0]),
        pa.array(["1", "2", "3"]).dictionary_encode(),
        pa.chunked_array([[1], [2, 3]]),
        pa.array([decimal.Decimal(1), decimal.Decimal(2), decimal.Decimal(3)]),
        [1, "2", 3.0],
    ],
)
def test_whole_numbers_come_from_any_column_that_holds_them(values: Any) -> None:
    assert good(values, Field("x", "int8")).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "values",
    [
        [MOMENT],
        ["2013-05-01T12:30:00"],
        ["2013-05-01 14:30:00+02:00"],
        ["2013-05-01T12:30:00Z"],
        [str(SECONDS)],
        [SECONDS],
        np.array([SECONDS], np.float64),
        [datetime.datetime(2013, 5, 1, 12, 30)],
        [datetime.datetime(2013, 5, 1, 12, 30, tzinfo=datetime.UTC)],
        np.array(["2013-05-01T12:30"], "datetime64[ns]"),
        pa.array([SECONDS * 10**9], pa.timestamp("ns", "Europe/Zurich")),
        pa.array(["2013-05-01T12:30:00", None])[:1],
        [SECONDS, "then"][:1],
    ],
)
def test_times_come_as_texts_numbers_of_seconds_and_timestamps(values: Any) -> None:
    assert good(values, Field("t", "datetime64[us]")).tolist() == [MOMENT.item()]


def test_dates_are_their_midnight() -> None:
    for values in ([datetime.date(2013, 5, 1)], pa.array([datetime.date(2013, 5, 1)]), ["2013-05-01"]):
        assert good(values, Field("t", "datetime64[us]"))[0] == np.datetime64("2013-05-01")


@pytest.mark.parametrize(
    ("values", "dtype", "reason"),
    [
        ([1, 300], "int8", "300 does not fit int8"),
        (pa.array([1, 300]), "int8", "300 does not fit int8"),
        (np.array([1, 300]), "int8", "300 does not fit int8"),
        ([1, 2.5], "int8", "2.5 is not an int8 number"),
        ([1, -1], "uint8", "-1 does not fit uint8"),
        (["1", "abc"], "int8", "'abc' is not an int8 number"),
        (["1", "abc"], "float32", "'abc' is not a float32 number"),
        ([1, None], "int8", "missing"),
        (pa.array([1, None]), "int8", "missing"),
        (np.array([1, np.nan]), "int8", "missing"),
        (["a", "abc"], "S2", "'abc' has 3 bytes, S2 holds 2"),
        (np.array([b"a", b"abc"]), "S2", "has 3 bytes"),
        (["a", 5], "S2", "5 is not text"),
        (pa.array([["a"], ["b"]])[:2], "S2", "is not text"),
        (["true", "perhaps"], "bool", "'perhaps' is neither true nor false"),
        (["2013-01-01", "soon"], "datetime64[us]", "'soon' is not a time"),
        ([0.0, 1e300], "datetime64[us]", "is not a time"),
        ([0, True], "datetime64[us]", "True is not a time"),
    ],
)
def test_a_bad_value_is_named_and_the_others_are_kept(values: Any, dtype: str, reason: str) -> None:
    decoded = decode(values, Field("x", dtype))
    assert 1 in decoded.bad
    assert reason in decoded.bad[1]
    if len(decoded.bad) == 1:
        assert decoded.column[0] == decode(values[:1], Field("x", dtype)).column[0]


def test_a_missing_value_takes_what_the_field_says() -> None:
    assert good([1, None], Field("x", "int8", missing=-1)).tolist() == [1, -1]
    assert good(pa.array(["a", None]), Field("x", "S2", missing="?")).tolist() == [b"a", b"?"]
    assert good(["5", None], Field("x", "int16", missing=7)).tolist() == [5, 7]
    assert good([True, None], Field("x", "bool", missing=False)).tolist() == [True, False]
    assert np.isnan(good([1.0, None], Field("x", "float32"))[1])
    assert np.isnat(good(["2013-01-01", None], Field("x", "datetime64[us]"))[1])


@pytest.mark.parametrize(
    "values",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]]),
        pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)),
        pa.array([[1, 2], [3, 4]]),
        [np.array([1, 2]), np.array([3, 4])],
    ],
)
def test_vectors_come_as_lists_and_arrays(values: Any) -> None:
    assert good(values, Field("x", "float32", (2,))).tolist() == [[1, 2], [3, 4]]


def test_a_matrix_per_row_is_stored_with_its_shape() -> None:
    values = np.arange(12).reshape(2, 2, 3)
    assert good(values, Field("x", "int16", (2, 3))).tolist() == values.tolist()
    assert good(values.tolist(), Field("x", "int16", (2, 3))).tolist() == values.tolist()


def test_a_vector_of_another_length_is_bad() -> None:
    decoded = decode([[1, 2], [3], None], Field("x", "float32", (2,)))
    assert decoded.bad == {1: "has shape [1], expected [2]", 2: "missing"}


def test_a_label_that_is_missing_is_unknown_and_not_bad() -> None:
    decoded, unknown = decode_label([1, None, 0], Field("y", "int8"))
    assert decoded.column.tolist() == [1, 0, 0]
    assert decoded.bad == {}
    assert unknown.tolist() == [False, True, False]


def test_payloads_are_bytes_or_text() -> None:
    decoded = decode_payload(["ä", b"b", None, 5])
    assert decoded.column[:2] == ["ä".encode(), b"b"]
    assert decoded.bad == {2: "missing", 3: "5 is not bytes"}


def test_a_payload_too_long_for_its_size_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.samples.decode._MAX_PAYLOAD_BYTES", 3)
    assert decode_payload([b"abc", b"abcd"]).bad == {1: "has 4 bytes, a payload at most 3"}


@pytest.mark.parametrize(
    "values",
    [
        [1.0, None],
        np.array([1.0, np.nan]),
        pa.array([1.0, None]),
        pa.array([1.0, np.nan]),
        ["a", None],
        [[3], None],
    ],
)
def test_what_is_missing_is_found_in_each_kind_of_column(values: Any) -> None:
    assert is_missing(values).tolist() == [False, True]


@given(
    st.lists(
        st.one_of(st.integers(-(2**40), 2**40), st.none(), st.floats(allow_nan=False), st.text(max_size=4))
    )
)
def test_an_integer_column_holds_exactly_the_integers_it_was_given(values: list[Any]) -> None:
    decoded = decode(values, Field("x", "int32"))
    for position, value in enumerate(values):
        if position not in decoded.bad:
            assert decoded.column[position] == (int(value) if isinstance(value, str) else value)
        else:
            assert not (isinstance(value, int) and -(2**31) <= value < 2**31)


@given(st.lists(st.integers(-(2**70), 2**70)))
def test_one_by_one_and_whole_agree(values: list[int]) -> None:
    whole = decode(values, Field("x", "int64"))
    mixed = decode([*values, "no"], Field("x", "int64"))
    assert whole.column.tolist() == mixed.column[:-1].tolist()
    assert dict(whole.bad) == {at: why for at, why in mixed.bad.items() if at < len(values)}
