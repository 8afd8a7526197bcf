"""Columns that functions say they read and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]


def rows(count: int) -> data.Dataset:
    return data.from_arrays({"key": np.arange(count) * 10, "x": np.arange(count), "y": np.arange(count) / 4})


def items(count: int) -> data.Dataset:
    return rows(count).map(lambda row: dict(row))


def add_z(row: dict[str, Any]) -> dict[str, Any]:
    assert list(row) == ["x"]
    return {"z": row["x"] * 2}


@pytest.mark.parametrize("build", [rows, items])
@pytest.mark.parametrize("operator", ["map", "map_batches"])
def test_a_function_gets_what_it_reads_and_all_else_stays(
    laws: Laws, build: Callable[[int], data.Dataset], operator: str
) -> None:
    def added() -> data.Dataset:
        dataset: data.Dataset = getattr(build(5), operator)(add_z, reads=("x",), writes=("z",))
        return dataset

    def replaced() -> data.Dataset:
        dataset: data.Dataset = getattr(build(5), operator)(add_z, reads=("x",))
        return dataset

    laws(added, [{"key": i * 10, "x": i, "y": i / 4, "z": i * 2} for i in range(5)])
    laws(replaced, [{"z": i * 2, "key": i * 10} for i in range(5)])


@pytest.mark.parametrize("operator", ["map", "map_batches"])
def test_a_function_that_only_writes_gets_everything(laws: Laws, operator: str) -> None:
    def build() -> data.Dataset:
        dataset: data.Dataset = getattr(rows(3), operator)(lambda row: {"y": row["x"] - row["y"]}, writes=["y"])
        return dataset

    laws(build, [{"key": i * 10, "x": i, "y": i - i / 4} for i in range(3)])


@pytest.mark.parametrize("build", [rows, items])
def test_a_predicate_gets_what_it_reads(laws: Laws, build: Callable[[int], data.Dataset]) -> None:
    def is_kept(row: dict[str, Any]) -> bool:
        assert list(row) == ["x"]
        return bool(row["x"] > 3)

    laws(lambda: build(6).filter(is_kept, reads=["x"]), [{"key": i * 10, "x": i, "y": i / 4} for i in (4, 5)])


def test_batches_have_declared_columns_too(laws: Laws) -> None:
    expected = [
        {"key": np.array([0, 10]), "x": np.array([0, 1]), "y": np.array([0, 0.25]), "z": np.array([0, 2])}
    ]
    for operator in ("map", "map_batches"):
        laws(lambda name=operator: getattr(rows(2).batch(2), name)(add_z, reads=["x"], writes=["z"]), expected)


@pytest.mark.parametrize("operator", ["map", "map_batches", "filter"])
@pytest.mark.parametrize("build", [rows, items])
def test_a_column_that_is_not_there_is_named(build: Callable[[int], data.Dataset], operator: str) -> None:
    with pytest.raises(DataError, match=rf"\.{operator}\(add_z\).*row 0 \(key 0\).*no column `xx`.*mean `x`"):
        list(getattr(build(3), operator)(add_z, reads=["xx"]))


@pytest.mark.parametrize("operator", ["map", "map_batches"])
def test_what_a_function_returns_must_be_what_it_writes(operator: str) -> None:
    with pytest.raises(DataError, match=r"row 0 \(key 0\): it returned \['z'\], but writes=\('w',\)"):
        list(getattr(rows(3), operator)(add_z, reads=["x"], writes=["w"]))
    with pytest.raises(DataError, match="has no columns"):
        list(getattr(rows(3), operator)(lambda row: row["x"], reads=["x"], writes=["w"]))


@pytest.mark.parametrize("operator", ["map", "map_batches", "filter"])
def test_plain_values_have_no_columns_to_declare(operator: str) -> None:
    with pytest.raises(DataError, match="has no columns, but reads= or writes= name some"):
        list(getattr(data.range(3), operator)(lambda x: x, reads=["x"]))


def test_declarations_are_checked_at_once() -> None:
    with pytest.raises(DataError, match=r"reads='x' is one text.*Write \('x',\)"):
        rows(3).map(add_z, reads="x")
    with pytest.raises(DataError, match="names no column"):
        rows(3).map(add_z, writes=())
    with pytest.raises(DataError, match="names a column twice"):
        rows(3).filter(add_z, reads=("x", "x"))
    wrongs: list[Callable[[], Any]] = [
        lambda: rows(3).map(pc.field("x"), reads=["x"]),
        lambda: rows(3).map({"z": pc.field("x")}, writes=["z"]),
        lambda: rows(3).filter(pc.field("x") > 1, reads=["x"]),
    ]
    for wrong in wrongs:
        with pytest.raises(DataError, match="an expression says itself"):
            wrong()


def test_what_is_declared_is_part_of_the_identity_and_shown() -> None:
    prints = {
        rows(3).map(add_z).fingerprint,
        rows(3).map(add_z, reads=["x"]).fingerprint,
        rows(3).map(add_z, writes=["x"]).fingerprint,
        rows(3).map_batches(add_z).fingerprint,
        rows(3).map_batches(add_z, reads=["x"]).fingerprint,
    }
    assert len(prints) == 5
    assert "map(add_z, reads=('x',), writes=('z',))" in repr(rows(3).map(add_z, reads=["x"], writes=["z"]))
