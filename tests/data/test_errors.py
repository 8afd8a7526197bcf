"""An error in a user's function names operator, function, file, line and element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


def explode(row: Any) -> Any:
    if row["x"] == 777:
        raise ValueError("too hot")
    return row


def stop(row: Any) -> Any:
    if row["x"] == 777:
        raise StopIteration
    return row


@pytest.fixture
def rows(table: Any) -> data.Dataset:
    return data.from_source(table(1_000))


@pytest.mark.parametrize("operator", ["map", "filter"])
@pytest.mark.parametrize("prefetch", [False, True])
def test_the_error_names_function_place_and_element(rows: data.Dataset, operator: str, prefetch: bool) -> None:
    dataset = getattr(rows.shuffle(100), operator)(explode).batch(32)
    with pytest.raises(DataError) as caught:
        list(dataset.prefetch() if prefetch else dataset)
    message = str(caught.value)
    assert f".{operator}(explode)" in message
    assert f"test_errors.py:{explode.__code__.co_firstlineno}" in message
    assert "row 777 (key 7780)" in message
    assert f"ValueError: too hot (raised at line {explode.__code__.co_firstlineno + 2})" in message
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_function_of_columns_names_the_rows_it_had(rows: data.Dataset) -> None:
    with pytest.raises(
        DataError, match=r"map_batches\(lambda\) .*, \d+ rows from row 0 \(key 10\).*KeyError: 'z'"
    ):
        list(rows.map_batches(lambda b: b["z"]).iterate(block_rows=64))


def test_an_error_on_a_batch_names_where_it_begins(rows: data.Dataset) -> None:
    with pytest.raises(DataError, match=r"the batch that begins with row 0 \(key 10\)"):
        list(rows.batch(10).map(lambda b: 1 / 0))


def test_stopiteration_does_not_end_the_data_silently(rows: data.Dataset) -> None:
    with pytest.raises(DataError, match=r"row 777 .*StopIteration"):
        list(rows.map(stop))


def test_a_run_that_failed_fails_again_and_keeps_its_state(rows: data.Dataset) -> None:
    run = rows.map(explode).batch(100).iterate(block_rows=1)
    good = [next(run) for _ in range(7)]
    for _ in range(2):
        with pytest.raises(DataError, match="too hot"):
            next(run)
    again = rows.map(explode).batch(100).restore(run.state())
    assert good[-1]["x"][-1] == 699
    with pytest.raises(DataError, match="too hot"):
        next(again)


def test_another_shape_on_element_77_is_named(rows: data.Dataset) -> None:
    dataset = rows.map(lambda row: {"v": np.zeros(4 if row["x"] == 77 else 3)}).batch(50)
    with pytest.raises(
        DataError, match=r"in row 77 \(key 780\) `v` is float64\[4\], but in row 50 .*float64\[3\]"
    ):
        list(dataset)


def test_another_type_or_name_on_an_element_is_named() -> None:
    with pytest.raises(DataError, match="in row 2 `v` is a float, but in row 0 it is a int"):
        list(data.range(4).map(lambda x: {"v": 0.5 if x == 2 else x}).batch(4))
    with pytest.raises(DataError, match="in row 1 `v` is a str"):
        list(data.range(4).map(lambda x: {"v": "a" if x == 1 else 0.5}).batch(4))
    with pytest.raises(DataError, match="is a int, which does not stack"):
        list(data.range(4).map(lambda x: {"v": 2**63 + x}).batch(4))
    with pytest.raises(DataError, match=r"in row 3 has \['w'\], but in row 0 has \['v'\]"):
        list(data.range(4).map(lambda x: {"w": x} if x == 3 else {"v": x}).batch(4))
    with pytest.raises(DataError, match="is a object, which does not stack"):
        list(data.range(4).map(lambda x: {"v": object()}).batch(4))


def test_map_batches_keeps_the_number_of_rows() -> None:
    with pytest.raises(DataError, match=r"for \d rows.*drop rows with \.filter"):
        list(data.range(8).map_batches(lambda x: x[:-1]).iterate(block_rows=8))


def test_map_batches_gives_one_type() -> None:
    def moody(x: Any) -> Any:
        return x * (0.5 if x[0] else 1)

    with pytest.raises(DataError, match=r"it returned Spec\(: float64\), but before Spec\(: int64\)"):
        list(data.range(8).map_batches(moody).iterate(block_rows=4))


@pytest.mark.parametrize("returned", [None, 3, {"x": None}, {}])
def test_map_batches_returns_columns(returned: Any) -> None:
    with pytest.raises(DataError, match=r"it returned a .*Return a dict of columns"):
        list(data.range(8).map_batches(lambda x: returned))


def test_filter_wants_one_answer() -> None:
    with pytest.raises(DataError, match=r"filter\(lambda\).*row 0.*returned None"):
        list(data.range(3).filter(lambda x: None))
    with pytest.raises(DataError, match=r"array of shape \[2\]"):
        list(data.range(4).batch(2).filter(lambda b: b > 0))


def test_a_function_cannot_write_into_the_users_arrays() -> None:
    mine = np.arange(10.0)

    def careless(x: Any) -> Any:
        x += 1
        return x

    with pytest.raises(DataError, match="read-only"):
        list(data.from_arrays(mine).map_batches(careless))
    assert mine.tolist() == list(range(10))
    assert mine.flags.writeable


def test_a_source_that_returns_too_few_rows_is_named(table: Any) -> None:
    source = table(10)
    read = source.read
    source.read = lambda keys: read(keys[:-1])
    with pytest.raises(
        DataError, match=r"from_source\(Table, 10 keys\): the source returned 0 rows for 1 keys"
    ):
        list(data.from_source(source))
