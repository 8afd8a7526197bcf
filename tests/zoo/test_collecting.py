"""Collecting frees what nobody needs, and no history of deleting and collecting breaks a visible variant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headwater import zoo
from headwater.core.errors import ZooError
from headwater.core.selection import Selection
from headwater.zoo.blobs import LocalBlob, LocalBlobs, LocalDraft
from headwater.zoo.records import Records
from headwater.zoo.training_sets import TrainingSets

Model = dict[str, NDArray[Any]]


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "blobs").rglob("*") if path.is_file()}


def test_the_last_of_a_line_is_freed_at_once(keep: zoo.Zoo, line: list[zoo.Variant], folder: Path) -> None:
    keep.delete(line[2])
    done = keep.collect()
    assert (done.freed_bytes, done.num_files) == (line[2].stored_bytes, 1)
    assert files(folder) == {f"{v.blob}.blob" for v in line[:2]}
    assert keep.collect().freed_bytes == 0


def test_a_parents_bytes_stay_while_its_child_is_built_on_them(
    keep: zoo.Zoo, line: list[zoo.Variant], model: Model
) -> None:
    before = keep.load(line[2])
    keep.delete(line[0])
    keep.delete(line[1])
    done = keep.collect()
    assert (done.freed_bytes, done.held) == (0, (line[0].id, line[1].id))
    assert all(bool((keep.load(line[2])[name] == before[name]).all()) for name in model)


def test_rebasing_lets_the_deleted_go(keep: zoo.Zoo, line: list[zoo.Variant], folder: Path) -> None:
    before = keep.load(line[2])
    keep.delete(line[1])
    done = keep.collect(rebase=True)
    moved = keep.show(line[2])
    assert (done.rebased, done.held) == ((line[2].id,), ())
    assert (moved.base, moved.depth, moved.parent) == (line[0].id, 1, line[1].id)
    assert files(folder) == {f"{line[0].blob}.blob", f"{moved.blob}.blob"}
    assert all(bool((keep.load(moved)[name] == before[name]).all()) for name in before)


def test_rebasing_the_first_of_a_line_makes_the_next_full_and_the_rest_shallower(
    keep: zoo.Zoo, line: list[zoo.Variant]
) -> None:
    keep.delete(line[0])
    assert keep.collect(rebase=True).rebased == (line[1].id,)
    assert [(v.base, v.depth) for v in keep.ls()] == [(None, 0), (line[1].id, 1)]


def test_a_file_that_two_variants_share_stays_for_the_other(keep: zoo.Zoo, model: Model) -> None:
    first, second = keep.add(model), keep.add(model)
    keep.delete(first)
    assert keep.collect().num_files == 0
    assert keep.load(second).keys() == model.keys()


def test_what_was_deleted_before_it_was_rebuilt_is_an_error_and_not_a_crash(
    keep: zoo.Zoo, line: list[zoo.Variant]
) -> None:
    keep.delete(line[2])
    keep.collect()
    with pytest.raises(ZooError, match="was deleted"):
        keep.load(line[2])
    assert keep.lineage(line[2]).ancestors == (line[1], line[0])


def test_a_base_that_is_collected_while_we_compress_against_it_is_replaced(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path, model: Model
) -> None:
    finish = LocalDraft.finish
    done: list[Any] = []

    def finish_late(draft: LocalDraft) -> str:
        if not done:  # the difference against round-2 is compressed, but no row refers to round-2 yet
            with zoo.open(folder) as other:
                other.delete("round-2")
                done.append(other.collect())
        return finish(draft)

    with mock.patch.object(LocalDraft, "finish", finish_late):
        added = keep.add(model, parent=line[2], storage="delta")
    assert done[0].num_files == 1
    assert (added.parent, added.base) == (line[2].id, line[1].id)
    assert np.array_equal(keep.load(added, framework="numpy")["layer.weight"], model["layer.weight"])


def test_a_variant_that_is_moved_between_reading_its_row_and_its_file_is_still_loaded(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path
) -> None:
    keep.delete(line[1])
    open_blob = LocalBlobs.open
    done: list[bool] = []

    def open_late(blobs: LocalBlobs, digest: str) -> LocalBlob:
        if not done:
            done.append(True)
            with zoo.open(folder) as other:
                other.collect(rebase=True)
        return open_blob(blobs, digest)

    with mock.patch.object(LocalBlobs, "open", open_late):
        assert keep.load(line[2]).keys() == {"layer.weight", "layer.bias", "steps"}


def test_a_draft_in_use_is_not_swept_and_one_of_a_dead_writer_is(keep: zoo.Zoo, folder: Path) -> None:
    with LocalDraft(folder / "blobs" / "drafts") as draft:
        draft.write(b"being written")
        (folder / "blobs" / "drafts" / "1-dead").write_bytes(b"left")
        assert keep.collect().freed_bytes == 4
        assert files(folder) == {draft.path.name}


@contextlib.contextmanager
def dying(where: str) -> Iterator[None]:
    """Fail as a full disk or a bug would: before or after the file is in place, or after the row is written."""
    put, add = LocalBlobs.put, Records.add

    def put_then_fail(*args: Any) -> None:
        put(*args)
        raise InterruptedError

    def add_then_fail(*args: Any, **known: Any) -> None:
        add(*args, **known)
        raise InterruptedError

    patches: dict[str, Any] = {
        "before": mock.patch.object(LocalBlobs, "put", side_effect=InterruptedError),
        "put": mock.patch.object(LocalBlobs, "put", put_then_fail),
        "sets": mock.patch.object(TrainingSets, "put", side_effect=InterruptedError),
        "row": mock.patch.object(Records, "add", add_then_fail),
    }
    with patches[where], contextlib.suppress(InterruptedError):
        yield


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.sampled_from(["auto", "delta", "full"])),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("collect"), st.booleans()),
        st.tuples(st.just("die"), st.integers(0, 9), st.sampled_from(["before", "put", "sets", "row"])),
        st.tuples(st.just("die collecting")),
        st.tuples(st.just("reopen"), st.integers(0, 3)),
    ),
    min_size=4,
    max_size=14,
)


class History:
    """A zoo, and what must come out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keep = zoo.open(folder, max_chain=2)
        self.expected: dict[str, Model] = {}
        self.rng = np.random.default_rng(0)

    def model(self, parent: zoo.Variant | None) -> Model:
        if parent is None:
            return {"w": self.rng.normal(size=5000).astype(np.float32), "b": np.zeros(3)}
        before = self.expected[parent.id]
        noise = 1e-4 * self.rng.normal(size=5000) * (self.rng.random(5000) < 0.5)
        return {"w": (before["w"] + noise).astype(np.float32), "b": before["b"] + 1}

    def parent(self, pick: int) -> zoo.Variant | None:
        visible = self.keep.ls()
        return visible[pick % len(visible)] if visible and pick else None

    def do(self, word: str, *how: Any) -> None:
        if word in ("add", "die"):
            parent = self.parent(how[0])
            model = self.model(parent)
            chosen = Selection.of([len(self.expected)])
            if word == "add":
                added = self.keep.add(model, parent=parent, selection=chosen, storage=how[1])
                self.expected[added.id] = model
            else:
                with dying(how[1]):
                    self.keep.add(model, parent=parent, selection=chosen)
        elif word == "delete" and (victim := self.parent(how[0] + 1)):
            self.keep.delete(victim)
            del self.expected[victim.id]
        elif word == "collect":
            self.keep.collect(rebase=how[0])
        elif word == "die collecting":
            failing = mock.patch.object(LocalBlobs, "delete", side_effect=InterruptedError)
            with failing, contextlib.suppress(InterruptedError):
                self.keep.collect(rebase=True)
        elif word == "reopen":
            self.keep.close()
            self.keep = zoo.open(self.folder, max_chain=how[0])

    def check(self) -> None:
        visible = self.keep.ls()
        assert {v.id for v in visible} == set(self.expected)
        for variant in visible:
            back = self.keep.load(variant, framework="numpy")
            assert all(np.array_equal(back[name], self.expected[variant.id][name]) for name in ("w", "b"))
            assert self.keep.training_set(variant) is not None


@given(steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_any_history_every_visible_variant_loads_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[Any, ...]]
) -> None:
    told = History(tmp_path_factory.mktemp("zoo") / "zoo.hw")
    for word, *how in history:
        told.do(word, *how)
        told.check()
    told.keep.collect(rebase=True)
    told.check()
    assert files(told.folder) == {f"{v.blob}.blob" for v in told.keep.ls()}, "something was left behind"
    told.keep.close()
