from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import lines


@pytest.fixture(params=[1 << 20, 50])
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files with empty lines, without any object, and one that lacks a field; read whole or in bits."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", request.param)
    (tmp_path / "a.jsonl").write_text('{"x": 1, "s": "one", "l": [1, 2]}\n\n{"x": 2, "s": "zwö", "l": []}\n')
    (tmp_path / "b.jsonl").write_text("")
    (tmp_path / "c.jsonl").write_text("\n \n")
    (tmp_path / "d.jsonl").write_text('{"s": "a\\nb", "x": 3}\n{"l": [3], "x": 4, "s": null}')
    return tmp_path


ROWS: list[dict[str, Any]] = [
    {"x": 1, "s": "one", "l": [1, 2]},
    {"x": 2, "s": "zwö", "l": []},
    {"x": 3, "s": "a\nb", "l": None},
    {"x": 4, "s": None, "l": [3]},
]


def test_objects_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_jsonl(folder), ROWS)
    laws(lambda: data.from_jsonl(folder, columns=["l", "x"]), [{"l": row["l"], "x": row["x"]} for row in ROWS])


def test_compressed_objects_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    for path in list(folder.iterdir()):
        path.with_suffix(".jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
        path.unlink()
    laws(lambda: data.from_jsonl(folder), ROWS)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"x": 9, "s": "t"', "Missing a comma"),
        ('{"x": "nine"}', "changed from number to string"),
        ("[1]", "changed from object to array"),
        ('{"x": 9, "z": 1}', "it has a field that the first lines do not have"),
    ],
)
def test_a_bad_line_is_named_after_the_good_ones(folder: Path, line: str, problem: str) -> None:
    (folder / "b.jsonl").write_text(f'{{"x": 8, "s": "", "l": []}}\n\n{line}\n{{"x": 9}}\n')
    run = iter(data.from_jsonl(folder))
    assert [next(run)["x"] for _ in range(3)] == [1, 2, 8]
    with pytest.raises(CorruptError, match=rf"b\.jsonl, line 3: .*{problem}"):
        next(run)
    assert run.state()


def test_a_bad_first_line_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\nno\n")
    with pytest.raises(CorruptError, match=r"a\.jsonl, line 2: .*Invalid value"):
        list(data.from_jsonl(tmp_path))


def test_columns_asked_for_let_other_fields_pass(folder: Path) -> None:
    (folder / "b.jsonl").write_text('{"x": 8, "z": 1}\n')
    assert [row["x"] for row in data.from_jsonl(folder, columns=["x"])] == [1, 2, 8, 3, 4]
    found = list(data.from_jsonl(folder, columns=["x", "z"], types={"z": "float64"}))
    assert found[2] == {"x": 8, "z": 1.0}
    with pytest.raises(DataError, match=r"no column `y`"):
        list(data.from_jsonl(folder, columns=["y"]))


def test_a_missing_integer_is_named(folder: Path) -> None:
    (folder / "b.jsonl").write_text('{"x": 8}\n{"s": "t"}\n')
    with pytest.raises(DataError, match=r"b\.jsonl: column `x` \(int64\) has no value in row 1"):
        list(data.from_jsonl(folder))


def test_a_dataset_of_no_objects_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n")
    assert list(data.from_jsonl(tmp_path)) == []
