"""Changed bytes are never given out: the error names variant, file, what is lost and what is fine."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from headwater import zoo
from headwater.core.errors import CorruptError, ZooError


def blob(folder: Path, variant: zoo.Variant) -> Path:
    return folder / "blobs" / f"{variant.blob}.blob"


def flip(path: Path, bit: int = -8 * 40) -> None:
    """Flip one bit, by default one of the index at the end, which all that is built on the file need."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.mark.parametrize("change", ["flip", "truncate"])
def test_a_change_anywhere_in_a_file_is_noticed(keep: zoo.Zoo, folder: Path, change: str) -> None:
    variant = keep.add({"x": np.arange(4, dtype=np.float32)})
    whole = blob(folder, variant).read_bytes()
    for at in range(0, len(whole), 3):
        if change == "flip":
            flip(blob(folder, variant), 8 * at + at % 8)
        else:
            blob(folder, variant).write_bytes(whole[:at])
        with pytest.raises(CorruptError):
            keep.load(variant, framework="numpy")
        blob(folder, variant).write_bytes(whole)
    keep.load(variant, framework="numpy")


def test_the_error_names_file_losses_and_survivors(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path
) -> None:
    other = keep.add({"x": np.ones(3)}, name="other")
    flip(blob(folder, line[1]))
    with pytest.raises(CorruptError) as caught:
        keep.load(line[2])
    assert isinstance(caught.value, ZooError)
    assert caught.value.where == str(blob(folder, line[1]))
    text = str(caught.value)
    assert "v000003 (round-2) cannot be rebuilt: the file of v000002, which it is built on, is damaged" in text
    assert "Built on this file: v000002, v000003; the other 2 variants are fine." in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text
    for fine in (line[0], other):
        keep.load(fine)
    with pytest.raises(CorruptError, match="its own file is damaged"):
        keep.export(line[1], folder.parent / "x.safetensors")
    assert [p.name for p in folder.parent.iterdir()] == [folder.name], "a half-written export was left"


def test_a_missing_file_is_named(keep: zoo.Zoo, line: list[zoo.Variant], folder: Path) -> None:
    blob(folder, line[0]).unlink()
    with pytest.raises(CorruptError, match=r"the file of v000001, .* is damaged \(it is missing\)") as caught:
        keep.load(line[1])
    assert caught.value.where == str(blob(folder, line[0]))


def test_a_file_of_another_model_is_not_accepted(keep: zoo.Zoo, line: list[zoo.Variant], folder: Path) -> None:
    blob(folder, line[0]).write_bytes(blob(folder, keep.add({"x": np.ones(3)})).read_bytes())
    for variant in line:
        with pytest.raises(CorruptError, match="it holds model"):
            keep.load(variant)


def test_verify_finds_each_damaged_file_once(keep: zoo.Zoo, line: list[zoo.Variant], folder: Path) -> None:
    assert keep.verify() == ()
    keep.delete(line[1])
    flip(blob(folder, line[1]))
    (found,) = keep.verify()
    assert (found.file, found.affected) == (str(blob(folder, line[1])), (line[2].id,))
    assert "cannot be rebuilt" in found.problem


def test_a_damaged_parent_does_not_cost_the_new_model(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path
) -> None:
    flip(blob(folder, line[2]))
    new = {"layer.weight": np.ones((64, 96), np.float32)}
    with pytest.warns(RuntimeWarning, match="stored in full, because its base is damaged"):
        added = keep.add(new, parent=line[2])
    assert (added.parent, added.base) == (line[2].id, None)
    assert keep.load(added)["layer.weight"].sum() == 64 * 96
    with pytest.raises(CorruptError):
        keep.add(new, parent=line[2], storage="delta")


def test_rebasing_never_drops_bytes_that_it_could_not_rebuild(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path
) -> None:
    keep.delete(line[1])
    flip(blob(folder, line[2]))
    with pytest.raises(CorruptError, match="its own file"):
        keep.collect(rebase=True)
    assert blob(folder, line[1]).exists()
    assert keep.collect().held == (line[1].id,)


def test_adding_the_same_again_heals_a_shared_file(keep: zoo.Zoo, folder: Path) -> None:
    tensors = {"x": np.arange(100, dtype=np.float32)}
    first = keep.add(tensors)
    flip(blob(folder, first))
    keep.add(tensors)
    assert keep.load(first)["x"][99] == 99


def test_a_flip_in_a_plane_costs_only_those_who_need_that_plane(
    keep: zoo.Zoo, line: list[zoo.Variant], folder: Path
) -> None:
    flip(blob(folder, line[0]), 8 * 100)  # the lowest mantissa bytes: noise, raw in each version
    with pytest.raises(CorruptError, match=r"tensor 'layer.weight': the checksum of bytes 8 to"):
        keep.load(line[0])
    assert keep.load(line[1]).keys() == keep.load(line[2]).keys()
