"""Elements are made once, and are those that an uncached dataset gives."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError, StorageFullError
from headwater.data.store.columns import NotStorableError

PLACES = [None, "folder"]


class Counted:
    """A function that says how often it was called."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, x: int) -> Any:
        self.calls.append(x)
        return {"x": x, "square": float(x * x), "text": f"number {x}"}


def rows(*numbers: int) -> list[Any]:
    return [{"x": x, "square": float(x * x), "text": f"number {x}"} for x in numbers]


@pytest.fixture(params=PLACES, ids=["memory", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param is None else tmp_path / "cache"


def files(folder: Path | None) -> list[Path]:
    assert folder is not None
    return sorted(folder.rglob("*.arrow"))


def test_the_elements_are_those_of_the_dataset(laws: Callable[..., None], place: Path | None) -> None:
    laws(lambda: data.range(12).map(Counted()).cache(place), rows(*range(12)))
    laws(lambda: data.range(7).filter(lambda x: x % 2 == 0).cache(place), [0, 2, 4, 6])
    laws(lambda: data.range(5).batch(2).cache(place), [np.array([0, 1]), np.array([2, 3]), np.array([4])])
    laws(lambda: data.range(0).cache(place), [])
    laws(lambda: data.range(4).cache(place).repeat(2), [0, 1, 2, 3] * 2)
    texts = pa.table({"s": ["a", None, "c"], "v": [1.5, 2.5, 3.5]})
    laws(lambda: data.from_arrow(texts).filter(lambda row: row["v"] > 2).cache(place), texts.to_pylist()[1:])


def test_each_element_is_made_once(place: Path | None) -> None:
    counted = Counted()
    dataset = (
        data.range(100).map(counted).cache(place).with_options(parallel="inline", prefetch=False).repeat(3)
    )
    assert list(dataset) == list(dataset) == rows(*range(100)) * 3
    assert counted.calls == list(range(100))


@pytest.mark.parametrize("how", ["left", "closed", "prefetched"])
def test_what_a_run_made_that_was_left_is_not_made_again(place: Path | None, how: str) -> None:
    counted = Counted()
    dataset = data.range(50).map(counted).cache(place).with_options(parallel="inline", prefetch=False)
    run = iter(dataset.prefetch(4) if how == "prefetched" else dataset)
    assert [next(run) for _ in range(20)] == rows(*range(20))
    if how != "left":
        run.close()
    del run
    gc.collect()
    made = len(counted.calls)
    assert 20 <= made < 50
    assert list(dataset) == rows(*range(50))
    assert counted.calls == list(range(50))


def test_a_state_goes_on_where_nothing_is_kept_and_leaves_a_gap_that_is_filled(place: Path | None) -> None:
    counted = Counted()
    run = data.range(30).map(Counted()).cache().iterate(block_rows=1)
    for _ in range(10):
        next(run)
    dataset = data.range(30).map(counted).cache(place).with_options(parallel="inline", prefetch=False)
    assert list(dataset.restore(run.state())) == rows(*range(10, 30))
    assert counted.calls == list(range(10, 30))
    assert list(dataset) == rows(*range(30))
    assert sorted(counted.calls) == list(range(30))


def test_a_changed_pipeline_never_gets_old_elements(tmp_path: Path) -> None:
    for factor, columns in ((1, [1, 2]), (2, [1, 2]), (2, [5, 6])):
        dataset = data.from_arrays(np.array(columns)).map(lambda x, by=factor: int(x) * by).cache(tmp_path)
        assert list(dataset) == [factor * x for x in columns]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_shuffle_before_it_draws_one_order_and_one_behind_it_another_each_epoch(place: Path | None) -> None:
    before = list(data.range(40).shuffle(20).cache(place).repeat(2))
    assert before[:40] == before[40:] != list(range(40))
    again = data.range(40).shuffle(20).cache(place)
    assert list(again.iterate(epoch=5)) == before[:40]  # whichever epoch fills it
    behind = list(data.range(40).cache(place).shuffle(20).repeat(2))
    assert sorted(behind[:40]) == sorted(behind[40:]) == list(range(40))
    assert behind[:40] != behind[40:]
    assert list(data.range(40).shuffle(20).cache(place).with_seed(1)) != before[:40]


def test_whoever_changes_what_came_out_does_not_change_what_is_kept(place: Path | None) -> None:
    arrays = {"x": np.arange(6), "y": np.zeros((6, 2))}
    dataset = data.from_arrays(arrays).batch(2).cache(place)
    for _ in range(2):
        for batch in dataset:
            with pytest.raises(ValueError, match="read-only"):
                batch["y"] += 1
            batch["z"] = batch.pop("y")
    assert all(set(batch) == {"x", "y"} and not batch["y"].any() for batch in dataset)


def test_two_runs_at_once_share_what_either_makes(place: Path | None) -> None:
    counted = Counted()
    dataset = data.range(40).map(counted).cache(place).with_options(parallel="inline", prefetch=False)
    pairs = list(zip(dataset.iterate(block_rows=3), dataset.iterate(block_rows=2), strict=True))
    assert [left for left, _ in pairs] == [right for _, right in pairs] == rows(*range(40))
    assert list(dataset) == rows(*range(40))
    made = len(counted.calls)
    assert (list(dataset), len(counted.calls)) == (rows(*range(40)), made)


def test_while_another_process_writes_elements_are_made_and_not_kept(tmp_path: Path) -> None:
    counted = Counted()
    dataset = data.range(10).map(counted).cache(tmp_path)
    next(iter(dataset))
    (folder,) = tmp_path.iterdir()
    kept = files(tmp_path)
    with filelock.FileLock(folder / "lock"):
        assert list(dataset) == rows(*range(10))
        assert files(tmp_path) == kept
    assert list(dataset) == rows(*range(10))
    assert sum(path.stat().st_size > 0 for path in files(tmp_path)) == len(kept) + 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone"])
def test_a_damaged_chunk_is_made_again(tmp_path: Path, damage: str) -> None:
    counted = Counted()
    dataset = data.range(30).map(counted).cache(tmp_path)
    for count in (10, 20, 30):
        run = dataset.iterate(block_rows=1)
        assert [next(run) for _ in range(count)] == rows(*range(count))
        run.close()
    middle = files(tmp_path)[1]
    content = bytearray(middle.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        middle.unlink()
    else:
        middle.write_bytes(bytes({"cut": content[:-9], "flip": content, "empty": bytearray()}[damage]))
    counted.calls.clear()
    assert list(dataset) == rows(*range(30))
    assert counted.calls == list(range(10, 20))
    assert middle.exists()


def test_chunks_of_a_version_with_other_states_are_read_and_gone_on_from(tmp_path: Path) -> None:
    from headwater.data.store.chunk import from_bytes, to_bytes

    dataset = data.range(30).cache(tmp_path)
    run = dataset.iterate(block_rows=10)
    next(run)
    run.close()
    (path,) = files(tmp_path)
    chunk = from_bytes(pa.py_buffer(path.read_bytes()), where="")
    path.write_bytes(to_bytes(type(chunk)(0, chunk.block, {}, {"elsewhere": 1})))
    assert list(dataset) == list(range(30))


def test_a_limit_keeps_the_first_and_makes_the_rest_each_time() -> None:
    counted = Counted()
    dataset = data.range(400_000).map_batches(counted_columns(counted)).cache(limit_bytes=3_000_000)
    for _ in range(2):
        assert sum(1 for _ in dataset) == 400_000
    first, second = counted.calls.count(0), len(counted.calls)
    assert first == 1
    assert second < 2 * 400_000 / 1_000


def counted_columns(counted: Counted) -> Callable[[Any], Any]:
    def function(column: Any) -> Any:
        counted.calls.extend(column[column % 1_000 == 0].tolist())
        return column

    return function


def test_objects_are_kept_in_memory_and_refused_by_files(tmp_path: Path) -> None:
    class Thing:
        pass

    dataset = data.range(3).map(lambda _: {"it": Thing()}).cache()
    assert [element["it"] for element in dataset] == [element["it"] for element in dataset]
    with pytest.raises(NotStorableError, match=r"\.cache\(.*a Thing cannot be stored.*Numbers, texts"):
        next(iter(data.range(3).map(lambda _: {"it": Thing()}).cache(tmp_path)))


@pytest.mark.parametrize("block_rows", [1, 4, 5, None])
def test_an_error_is_not_kept_and_the_run_stays_before_it(place: Path | None, block_rows: int | None) -> None:
    broken = [True]

    def function(x: int) -> int:
        if x == 7 and broken[0]:
            raise ValueError("no")
        return x

    dataset = data.range(10).map(function).cache(place)
    run = dataset.iterate(block_rows=block_rows)
    given: list[int] = []
    for _ in range(2):
        with pytest.raises(DataError, match="ValueError: no"):
            given.extend(run)
    state = run.state()
    run.close()
    broken[0] = False
    assert list(dataset) == list(range(10))
    assert given + list(dataset.restore(state)) == list(range(10))


def test_errors_passed_over_behind_it_make_another_cache(place: Path | None) -> None:
    def function(x: int) -> int:
        if x == 7:
            raise ValueError("no")
        return x

    dataset = data.range(10).map(function).cache(place)
    for _ in range(2):
        assert list(dataset.ignore_errors()) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
        with pytest.raises(DataError, match="ValueError: no"):
            list(dataset)


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["restore", "close", "drop", "damage", "remove"]),
        st.integers(0, 24),
        st.integers(0, 12),
        st.sampled_from([None, 1, 3]),
    ),
    max_size=8,
)


@given(history=HISTORIES, shuffled=st.booleans())
def test_whatever_happened_before_the_elements_are_right(
    history: list[tuple[str, int, int, int | None]], shuffled: bool
) -> None:
    base = data.range(24).map(Counted())
    base = base.shuffle(10) if shuffled else base
    expected = list(base)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # a run that was dropped may write
        dataset = base.cache(name)
        left = []
        for what, at, count, block_rows in history:
            position = {"at": at, "start": 0, "input": None}
            run = dataset.iterate({**iter(dataset).state(), "position": position}, block_rows=block_rows)
            assert list(itertools.islice(run, count)) == expected[at : at + count]
            state = run.state()
            kept = files(Path(name))
            if what == "close":
                run.close()
            elif what == "restore":
                assert list(dataset.restore(state)) == expected[at + count :]
                left.append((run, expected[at + count :]))  # still open, and perhaps the one who writes
            elif kept and what == "damage":
                kept[count % len(kept)].write_bytes(b"")
            elif kept and what == "remove":
                kept[count % len(kept)].unlink()
        for _ in range(2):
            assert list(dataset) == expected
        for run, rest in left:
            assert list(run) == rest


def test_a_snapshot_is_a_compressed_cache(tmp_path: Path) -> None:
    dataset = data.range(20_000).snapshot(tmp_path)
    assert list(dataset) == list(range(20_000))
    assert sum(path.stat().st_size for path in files(tmp_path)) < 20_000 * 8
    assert list(data.range(20_000).cache(tmp_path)) == list(range(20_000))
    assert dataset.fingerprint == data.range(20_000).cache().fingerprint


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"limit_bytes": -1}, "limit is negative"),
        ({"folder": "x", "compression": "zip"}, "'zip' is not known.*lz4"),
        ({"compression": "lz4"}, "memory is not compressed"),
    ],
)
def test_parameters_are_checked(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        data.range(3).cache(**options)


def test_the_call_is_drawn_as_it_is_written(tmp_path: Path) -> None:
    assert ".cache()" in repr(data.range(3).cache())
    assert ".cache('there', limit_bytes=9, compression='lz4')" in repr(
        data.range(3).cache("there", limit_bytes=9, compression="lz4")
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB, which `grow` makes larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", str(folder)], check=True)


def test_a_full_disk_is_an_error_and_the_state_goes_on_with_more_space(small_disk: Path) -> None:
    counted = Counted()
    dataset = data.range(200_000).map_batches(counted_columns(counted)).cache(small_disk)
    run = iter(dataset)
    given: list[int] = []
    with pytest.raises(StorageFullError, match=r"disk is full.*nothing half-written"):
        given.extend(run)  # what was given before the error stays in the list
    assert given == list(range(len(given)))
    state = run.state()
    run.close()
    assert not list(small_disk.rglob("*.tmp"))
    grow(small_disk)
    assert list(dataset.restore(state)) == list(range(len(given), 200_000))
    assert list(dataset) == list(range(200_000))
    calls = len(counted.calls)
    assert (sum(1 for _ in dataset), len(counted.calls)) == (200_000, calls)


def test_a_folder_that_may_not_be_written_is_read_and_the_rest_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    assert list(data.range(10).cache(tmp_path)) == list(range(10))
    assert files(tmp_path) == []
