"""What was saved is loaded as it was, by number or while it grows."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.clock import FakeClock
from headwater.core.errors import CorruptError, DataError, LockedError
from headwater.data.cursor import Env
from headwater.data.sources.saved import Growing
from headwater.data.store.folder import Folder


def rows(x: int) -> dict[str, Any]:
    return {"x": x, "f": np.float64(x / 2), "text": f"number {x}", "v": np.full(2, x, np.int8)}


def save_in_chunks(dataset: data.Dataset, folder: Path, size: int) -> Path:
    """Save, a chunk for every `size` elements: a run left again and again."""
    from headwater.data.operators.cache import Cache

    node = Cache(dataset.graph.root, folder, keyed=False)
    for count in range(size, 1_000, size):
        with data.Dataset(data.Graph(node, dataset.graph.seed)).iterate(block_rows=1) as run:
            for _ in zip(range(count), run, strict=False):
                pass
        if Folder(folder).end is not None:
            break
    return dataset.save(folder)


def columns() -> data.Dataset:
    return data.range(20).filter(lambda x: x != 3)


def mapped() -> data.Dataset:
    return data.range(20).map(rows)


def batched() -> data.Dataset:
    return data.from_arrow(pa.table({"x": range(20), "s": [str(x) for x in range(20)]})).batch(3)


@pytest.mark.parametrize("build", [columns, mapped, batched])
@pytest.mark.parametrize("size", [4, 100])
def test_elements_come_back_in_order(
    build: Callable[[], data.Dataset], size: int, tmp_path: Path, laws: Callable[..., None]
) -> None:
    folder = save_in_chunks(build(), tmp_path / "saved", size)
    expected = list(build())
    assert len(list(folder.glob("*.arrow"))) == -(-len(expected) // size)
    laws(lambda: data.load(folder), expected)
    laws(lambda: data.load(folder, wait=True), expected)
    loaded = data.load(folder)
    assert len(loaded) == len(expected)
    assert loaded.graph.root.depth == build().graph.root.depth
    assert data.load(save_in_chunks(build(), tmp_path / "other", 3)).fingerprint == loaded.fingerprint


@pytest.mark.parametrize("build", [columns, mapped, batched])
def test_any_element_is_had_by_its_number(
    build: Callable[[], data.Dataset], tmp_path: Path, plain: Callable[[Any], Any], laws: Callable[..., None]
) -> None:
    folder = save_in_chunks(build(), tmp_path / "saved", 4)
    elements = list(build())
    order = [int(at) for at in data.range(len(elements)).shuffle()]
    laws(lambda: data.load(folder).shuffle(), [elements[at] for at in order])
    laws(lambda: data.load(folder).skip(3).take(2), elements[3:5])


def test_operators_go_on_from_what_was_loaded(tmp_path: Path) -> None:
    folder = batched().save(tmp_path / "saved")
    sums = data.load(folder).map_batches(lambda batch: {"sum": batch["x"].sum(keepdims=True)}).shuffle(2)
    assert sorted(int(batch["sum"][0]) for batch in sums) == sorted(int(b["x"].sum()) for b in batched())
    loaded = data.load(columns().save(tmp_path / "c"))
    assert list(loaded.map(lambda x: x + 1).take(4)) == [1, 2, 3, 5]


def test_nothing_is_saved_and_loaded_too(tmp_path: Path, laws: Callable[..., None]) -> None:
    folder = data.range(0).save(tmp_path / "empty")
    laws(lambda: data.load(folder), [])
    laws(lambda: data.load(folder, wait=True), [])


def test_a_cache_is_loaded_from_its_folder(tmp_path: Path) -> None:
    cached = data.range(9).cache(tmp_path)
    with pytest.raises(DataError, match="no dataset was saved"):
        data.load(tmp_path)
    run = iter(cached)
    next(run)
    run.close()
    (folder,) = tmp_path.iterdir()
    with pytest.raises(DataError, match=r"not saved to its end.*wait=True"):
        data.load(folder)
    list(cached)
    assert list(data.load(folder)) == list(range(9))


def test_a_killed_save_goes_on_where_it_stopped(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, sys
            from headwater import data
            folder, limit = sys.argv[1], int(sys.argv[2])
            calls = [0]
            def function(x):
                if calls[0] == limit:
                    os.kill(os.getpid(), 9)
                calls[0] += 1
                return bytes([x % 256]) * 200_000
            data.range(150).map(function).with_options(parallel="inline", prefetch=False).save(folder)
            print(calls[0])
            """
        )
    )
    command = [sys.executable, str(script), str(tmp_path / "saved")]
    killed = subprocess.run([*command, "120"], check=False, capture_output=True)
    assert killed.returncode == -9
    chunks = [pair[1] for pair in Folder(tmp_path / "saved").pairs]
    done = subprocess.run([*command, "1000"], check=True, capture_output=True, text=True)
    assert 0 < chunks[-1] < 120
    assert int(done.stdout) == 150 - chunks[-1]
    assert [element[0] for element in data.load(tmp_path / "saved")] == list(range(150))


def test_progress_is_reported_with_the_known_number(tmp_path: Path) -> None:
    told: list[Any] = []
    data.range(10).save(tmp_path / "known", report=lambda *it: told.append(it))
    assert told[-1] == (10, 10)
    columns().save(tmp_path / "unknown", report=lambda *it: told.append(it))
    assert told[-1] == (19, None)


def test_what_another_dataset_wrote_is_not_touched(tmp_path: Path) -> None:
    folder = data.range(3).save(tmp_path / "saved")
    with pytest.raises(DataError, match=r"another dataset.*another folder"):
        data.range(4).save(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files"):
        data.range(4).save(tmp_path / "other")
    with pytest.raises(DataError, match="this is a file"):
        data.range(4).save(tmp_path / "other" / "precious.txt")
    with pytest.raises(DataError, match=r"endless.*take"):
        data.range(4).repeat().save(tmp_path / "endless")
    assert list(data.load(folder)) == [0, 1, 2]


def test_two_saves_at_once_are_refused(tmp_path: Path) -> None:
    writer = Folder(tmp_path / "saved", about={"key": data.range(3).fingerprint, "depth": 0})
    writer.acquire()
    with pytest.raises(LockedError, match=r"another process is saving.*wait=True"):
        data.range(3).save(tmp_path / "saved")
    writer.close()
    assert list(data.load(data.range(3).save(tmp_path / "saved"))) == [0, 1, 2]


def test_a_damaged_file_is_named_and_saving_again_mends_it(tmp_path: Path) -> None:
    folder = save_in_chunks(mapped(), tmp_path / "saved", 5)
    path = sorted(folder.glob("*.arrow"))[1]
    for content in (path.read_bytes()[:-1], b""):
        path.write_bytes(content)
        with pytest.raises(CorruptError, match=rf"{path.name}.*damaged.*Save the dataset again"):
            list(data.load(folder))
    path.unlink()
    for wait in (False, True):
        with pytest.raises(CorruptError, match=r"element 5.*not there"):
            list(data.load(folder, wait=wait))
    mapped().save(folder)
    assert [element["x"] for element in data.load(folder)] == list(range(20))


def test_a_file_that_vanishes_between_epochs_is_named(tmp_path: Path) -> None:
    folder = save_in_chunks(columns(), tmp_path / "saved", 5)
    loaded = data.load(folder)
    assert loaded.graph.root.cardinality == 19
    sorted(folder.glob("*.arrow"))[-1].unlink()
    with pytest.raises(CorruptError, match=r"element 15.*not there.*Save the dataset again"):
        list(loaded)


@pytest.mark.parametrize("about", ["", "{}", json.dumps({"format": "other"})])
def test_a_folder_of_another_format_is_refused(tmp_path: Path, about: str) -> None:
    (tmp_path / "about.json").write_text(about)
    with pytest.raises(DataError, match="not of the form"):
        data.load(tmp_path)


def test_waiting_reads_what_is_being_written(tmp_path: Path) -> None:
    writer = Folder(tmp_path, about={"key": "k", "depth": 0})
    assert writer.acquire()
    from headwater.data.block import BARE, Columns
    from headwater.data.store.chunk import Chunk

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            start = len(self.naps) * 2 - 2
            if start == 6:
                writer.finish(6)
            else:
                numbers = np.arange(start, start + 2)
                writer.put(Chunk(start, Columns({BARE: numbers}, numbers), {}, {}))

    cursor = Growing(tmp_path, "k").open(Env(clock=Clock()), None)
    found = []
    while (block := cursor.next(10)) is not None:
        found += block.elements()
    assert found == list(range(6))
    writer.close()


def test_waiting_gives_up_when_nobody_writes(tmp_path: Path) -> None:
    writer = Folder(tmp_path, about={"key": "k", "depth": 0})
    writer.acquire()
    writer.close()
    clock = FakeClock()
    with pytest.raises(DataError, match=r"nobody has gone on writing for 5 s, after 0.*Run the save"):
        Growing(tmp_path, "k", timeout_s=5).open(Env(clock=clock), None).next(1)
    assert 4.9 < clock.now() < 6
