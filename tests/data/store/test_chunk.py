"""What is stored comes back as it was: values, types, shapes, order of names."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from headwater.core.errors import CorruptError
from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.origin import described, origin
from headwater.data.store.chunk import Chunk, from_bytes, to_bytes
from headwater.data.store.columns import NotStorableError

DTYPES = st.one_of(
    npst.scalar_dtypes(),
    npst.unicode_string_dtypes(max_len=3),
    npst.byte_string_dtypes(max_len=3),
    npst.array_dtypes(npst.integer_dtypes() | npst.floating_dtypes(), max_size=2),
)
ARRAYS = npst.arrays(
    DTYPES, npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3), elements=None
).filter(lambda array: not array.dtype.hasobject)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5), ARRAYS
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(st.integers(), inner, max_size=2),
    ),
    max_leaves=6,
)


def same(ours: Any, theirs: Any) -> bool:
    """Equal in value and type, all the way down."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        pairs = zip(ours.items(), theirs.items(), strict=True)
        return all(same(a, c) and same(b, d) for (a, b), (c, d) in pairs)
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, np.ndarray | np.generic):
        alike = ours.dtype == theirs.dtype and ours.shape == theirs.shape
        return bool(alike and ours.tobytes() == theirs.tobytes())
    if hasattr(ours, "to_pylist"):
        return bool(ours.type == theirs.type) and same(ours.to_pylist(), theirs.to_pylist())
    return bool(ours == theirs) or (ours != ours and theirs != theirs)


def stored(block: Block, compression: str | None = None) -> Block:
    chunk = Chunk(7, block, {"at": 1}, {"at": 2})
    back = from_bytes(to_bytes(chunk, compression=compression), where="here")
    assert (back.start, back.before, back.after) == (7, {"at": 1}, {"at": 2})
    assert back.block.positions.tolist() == block.positions.tolist()
    return back.block


def items(*values: Any) -> Items:
    return Items(list(values), np.arange(len(values)))


@given(st.lists(TREES, min_size=1, max_size=4), st.sampled_from([None, "lz4", "zstd"]))
def test_elements_of_any_shape_come_back_with_their_types(values: list[Any], compression: str | None) -> None:
    back = stored(items(*values), compression)
    assert isinstance(back, Items)
    assert all(map(same, values, back.values))


@given(st.dictionaries(st.text(max_size=3), LEAVES, max_size=3), st.integers(1, 4))
def test_equal_elements_come_back_with_their_types(value: dict[str, Any], count: int) -> None:
    back = stored(items(*[value] * count))
    assert all(same(value, one) for one in back.elements())


@given(st.lists(ARRAYS, min_size=1, max_size=3))
def test_columns_come_back_with_their_types(arrays: list[Any]) -> None:
    length = min(map(len, arrays))
    columns = {f"column {at}": array[:length] for at, array in enumerate(arrays)}
    back = stored(Columns(columns, np.arange(length)))
    assert isinstance(back, Columns)
    assert same(columns, back.columns)


@pytest.mark.parametrize(
    "value",
    [
        np.float64(1.5),
        np.int64(3),
        np.bool_(True),
        np.float16(2),
        np.datetime64("2020-01-01", "D"),
        np.timedelta64("NaT", "us"),
        np.str_("x"),
        1 << 80,
        float("nan"),
        bytearray(b"ab"),
        datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
        datetime.date(2020, 1, 2),
        datetime.time(1, 2),
        decimal.Decimal("1.10"),
        pa.array(["a", None]),
        pa.array([[1], []]),
        np.array(5),
        np.arange(6).reshape(2, 3)[:, ::-1],
        np.array([("a", 1.0)], [("name", "U3"), ("value", ">f8")]),
        {"": 1},
        {},
        (),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_value_comes_back_alone_and_in_a_dict(value: Any) -> None:
    assert same([value, value], stored(items(value, value)).elements())
    assert same([{"x": value}] * 2, stored(items({"x": value}, {"x": value})).elements())
    assert same([value, 1], stored(items(value, 1)).elements())


def test_arrow_columns_stay_arrow() -> None:
    columns = {"s": pa.array(["a", "b", None])[1:], "n": pa.array([{"x": [1]}, {"x": []}]), BARE: np.arange(2)}
    back = stored(Columns(columns, np.arange(2)))
    assert isinstance(back, Columns)
    assert same(columns, back.columns)


def test_others_read_the_numbers_with_arrow_alone() -> None:
    chunk = Chunk(0, items({"x": 1, "v": np.ones(2)}, {"x": 2, "v": np.zeros(2)}), None, {})
    table = pa.ipc.open_stream(to_bytes(chunk)).read_all()
    assert table.to_pydict() == {"x": [1, 2], "v": [[1.0, 1.0], [0.0, 0.0]], "position": [0, 1]}


def test_rows_still_know_their_file(plain: Callable[[Any], Any]) -> None:
    positions = np.array([origin("b.csv") + 5, origin("a.csv") + 1, 3])
    back = stored(Columns({"x": np.arange(3)}, positions))
    assert [described(int(at)) for at in back.positions] == ["b.csv, row 5", "a.csv, row 1", "row 3"]


def test_stored_arrays_cannot_be_written() -> None:
    for block in (
        Columns({"x": np.arange(3)}, np.arange(3)),
        items({"x": np.arange(3)}),
        items((np.arange(3),)),
    ):
        element = stored(block)
        arrays = element.columns.values() if isinstance(element, Columns) else element.values
        for found in arrays:
            array = found["x"] if isinstance(found, dict) else found[0] if isinstance(found, tuple) else found
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


@pytest.mark.parametrize(
    "value", [object(), np.array([None]), {1, 2}, {"x": [object()]}], ids=lambda value: type(value).__name__
)
def test_what_cannot_come_back_is_refused(value: Any) -> None:
    with pytest.raises(NotStorableError, match=r"cannot be stored.*Numbers, texts"):
        to_bytes(Chunk(0, items(value, value), None, {}))


def test_every_flipped_byte_and_every_cut_is_noticed() -> None:
    whole = to_bytes(Chunk(0, items({"x": 1}, {"x": 2}), None, {})).to_pybytes()
    for at in range(0, len(whole), 7):
        flipped = bytearray(whole)
        flipped[at] ^= 4
        with pytest.raises(CorruptError, match="damaged"):
            from_bytes(pa.py_buffer(bytes(flipped)), where="file")
        with pytest.raises(CorruptError, match="cut off"):
            from_bytes(pa.py_buffer(whole[:at]), where="file")
