"""A spec says what a block holds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from headwater.core.spec import ColumnSpec, Spec, num_rows


def test_the_spec_of_a_block_names_dtype_and_row_shape_in_order() -> None:
    block = {
        "x": np.zeros((4, 13), np.float32),
        "when": np.zeros(4, "datetime64[us]"),
        "name": pa.array(["a", None, "b", "c"]),
        "photo": pa.array([b"", b"1", b"2", b"3"], pa.binary()),
    }
    spec = Spec.of(block)
    assert list(spec) == ["x", "when", "name", "photo"]
    assert repr(spec) == "Spec(x: float32[13], when: datetime64[us], name: string, photo: binary)"
    assert spec["x"] == ColumnSpec("float32", (13,))
    assert num_rows(block) == len(spec) == 4


def test_specs_are_compared_by_value_and_can_be_keys() -> None:
    one, same = Spec.of({"x": np.zeros(1)}), Spec.of({"x": np.ones(9)})
    assert one == same
    assert hash(one) == hash(same)
    assert one != Spec.of({"x": np.zeros(1, np.int8)})


def test_order_of_columns_is_part_of_a_spec() -> None:
    x, y = np.zeros(1), np.zeros(1, np.int8)
    assert Spec.of({"x": x, "y": y}) != Spec.of({"y": y, "x": x})


def test_a_missing_column_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Spec(())["x"]


def test_a_block_without_columns_has_no_rows() -> None:
    assert num_rows({}) == 0
