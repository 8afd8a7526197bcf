from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError

datasets = pytest.importorskip("datasets")


def made(count: int = 9) -> Any:
    rows = {
        "x": list(range(count)),
        "s": [f"n{x}" for x in range(count)],
        "v": [[x, x + 1] for x in range(count)],
    }
    features = datasets.Features(
        {
            "x": datasets.Value("int64"),
            "s": datasets.Value("string"),
            "v": datasets.Sequence(datasets.Value("float32"), length=2),
        }
    )
    return datasets.Dataset.from_dict(rows, features=features)


ROWS = [{"x": x, "s": f"n{x}", "v": np.array([x, x + 1], np.float32)} for x in range(9)]


def test_rows_obey_the_laws(laws: Callable[..., None]) -> None:
    dataset = made()
    laws(lambda: data.from_datasets(dataset), ROWS)


def test_selected_and_shuffled_rows_come_in_their_order(laws: Callable[..., None]) -> None:
    dataset = made().select([8, 1, 5, 5])
    laws(lambda: data.from_datasets(dataset), [ROWS[8], ROWS[1], ROWS[5], ROWS[5]])
    shuffled = made().shuffle(seed=1)
    assert [row["x"] for row in data.from_datasets(shuffled)] == shuffled["x"][:]


def test_access_is_random() -> None:
    dataset = data.from_datasets(made())
    assert len(dataset) == 9
    assert sorted(row["x"] for row in dataset.shuffle()) == list(range(9))


def test_datasets_on_disk_are_equal_when_loaded_again(tmp_path: Path) -> None:
    made().save_to_disk(str(tmp_path))
    first, second = (data.from_datasets(datasets.load_from_disk(str(tmp_path))) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert [row["s"] for row in first] == [f"n{x}" for x in range(9)]
    assert data.from_datasets(made(5)).fingerprint != first.fingerprint


def test_a_stream_obeys_the_laws(laws: Callable[..., None]) -> None:
    def rows() -> Iterator[dict[str, int]]:
        for x in range(9):
            yield {"x": x}

    stream = datasets.IterableDataset.from_generator(rows)
    laws(lambda: data.from_datasets(stream), [{"x": x} for x in range(9)])
    order = [row["x"] for row in stream.shuffle(seed=1, buffer_size=4)]
    laws(lambda: data.from_datasets(stream.shuffle(seed=1, buffer_size=4)), [{"x": x} for x in order])


def test_without_the_library_its_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made()
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"`datasets` is not installed\. pip install 'headwater\[data\]'"):
        data.from_datasets(dataset)


def test_what_is_no_dataset_is_refused() -> None:
    with pytest.raises(DataError, match=r"a dict of the splits \['train'\]"):
        data.from_datasets(datasets.DatasetDict({"train": made()}))
    with pytest.raises(DataError, match=r"a list is no dataset of the library"):
        data.from_datasets([1])
