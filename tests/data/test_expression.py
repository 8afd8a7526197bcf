"""Expressions: what they read, how they are written, what identifies them, and what they compute."""

from __future__ import annotations

import datetime
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from headwater.core.errors import DataError
from headwater.data.evaluation import computed, passing
from headwater.data.expression import Expression, is_expression

x, y = pc.field("x"), pc.field("y")


@pytest.mark.parametrize(
    ("arrow", "text", "columns"),
    [
        (x + 1, "x + 1", ("x",)),
        ((x > 3) & ~(y == "a b"), "(x > 3) & ~(y == 'a b')", ("x", "y")),
        ((x + y) * x - 2.5, "((x + y) * x) - 2.5", ("x", "y")),
        (pc.field("").is_valid(), 'is_valid("")', ("",)),
        (pc.field("a", "b") <= 2, "a.b <= 2", ("a",)),
        (pc.field("a b+1, (c") == b"\x00", "a b+1, (c == b'\\x00'", ("a b+1, (c",)),
        (x.isin([1, 2]), "is_in(x, [1, 2])", ("x",)),
        (x.isin(list(range(99))), "is_in(x, [0, 1, 2, ...])", ("x",)),
        (x.cast(pa.float32()) / y, "cast(x, float) / y", ("x", "y")),
        (pc.if_else(x.is_null(), 0, pc.round(y, ndigits=2)), "if_else(is_null(x), 0, round(y))", ("x", "y")),
        (pc.scalar(3), "3", ()),
    ],
)
def test_an_expression_knows_its_columns_and_reads_as_it_was_written(
    arrow: pc.Expression, text: str, columns: tuple[str, ...]
) -> None:
    assert str(Expression(arrow)) == text
    assert Expression(arrow).columns == columns


def test_equal_expressions_have_equal_fingerprints_and_others_differ() -> None:
    def some() -> list[pc.Expression]:
        return [
            x + 1, x + 1.0, x - 1, y + 1, pc.scalar(1) + x, x > 1, x >= 1,
            pc.add(x, 1), pc.round(x, ndigits=1), pc.round(x, ndigits=2), x.cast("int8"), x.cast("int16"),
            x.isin(list(range(50))), x.isin([*range(25), 99, *range(26, 50)]), pc.field("x", "y"),
            pc.field("xy"),
            (x > 1) & (y > 1), (x > 1) | (y > 1), x == "1", x == b"1", x == datetime.date(2020, 1, 1),
            x == pa.scalar(1, pa.timestamp("ns")), x == pa.scalar(2, pa.timestamp("ns")),
        ]  # fmt: skip

    prints = [Expression(it).fingerprint for it in some()]
    assert len(set(prints)) == len(prints) == 23
    assert prints == [Expression(it).fingerprint for it in some()]


def test_the_fingerprint_of_an_expression_is_the_same_in_every_version() -> None:
    # A checkpoint holds it: change it only together with the format of states.
    assert Expression((x > 3) & y.isin(["a"])).fingerprint[:16] == "b82e3bf8875567ab"


def test_an_expression_goes_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(Expression(x + 1)))
    assert again.fingerprint == Expression(x + 1).fingerprint


def test_only_arrow_expressions_are_expressions() -> None:
    assert is_expression(x)
    assert not any(map(is_expression, ["x", 3, pa.scalar(3), len, None]))
    with pytest.raises(DataError, match=r"'x' is not an expression"):
        Expression("x")


def test_a_numbered_column_is_refused() -> None:
    with pytest.raises(DataError, match=r"no written form.*Name columns"):
        Expression(pc.field(0) + 1)


def mask(arrow: pc.Expression, **columns: object) -> list[bool]:
    return list(passing(Expression(arrow), columns, operator="filter", row_name=lambda at: f"row {at}"))


def test_missing_floats_times_and_texts_are_missing_in_expressions() -> None:
    floats = np.array([1.0, np.nan, 3.0], np.float32)
    times = np.array(["2020-01-01", "NaT", "2021-01-01"], "datetime64[s]")
    texts = pa.array(["a", None, "c"])
    for name, column in (("f", floats), ("t", times), ("s", texts)):
        field = pc.field(name)
        assert mask(field.is_valid(), **{name: column}) == [True, False, True]
        assert mask(field == field, **{name: column}) == [True, False, True]
        assert mask(~(field != field), **{name: column}) == [True, False, True]
    assert mask(~pc.is_nan(pc.field("f")), f=floats) == [True, False, True]


def test_every_kind_of_column_goes_in_and_comes_out_with_its_type() -> None:
    kinds = ["bool", "int8", "uint16", "int64", "uint64", "float16", "float32", "float64", "datetime64[us]"]
    columns = {kind: np.arange(3).astype(kind) for kind in kinds}
    columns |= {"text": pa.array(["a", None, "c"]), "bytes": pa.array([b"a", b"b", None])}
    same = {name: Expression(pc.field(name)) for name in columns}
    found = computed(same, columns, operator="map", row_name=str)
    for name, column in columns.items():
        kept = found[name]
        assert getattr(kept, "dtype", getattr(kept, "type", None)) == getattr(
            column, "dtype", getattr(column, "type", None)
        )
        assert kept.tolist() == column.tolist()


def test_strided_and_foreign_byte_order_columns_are_computed_alike() -> None:
    wide = np.arange(12).reshape(4, 3)
    assert mask(x > 4, x=wide[:, 1]) == [False, False, True, True]
    assert mask(x > 4, x=np.arange(3, 7, dtype=">i4")) == [False, False, True, True]
    assert mask(x > 4, x=np.arange(8)[::-2]) == [True, True, False, False]


def test_what_expressions_cannot_take_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"`x` is uint8\[2\]; expressions take one number"):
        mask(x > 1, x=np.zeros((3, 2), np.uint8))
    with pytest.raises(DataError, match=r"`x` is complex64; expressions take"):
        mask(x > 1, x=np.zeros(3, np.complex64))
    with pytest.raises(
        DataError, match=r"\.filter\(colour > 1\): there is no column `colour`. Did you mean `color`"
    ):
        mask(pc.field("colour") > 1, color=np.arange(3))
    with pytest.raises(DataError, match="it gives int64, not a yes or no"):
        mask(x + 1, x=np.arange(3))


def test_a_type_that_does_not_fit_is_named_with_the_columns() -> None:
    with pytest.raises(DataError, match=r"no kernel matching input types.*The columns are Spec\(x: int64\)"):
        mask(pc.utf8_lower(x) == "a", x=np.arange(3))


@pytest.mark.parametrize("bad", [0, 1, 700, 999])
def test_a_row_that_cannot_be_computed_is_named(bad: int) -> None:
    values = np.ones(1000, np.int64)
    values[bad:] = 0
    with pytest.raises(DataError, match=rf"row {bad}: Arrow cannot compute it: divide by zero"):
        mask(pc.scalar(1) / x > 0, x=values)


def test_a_missing_whole_number_is_named_with_its_row() -> None:
    column = pa.array(["7", None])
    with pytest.raises(DataError, match=r"column `n` \(int64\) has no value in row 1"):
        computed(
            {"n": Expression(pc.field("s").cast("int64"))},
            {"s": column},
            operator="map",
            row_name=lambda at: f"row {at}",
        )


def test_constants_alone_are_as_long_as_the_block() -> None:
    found = computed({"one": Expression(pc.scalar(1))}, {"x": np.arange(5)}, operator="map", row_name=str)
    assert found["one"].tolist() == [1] * 5
