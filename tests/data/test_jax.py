"""JAX arrays from elements."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from headwater import data

jax = pytest.importorskip("jax")


def batches() -> data.Dataset:
    columns = {
        "x": np.arange(20, dtype=np.float32).reshape(10, 2),
        "y": np.arange(10),
        "s": pa.array(["a"] * 10),
    }
    return data.from_arrays(columns).shuffle().batch(4)


def test_arrays_hold_what_the_elements_hold() -> None:
    for ours, theirs in zip(batches(), batches().to_jax(), strict=True):
        assert isinstance(theirs["x"], jax.Array)
        assert np.array_equal(ours["x"], np.asarray(theirs["x"]))
        assert ours["y"].tolist() == theirs["y"].tolist()
        assert theirs["s"].to_pylist() == ours["s"].to_pylist()


def test_arrays_do_not_change_when_the_elements_do() -> None:
    array = np.arange(4096.0, dtype=np.float32)
    element = data.range(1).map(lambda _: {"x": array}).to_jax()
    converted = next(iter(element))["x"]
    array += 1
    assert converted.tolist() == list(range(4096))


def test_arrays_lie_where_they_are_wanted() -> None:
    device = jax.devices()[0]
    assert next(iter(batches().to_jax(device=device)))["x"].devices() == {device}


def test_plain_values_and_swapped_bytes_are_converted() -> None:
    assert [x.tolist() for x in data.range(3).to_jax()] == [0, 1, 2]
    assert [x.tolist() for x in data.from_arrays(np.arange(2, dtype=">f4")).batch(2).to_jax()] == [[0.0, 1.0]]


def test_a_state_goes_on_exactly() -> None:
    arrays = batches().to_jax()
    run = iter(arrays)
    next(run)
    again = batches().to_jax(columns=["y"])
    again.load_state_dict(arrays.state_dict())
    assert [b["y"].tolist() for b in again] == [b["y"].tolist() for b in run]


def test_columns_are_read_through_dlpack() -> None:
    batch = next(
        iter(data.from_arrays({"x": np.arange(4, dtype=np.float32)}).map_batches(lambda c: c).batch(4))
    )
    array = np.array(batch["x"])
    assert jax.dlpack.from_dlpack(array).tolist() == [0, 1, 2, 3]
