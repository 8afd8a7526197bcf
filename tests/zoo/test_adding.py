"""Adding: once per name and content, as small as the bound on the chain allows, or not at all."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater import zoo
from headwater.core.errors import ZooError
from headwater.core.selection import Selection

Model = dict[str, NDArray[Any]]


def test_the_same_content_under_the_same_name_is_the_same_variant(keep: zoo.Zoo, model: Model) -> None:
    first = keep.add(model, name="january", selection=Selection.of([1, 2]), facts={"auc": 0.7})
    again = keep.add(dict(reversed(model.items())), name="january", facts={"auc": 0.8})
    assert again == first
    assert keep.ls() == [first]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"tensors": {"x": np.ones(2)}}, "content"),
        ({"selection": Selection.of([9])}, "training set"),
        ({"parent": "other"}, "parent"),
    ],
)
def test_a_name_never_changes_what_it_names(
    keep: zoo.Zoo, model: Model, changed: dict[str, Any], word: str
) -> None:
    keep.add(model, name="other")
    keep.add(model, name="january", selection=Selection.of([1]))
    with pytest.raises(ZooError, match=f"is there already with another {word}"):
        keep.add(**{"tensors": model, "name": "january", **changed})
    assert len(keep.ls()) == 2


def test_equal_content_without_a_name_is_a_new_version_in_the_same_file(keep: zoo.Zoo, model: Model) -> None:
    first, second = keep.add(model), keep.add(model)
    assert (first.id, second.id) == ("v000001", "v000002")
    assert (first.content, first.blob) == (second.content, second.blob)


@pytest.mark.parametrize("change", ["dtype", "shape", "name", "bit"])
def test_content_differs_by_dtype_shape_name_and_bit(keep: zoo.Zoo, change: str) -> None:
    array = np.zeros((2, 3), np.float32)
    others: dict[str, Model] = {
        "dtype": {"x": array.view(np.int32)},
        "shape": {"x": array.reshape(3, 2)},
        "name": {"y": array},
        "bit": {"x": -array},
    }
    keep.add({"x": array}, name="n")
    with pytest.raises(ZooError, match="another content"):
        keep.add(others[change], name="n")


def test_a_difference_is_against_the_parent_and_much_smaller(line: list[zoo.Variant]) -> None:
    assert [v.base for v in line] == [None, "v000001", "v000002"]
    assert [v.depth for v in line] == [0, 1, 2]
    assert line[1].stored_bytes < 0.8 * line[0].stored_bytes
    assert line[1].ratio < 0.7


@pytest.mark.parametrize("max_chain", [0, 1, 3])
@pytest.mark.parametrize("storage", ["auto", "delta"])
def test_a_chain_is_never_longer_than_its_bound(
    folder: Any, model: Model, finetune: Any, max_chain: int, storage: Any
) -> None:
    with zoo.open(folder, max_chain=max_chain) as keep:
        parent = None
        for _ in range(9):
            parent = keep.add(model, parent=parent, storage=storage)
            assert parent.depth <= max_chain
            back = keep.load(parent, framework="numpy")
            assert all(np.array_equal(back[name], model[name]) for name in model)
            model = finetune(model)
        assert sum(v.base is None for v in keep.ls()) < 9 or max_chain == 0


def test_many_children_of_one_parent_at_the_bound_are_still_differences(
    folder: Any, model: Model, finetune: Any
) -> None:
    with zoo.open(folder, max_chain=1) as keep:
        root = keep.add(model)
        parent = keep.add(tuned := finetune(model), parent=root)
        children = [keep.add(finetune(tuned), parent=parent) for _ in range(3)]
        assert {child.base for child in children} == {root.id}
        assert {child.parent for child in children} == {parent.id}


def test_a_full_version_renews_the_chain_when_the_base_has_become_distant(folder: Any) -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 2**16, 40_000).astype(np.uint16)
    with zoo.open(folder, max_chain=2) as keep:
        parent, kept = None, []
        for number in range(8):
            parent = keep.add({"w": weights}, parent=parent)
            kept.append(parent.base is None)
            weights = weights.copy()
            weights[number * 5000 : (number + 1) * 5000] ^= rng.integers(0, 2**16, 5000).astype(np.uint16)
    assert kept[:4] == [True, False, False, False]
    assert any(kept[4:])


def test_unrelated_and_reshaped_models_are_stored_in_full(keep: zoo.Zoo, model: Model) -> None:
    first = keep.add(model)
    noise = np.random.default_rng(9).integers(0, 256, 6144 * 4, dtype=np.uint8).view(np.float32)
    strange = keep.add({"layer.weight": noise.reshape(64, 96)}, parent=first)
    grown = keep.add({"layer.weight": np.zeros((65, 96), np.float32)}, parent=first, storage="delta")
    assert (strange.base, grown.base) == (None, None)
    assert (strange.parent, grown.parent) == (first.id, first.id)


def test_one_grown_tensor_does_not_cost_the_others_their_difference(keep: zoo.Zoo, model: Model) -> None:
    first = keep.add(model)
    grown = {**model, "layer.bias": np.ones(65, np.float32), "new": np.ones(3)}
    second = keep.add(grown, parent=first)
    assert second.base == first.id
    assert second.stored_bytes < first.stored_bytes / 10
    assert keep.load(second, framework="numpy").keys() == grown.keys()


def test_full_storage_is_full(keep: zoo.Zoo, model: Model) -> None:
    first = keep.add(model)
    assert keep.add(model, parent=first, storage="full").base is None


def test_a_parent_may_be_named_or_deleted_and_is_remembered(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    keep.delete("round-2")
    child = keep.add({"layer.weight": keep.load("round-1")["layer.weight"]}, parent=line[2])
    assert (child.parent, child.base) == (line[2].id, line[1].id)
    assert keep.add({"x": np.ones(1)}, parent="round-0").parent == line[0].id


def test_an_unknown_parent_is_refused_with_a_suggestion(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    with pytest.raises(ZooError, match=r"no variant 'round-O'. Did you mean `round-"):
        keep.add({"x": np.ones(1)}, parent="round-O")


@pytest.mark.parametrize("name", ["", "v000007", "v7", "two\nlines", "x" * 201])
def test_a_name_that_would_be_taken_for_something_else_is_refused(keep: zoo.Zoo, name: str) -> None:
    with pytest.raises(ZooError, match="cannot be a name"):
        keep.add({"x": np.ones(1)}, name=name)


def test_an_unknown_way_of_storing_is_refused(keep: zoo.Zoo) -> None:
    with pytest.raises(ZooError, match="storage='lossy' is unknown"):
        keep.add({"x": np.ones(1)}, storage="lossy")  # type: ignore[arg-type]


def test_facts_take_numbers_and_times_as_numpy_gives_them(keep: zoo.Zoo) -> None:
    facts = {
        "auc": np.float32(0.5),
        "at": np.datetime64("2013-01-01T05:00", "us"),
        "day": datetime.date(2013, 1, 1),
        "losses": np.array([1.0, 2.0]),
        "nested": {"why": ["drift", None]},
    }
    stored = keep.show(keep.add({"x": np.ones(1)}, facts=facts)).facts
    assert stored == {
        "auc": 0.5,
        "at": "2013-01-01T05:00:00.000000",
        "day": "2013-01-01",
        "losses": [1.0, 2.0],
        "nested": {"why": ["drift", None]},
    }


def test_facts_that_are_not_json_are_refused(keep: zoo.Zoo) -> None:
    with pytest.raises(ZooError, match=r"facts are JSON values: .*object"):
        keep.add({"x": np.ones(1)}, facts={"model": object()})


def test_a_model_without_tensors_is_a_model(keep: zoo.Zoo) -> None:
    empty = keep.add({}, name="nothing")
    assert keep.load(empty) == {}
    assert empty.full_bytes == 0
