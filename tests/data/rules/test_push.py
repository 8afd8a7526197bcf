"""Filters by expressions become part of sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.graph import Graph
from headwater.data.rules import rewrite
from headwater.data.sources import parquet

Laws = Callable[..., None]
x, y = pc.field("x"), pc.field("y")


def columns(count: int) -> dict[str, Any]:
    return {
        "key": np.arange(count) * 10,
        "x": np.arange(count),
        "y": np.arange(count) % 4,
        "z": np.arange(count) / 2,
    }


def row(i: int) -> dict[str, Any]:
    return {"key": i * 10, "x": i, "y": i % 4, "z": i / 2}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for at, part in enumerate((slice(0, 17), slice(17, 17), slice(17, 40))):
        table = pa.table({name: column[part] for name, column in columns(40).items()})
        pq.write_table(table, tmp_path / f"{at}.parquet", row_group_size=6)
    return tmp_path


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Row group and columns of each decoding."""
    seen: list[tuple[Any, ...]] = []
    batches = parquet.Parquet._batches

    def noted(self: Any, opened: Any, path: Path, group: int, names: Any) -> Any:
        seen.append((int(path.stem), group, *names))
        return batches(self, opened, path, group, names)

    monkeypatch.setattr(parquet.Parquet, "_batches", noted)
    return seen


def after(dataset: data.Dataset) -> str:
    return str(Graph(rewrite(dataset.graph.root)))


@pytest.mark.parametrize(
    ("predicate", "passes"),
    [
        (x > 30, lambda i: i > 30),
        (y == 1, lambda i: i % 4 == 1),
        ((y == 1) & (x < 9), lambda i: i % 4 == 1 and i < 9),
        ((y == 1) | (pc.field("z") == 15), lambda i: i % 4 == 1 or i == 30),
        (x.isin([5, 6, 39]), lambda i: i in (5, 6, 39)),
        (x > 99, lambda i: False),
        (y == 9, lambda i: False),
        (x >= 0, lambda i: True),
    ],
)
def test_files_give_what_passes_and_resume_at_any_row(
    laws: Laws, files: Path, predicate: pc.Expression, passes: Callable[[int], bool]
) -> None:
    laws(lambda: data.from_parquet(files).filter(predicate), [row(i) for i in range(40) if passes(i)])
    laws(
        lambda: data.from_parquet(files).filter(predicate).select("z").batch(3),
        list(data.from_arrays(columns(40)).filter(predicate).select("z").batch(3)),
    )


def test_row_groups_are_decoded_where_rows_may_pass(files: Path, decoded: list[Any]) -> None:
    assert len(list(data.from_parquet(files).filter((x >= 20) & (x < 25)).select("x", "z"))) == 5
    assert decoded == [(2, 0, "key", "x"), (2, 0, "z"), (2, 1, "key", "x"), (2, 1, "z")]


def test_the_rest_of_a_row_group_is_decoded_if_a_row_passes(files: Path, decoded: list[Any]) -> None:
    # The statistics of y are alike everywhere.
    assert [it["x"] for it in data.from_parquet(files).filter((y == 2) & (x - y == 4)).select("x", "z")] == [6]
    assert [it for it in decoded if "z" in it] == [(0, 1, "z")]


def test_a_filter_on_all_columns_reads_them_once(files: Path, decoded: list[Any]) -> None:
    assert len(list(data.from_parquet(files / "0.parquet").filter(x > 3).map(x))) == 13
    assert decoded == [(0, 0, "key", "x"), (0, 1, "key", "x"), (0, 2, "key", "x")]


def test_it_shows_in_the_graph(files: Path) -> None:
    runs = after(data.from_parquet(files).filter(x > 3).filter(y < 2).map(y))
    assert runs.startswith(
        f"from_parquet({files}/0.parquet and 2 more, columns=['key', 'x', 'y'], only (x > 3) & (y < 2))"
    )
    assert ".filter" not in runs
    memory = after(data.from_arrays(columns(9)).shuffle().filter(x > 3).select("z"))
    assert ".sift(from_arrays(key, x; 9 rows) and from_arrays(z; 9 rows), x > 3)" in memory


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.filter(lambda row: True),
        lambda it: it.take(9).filter(x > 3),
        lambda it: it.map(lambda row: row).filter(x > 3),
        lambda it: it.filter(pc.field("unknown") > 3),
        lambda it: it.filter(pc.scalar(value=True)),
        lambda it: it.filter(x > 3).ignore_errors(),
    ],
)
def test_a_filter_stays(files: Path, change: Callable[[data.Dataset], data.Dataset]) -> None:
    assert ".filter(" in after(change(data.from_parquet(files)))


def test_one_that_could_fail_is_not_pushed_with_another(files: Path) -> None:
    both = data.from_parquet(files).filter(x != 0).filter(pc.scalar(6) / x == 2)
    assert after(both).endswith(".filter(6 / x == 2)") or ".filter((6 / x) == 2)" in after(both)
    assert [it["x"] for it in both] == [3]


@pytest.mark.parametrize("kind", ["parquet", "arrays"])
def test_an_error_names_the_row_and_its_key(files: Path, kind: str) -> None:
    source = data.from_parquet(files / "0.parquet") if kind == "parquet" else data.from_arrays(columns(17))
    dataset = source.filter(pc.scalar(6) / (x - 9) > 2)
    messages = []
    for rules in (None, ()):
        with pytest.raises(
            DataError, match=r"row 9 \(key 90\): Arrow cannot compute it: divide by zero"
        ) as caught:
            list(dataset.with_options(rules=rules))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_a_missing_number_is_named_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": range(9), "n": [None, 1, 2, None, 4, 5, 6, 7, 8]}), path, row_group_size=4)
    with pytest.raises(DataError, match=r"row group 0: column `n` \(int64\) has no value in row 3"):
        list(data.from_parquet(path).filter(x.isin([2, 3, 4])))
    assert [it["n"] for it in data.from_parquet(path).filter(x > 3)] == [4, 5, 6, 7, 8]


def test_a_damaged_row_group_is_named_unless_no_row_of_it_can_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"x": range(200), "n": np.random.default_rng(0).random(200)})
    pq.write_table(
        table, path, row_group_size=100, compression=None, use_dictionary=False, write_page_checksum=True
    )
    at = pq.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset + 200
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    assert len(list(data.from_parquet(path).filter(x < 100))) == 100
    with pytest.raises(DataError, match="row group 1 cannot be read"):
        list(data.from_parquet(path).filter(x < 101))


def test_of_a_source_with_random_access_other_columns_are_read_for_what_passes(laws: Laws) -> None:
    seen: list[tuple[list[str], int]] = []

    class Store:
        fingerprint = "store"
        columns = columns(20)

        @property
        def spec(self) -> Any:
            return dict.fromkeys(self.columns)

        def keys(self) -> Any:
            return self.columns["key"]

        def read(self, keys: Any) -> Any:
            return self.read_columns(keys, list(self.columns))

        def read_columns(self, keys: Any, names: Any) -> Any:
            seen.append((list(names), len(keys)))
            return {name: self.columns[name][keys // 10] for name in names}

    found = list(data.from_source(Store()).filter(x > 16).iterate(block_rows=20))
    assert found == [row(17), row(18), row(19)]
    assert seen == [(["key", "x"], 20), (["y", "z"], 3)]
    laws(lambda: data.from_source(Store()).filter(y == 1), [row(i) for i in range(20) if i % 4 == 1])


def test_ipc_and_csv_read_the_columns_that_are_used(tmp_path: Path) -> None:
    table = pa.table(columns(9))
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_stream(tmp_path / "b.arrow", table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "a.csv").write_text("x,y,z\n1,2,3\n4,5,oops\n")
    expected = [{"x": 7}, {"x": 8}]
    for path in (tmp_path / "a.arrow", tmp_path / "b.arrow"):
        assert list(data.from_ipc(path).filter(x > 6).select("x")) == expected
    assert "sift" in after(data.from_ipc(tmp_path / "a.arrow").filter(x > 6).select("x", "y"))
    assert list(data.from_csv(tmp_path / "a.csv").select("y")) == [{"y": 2}, {"y": 5}]
