from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import fixed_length


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of two, no and three records of three bytes, with a header of two bytes and a footer of one."""
    for name, codes in (("a", [1, 2]), ("b", []), ("c", [3, 4, 5])):
        records = b"".join(bytes([code, 0, code * 10]) for code in codes)
        (tmp_path / name).write_bytes(b"HH" + records + b"F")
    return tmp_path


AROUND: Any = {"header_bytes": 2, "footer_bytes": 1}


def test_bytes_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    expected = [bytes([code, 0, code * 10]) for code in range(1, 6)]
    laws(lambda: data.from_fixed_length(folder, record_bytes=3, **AROUND), expected)


def test_columns_obey_the_laws_and_have_the_byte_order_of_the_machine(
    folder: Path, laws: Callable[..., None]
) -> None:
    layout = [("label", "u1"), ("value", ">u2")]
    expected = [{"label": np.uint8(code), "value": np.uint16(code * 10)} for code in range(1, 6)]
    laws(lambda: data.from_fixed_length(folder, dtype=layout, **AROUND), expected)
    batch = next(iter(data.from_fixed_length(folder, dtype=layout, **AROUND).batch(5)))
    assert batch["value"].dtype.isnative
    assert sys.byteorder == "big" or batch["value"].dtype == np.dtype("<u2")


def test_arrays_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    expected = [np.array([code, 0, code * 10], np.uint8) for code in range(1, 6)]
    laws(lambda: data.from_fixed_length(folder, dtype=("u1", 3), **AROUND), expected)


def test_any_record_is_had_by_itself(folder: Path) -> None:
    dataset = data.from_fixed_length(folder, dtype=("u1", (3,)), **AROUND)
    assert len(dataset) == 5
    assert sorted(int(row[0]) for row in dataset.shuffle()) == [1, 2, 3, 4, 5]
    batch = next(iter(dataset.shuffle(seed=1).batch(5)))
    assert batch[:, 2].tolist() == (batch[:, 0] * 10).tolist()


def test_a_file_that_holds_no_whole_records_is_named(folder: Path) -> None:
    with pytest.raises(CorruptError, match=r"a: 9 bytes are no whole number of records of 4 bytes"):
        data.from_fixed_length(folder, record_bytes=4, **AROUND)


def test_a_file_that_changed_is_named_before_it_is_read(folder: Path) -> None:
    dataset = data.from_fixed_length(folder, record_bytes=3, **AROUND)
    assert len(list(dataset)) == 5
    content = (folder / "c").read_bytes()
    (folder / "c").write_bytes(content[:-3])
    run = iter(dataset)
    assert next(run) == bytes([1, 0, 10])
    with pytest.raises(DataError, match=r"c: the file has changed"):
        list(run)
    (folder / "c").unlink()
    with pytest.raises(DataError, match=r"c: the file is gone"):
        list(dataset)


def test_records_are_numbered_in_their_file(folder: Path) -> None:
    dataset = data.from_fixed_length(folder, dtype=("u1", 3), **AROUND).map(lambda row: 1 // (int(row[0]) - 4))
    with pytest.raises(DataError, match=r"/c, row 1"):
        list(dataset)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({}, "a record has no length"),
        ({"record_bytes": 0}, "a record has no length"),
        ({"dtype": "O"}, "a record has no length"),
        ({"dtype": "none"}, "no numpy dtype"),
        ({"record_bytes": 3, "dtype": "f4"}, "record_bytes=3, but a record of float32 has 4 bytes"),
        ({"record_bytes": 3, "header_bytes": -1}, "header_bytes=-1 is negative"),
    ],
)
def test_wrong_parameters_are_refused(folder: Path, wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        data.from_fixed_length(folder, **wrong)


def test_few_files_are_mapped_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, laws: Callable[..., None]
) -> None:
    monkeypatch.setattr(fixed_length, "_MOST_MAPPED", 1)
    expected = [np.uint8(code) for code in (3, 1, 5, 2, 4)]
    rows = data.from_fixed_length(folder, dtype=[("x", "u1"), ("_", "V2")], **AROUND)
    order = list(rows.shuffle(seed=2))
    laws(lambda: rows.shuffle(seed=2), order)
    assert sorted(row["x"] for row in order) == sorted(expected)
