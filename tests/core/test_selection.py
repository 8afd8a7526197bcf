"""A selection is what was chosen, or an error; never something else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from headwater.core.errors import CorruptError, SelectionError, StorageFullError
from headwater.core.selection import Selection

keys_and_weights = st.dictionaries(
    st.integers(-(2**63), 2**63 - 1), st.floats(0, 2**100, width=32), max_size=30
)


@given(chosen=keys_and_weights)
def test_order_does_not_matter_and_weights_follow_their_keys(chosen: dict[int, float]) -> None:
    forth = Selection.of(list(chosen), list(chosen.values()))
    back = Selection.of(list(chosen)[::-1], list(chosen.values())[::-1])
    assert forth == back
    assert hash(forth) == hash(back)
    assert dict(zip(forth.keys.tolist(), forth.weights.tolist())) == chosen
    assert np.all(np.diff(forth.keys.astype(object)) > 0)


@given(chosen=keys_and_weights, why=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9)))
def test_what_is_saved_is_loaded_back(
    chosen: dict[int, float], why: dict[str, int | str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("selection") / "chosen.arrow"
    selection = Selection.of(list(chosen), list(chosen.values()), why)
    selection.save(path)
    found = Selection.load(path)
    assert found == selection
    assert found.why == why
    assert found.keys.dtype == np.int64
    assert found.weights.dtype == np.float32


def test_any_arrow_reader_opens_the_file(tmp_path: Path) -> None:
    Selection.of([3, 1], [0.5, 2.0]).save(tmp_path / "chosen.arrow")
    table = pa.ipc.open_file((tmp_path / "chosen.arrow").read_bytes()).read_all()
    assert table.to_pydict() == {"key": [1, 3], "weight": [2.0, 0.5]}


def test_the_digest_depends_on_keys_and_weights_and_not_on_the_reason() -> None:
    one = Selection.of([1, 2], why={"policy": "a"})
    assert one == Selection.of([1, 2], why={"policy": "b"})
    assert one != Selection.of([1, 3])
    assert one != Selection.of([1, 2], [1.0, 2.0])
    assert one != "something else"


def test_the_digest_of_a_selection_is_what_it_always_was() -> None:
    # Golden: it stands in zoos and journals. It may change only together with the file format's number.
    assert Selection.of([3, 7], [2.0, 1.0]).digest == "4fe4ed8672aa98c4c65504e7bf23cd65"


def test_nobody_changes_a_selection_afterwards_not_even_through_what_it_was_made_from() -> None:
    keys, weights = np.array([1, 2]), np.array([1, 2], np.float32)
    selection = Selection.of(keys, weights)
    keys[0], weights[0] = 0, 9
    assert selection.keys.tolist() == [1, 2]
    assert selection.weights.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        selection.keys[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        selection.weights[0] = 5


def test_an_empty_selection_is_one(tmp_path: Path) -> None:
    nothing = Selection.of([])
    nothing.save(tmp_path / "nothing")
    assert len(Selection.load(tmp_path / "nothing")) == 0
    assert "0 keys" in repr(nothing)


def test_reasons_may_hold_numpys_numbers(tmp_path: Path) -> None:
    Selection.of([1], why={"above": np.float32(0.5), "round": np.int64(3)}).save(tmp_path / "chosen")
    assert Selection.load(tmp_path / "chosen").why == {"above": 0.5, "round": 3}


@pytest.mark.parametrize(
    ("keys", "weights", "said"),
    [
        ([1, 1], None, "unsorted or repeated"),
        ([1, 2], [1.0], r"2 keys but weights of shape \(1,\)"),
        ([1, 2], [1.0, -1.0], "finite and not negative"),
        ([1, 2], [1.0, float("nan")], "finite and not negative"),
        ([1, 2], [1.0, float("inf")], "finite and not negative"),
    ],
)
def test_what_is_no_selection_is_refused(keys: list[int], weights: list[float] | None, said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        Selection.of(keys, weights)


def test_arrays_of_other_kinds_are_refused_by_the_constructor() -> None:
    with pytest.raises(SelectionError, match="int32"):
        Selection(np.array([1, 2], np.int32), np.ones(2, np.float32))  # type: ignore[arg-type, unused-ignore]
    with pytest.raises(SelectionError, match="float64"):
        Selection(np.array([1, 2]), np.ones(2))  # type: ignore[arg-type, unused-ignore]
    with pytest.raises(SelectionError, match=r"weights of shape \(3,\)"):
        Selection(np.array([1, 2]), np.ones(3, np.float32))
    with pytest.raises(SelectionError, match="unsorted"):
        Selection(np.array([2, 1]), np.ones(2, np.float32))


def saved(tmp_path: Path) -> tuple[Selection, Path, bytes]:
    selection = Selection.of([5, 9, 2**40], [1.0, 0.25, 3.0], {"policy": "margin", "round": 4})
    path = tmp_path / "chosen.arrow"
    selection.save(path)
    return selection, path, path.read_bytes()


def test_a_file_cut_off_anywhere_is_corrupt(tmp_path: Path) -> None:
    _, path, content = saved(tmp_path)
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        with pytest.raises(CorruptError, match=r"chosen\.arrow: not a selection"):
            Selection.load(path)


def test_a_byte_flipped_anywhere_is_corrupt_or_was_padding(tmp_path: Path) -> None:
    selection, path, content = saved(tmp_path)
    num_corrupt = 0
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= (1 << at % 8) | (0x80 if at % 3 else 0)
        path.write_bytes(bytes(changed))
        try:
            found = Selection.load(path)
        except CorruptError:
            num_corrupt += 1
        else:
            assert found == selection
            assert found.why == selection.why
    assert num_corrupt > len(content) // 3


@given(content=hnp.arrays(np.uint8, st.integers(0, 200)))
def test_other_bytes_are_corrupt(content: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("selection") / "chosen"
    path.write_bytes(b"ARROW1\0\0" + content.tobytes() + b"ARROW1")
    with pytest.raises(CorruptError):
        Selection.load(path)


def test_another_arrow_file_is_not_a_selection(tmp_path: Path) -> None:
    path = tmp_path / "other.arrow"
    for table in (
        pa.table({"a": [1]}),
        pa.table({"key": ["x"], "weight": [1.0]}),
        pa.table({"key": [1], "weight": [1]}),
    ):
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        with pytest.raises(CorruptError):
            Selection.load(path)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path, content = saved(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError, match=r"chosen\.arrow: the disk is full"):
        Selection.of([1]).save(path)
    assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == ["chosen.arrow"]
