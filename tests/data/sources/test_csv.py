from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import lines


@pytest.fixture(params=[1 << 20, 40])
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files with rows, without, empty, and one whose columns come in another order; read whole or in bits."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", request.param)
    (tmp_path / "a.csv").write_text('x,y,s\n1,0.5,one\n2,1.5,"two, or\n""more"""\n3,,\n')
    (tmp_path / "b.csv").write_text("x,y,s\n")
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "d.csv").write_bytes(b'y,s,x\r\n3.5,"four\n\n",4\r\n\r\n4.5,five,5')
    return tmp_path


ROWS = [
    {"x": 1, "y": 0.5, "s": "one"},
    {"x": 2, "y": 1.5, "s": 'two, or\n"more"'},
    {"x": 3, "y": np.nan, "s": ""},
    {"x": 4, "y": 3.5, "s": "four\n\n"},
    {"x": 5, "y": 4.5, "s": "five"},
]


def test_rows_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    rows = [row for row in ROWS if row["x"] != 3]  # NaN is not equal to itself
    laws(lambda: data.from_csv(folder).filter(lambda row: row["x"] != 3), rows)
    laws(lambda: data.from_csv(folder, columns=["s", "x"]), [{"s": row["s"], "x": row["x"]} for row in ROWS])


def test_a_missing_float_is_nan(folder: Path) -> None:
    assert np.isnan(list(data.from_csv(folder))[2]["y"])


def test_compressed_rows_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    for path in list(folder.iterdir()):
        path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    laws(lambda: data.from_csv(folder, columns=["x"]), [{"x": row["x"]} for row in ROWS])


def test_names_and_types_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1;'a;b'\n2;c\n")
    dataset = data.from_csv(tmp_path / "a", names=["n", "s"], types={"n": "float32"}, delimiter=";", quote="'")
    assert list(dataset) == [{"n": np.float32(1), "s": "a;b"}, {"n": np.float32(2), "s": "c"}]
    assert next(iter(dataset.batch(2)))["n"].dtype == np.float32


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("7,x,s", r"invalid value 'x'"),
        ("7,8", r"Expected 3 columns, got 2"),
        ("7,8,9,10", r"Expected 3 columns, got 4"),
        ("7.5,1,s", r"invalid value '7\.5'"),
    ],
)
def test_a_bad_row_is_named_after_the_good_ones(folder: Path, row: str, problem: str) -> None:
    (folder / "b.csv").write_text(f"x,y,s\n6,1,s\n8,1,s\n\n{row}\n9,1,s\n")
    run = iter(data.from_csv(folder, columns=None))
    assert [next(run)["x"] for _ in range(5)] == [1, 2, 3, 6, 8]
    with pytest.raises(CorruptError, match=rf"b\.csv, row 2 \(line 5\): .*{problem}"):
        next(run)
    assert run.state()


def test_a_bad_row_in_the_first_lines_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n")
    with pytest.raises(CorruptError, match=r"a\.csv, row 1 \(line 3\): Expected 2 columns, got 1"):
        list(data.from_csv(tmp_path))


def test_a_missing_integer_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n,3\n")
    with pytest.raises(DataError, match=r"`x` \(int64\) has no value in row 1"):
        list(data.from_csv(tmp_path))
    assert next(iter(data.from_csv(tmp_path, types={"x": "float64"}, columns=["x"]))) == {"x": 1.0}


def test_columns_that_are_not_there_are_named(folder: Path) -> None:
    with pytest.raises(DataError, match=r"no column `z`"):
        list(data.from_csv(folder, columns=["z"]))
    with pytest.raises(DataError, match=r"no column `xx`\. Did you mean `x`"):
        list(data.from_csv(folder, types={"xx": "int64"}))
    (folder / "b.csv").write_text("x,s\n1,a\n")
    with pytest.raises(DataError, match=r"b\.csv: there is no column `y`"):
        list(data.from_csv(folder))


def test_wrong_parameters_are_refused(folder: Path) -> None:
    for wrong in (
        {"delimiter": "||"},
        {"quote": "é"},
        {"types": {"x": "int31"}},
        {"columns": "x"},
        {"names": ["a", "a"]},
    ):
        with pytest.raises(DataError, match=r"data\.from_csv"):
            data.from_csv(folder, **wrong)
