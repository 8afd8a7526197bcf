"""Schemas refuse what cannot be stored, and rows are laid out so that columns are aligned views."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.core.errors import SamplesError
from headwater.samples import Field, Payload, Schema


def test_a_schema_survives_its_json(schema: Schema) -> None:
    fancy = Schema(
        fields=(Field("a", "S3", missing=b"?"), Field("b", "int16", (2, 3), missing=-1), Payload("p")),
        event_time="t",
    )
    assert Schema.from_json(schema.to_json()) == schema
    assert Schema.from_json(fancy.to_json()) == fancy


def test_each_column_of_a_row_is_aligned_and_rows_fill_whole_words(schema: Schema) -> None:
    odd = Schema(
        fields=(Field("a", "int8"), Field("b", "float64"), Field("c", "S3"), Field("d", "int16", (3,)))
    )
    for layout in (schema.row_dtype, odd.row_dtype):
        assert layout.itemsize % 8 == 0
        for column, offset in (entry[:2] for entry in (layout.fields or {}).values()):
            assert offset % column.base.alignment == 0


def test_a_label_is_a_field_of_one_value() -> None:
    fields = (Field("late", "int8"), Field("pair", "int8", (2,)), Payload("p"))
    with pytest.raises(SamplesError, match=r"label='lat' is not a Field. Did you mean `late`"):
        Schema(fields=fields, label="lat")
    with pytest.raises(SamplesError, match=r"'pair' must be one value"):
        Schema(fields=fields, label="pair")
    with pytest.raises(SamplesError, match=r"not a Field"):
        Schema(fields=fields, label="p")
    with pytest.raises(SamplesError, match=r"label_time is given, but no label"):
        Schema(fields=fields, label_time="t")


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (Field("key", "int8"), "this name is taken"),
        (Field("", "int8"), "name is empty"),
        (Field("x", "flaot32"), "not a numpy dtype"),
        (Field("x", "object"), "no fixed width"),
        (Field("x", "U5"), "use Payload"),
        (Field("x", "S"), "no fixed width"),
        (Field("x", "datetime64[ns]"), "no fixed width"),
        (Field("x", "int8", (0,)), "holds nothing"),
        (Field("x", "int8", missing=300), "missing=300 is no int8"),
        (Field("x", "int8", missing=0.5), "missing=0.5 is no int8"),
        (Field("x", "S2", missing="abc"), "missing='abc' is no S2"),
    ],
)
def test_what_cannot_be_stored_is_refused(field: Field, problem: str) -> None:
    with pytest.raises(SamplesError, match=problem):
        Schema(fields=(field,))


def test_names_are_used_once_and_there_is_at_least_one() -> None:
    with pytest.raises(SamplesError, match=r"'x' is used twice"):
        Schema(fields=(Field("x", "int8"), Payload("x")))
    with pytest.raises(SamplesError, match=r"holds nothing"):
        Schema(fields=())


def test_a_field_of_byte_order_big_is_stored_little() -> None:
    assert Schema(fields=(Field("x", ">i4"),)).row_dtype["x"] == np.dtype("<i4")
