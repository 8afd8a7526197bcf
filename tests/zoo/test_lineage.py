"""Where a model comes from, and which models saw a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import zoo
from headwater.core.errors import CorruptError
from headwater.core.selection import Selection


def ids(variants: tuple[zoo.Variant, ...]) -> list[str]:
    return [variant.id for variant in variants]


def tiny(number: int) -> dict[str, np.ndarray]:
    return {"x": np.array([number])}


def test_lineage_goes_up_to_the_root_and_one_step_down(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    found = keep.lineage("round-1")
    assert (found.variant, found.ancestors, found.children) == (line[1], (line[0],), (line[2],))
    assert keep.lineage(line[2]).ancestors == (line[1], line[0])


def test_a_sample_is_seen_directly_through_an_ancestor_or_not(keep: zoo.Zoo) -> None:
    first = keep.add(tiny(0), selection=Selection.of([5, 7, 9]))
    second = keep.add(tiny(1), parent=first, selection=Selection.of([1, 9]))
    third = keep.add(tiny(2), parent=second, selection=Selection.of([7]))
    other = keep.add(tiny(3), selection=Selection.of([]))
    seen = keep.which_models(7)
    assert (ids(seen.direct), ids(seen.inherited), ids(seen.unknown)) == ([first.id, third.id], [second.id], [])
    assert ids(keep.which_models(9).inherited) == [third.id]
    assert keep.which_models(6) == zoo.Seen(6, (), (), ())
    assert other.training_set is not None


def test_without_a_training_set_the_answer_is_unknown_and_inherited(keep: zoo.Zoo) -> None:
    found = keep.add(tiny(0))
    tuned = keep.add(tiny(1), parent=found, selection=Selection.of([1]))
    assert ids(keep.which_models(2).unknown) == [found.id, tuned.id]
    seen = keep.which_models(1)
    assert (ids(seen.direct), ids(seen.unknown)) == ([tuned.id], [found.id])
    assert seen.describe() == {"key": 1, "direct": [tuned.id], "inherited": [], "unknown": [found.id]}


def test_the_answer_survives_the_ancestor_that_saw_it(keep: zoo.Zoo) -> None:
    first = keep.add(tiny(0), selection=Selection.of([7]))
    second = keep.add(tiny(1), parent=first, selection=Selection.of([8]))
    keep.delete(first)
    keep.collect(rebase=True)
    seen = keep.which_models(7)
    assert (ids(seen.direct), ids(seen.inherited)) == ([], [second.id])
    assert ids(keep.which_models(7, deleted=True).direct) == [first.id]
    assert keep.training_set(first) == Selection.of([7])


def test_equal_training_sets_are_stored_once(keep: zoo.Zoo, folder: Path) -> None:
    for number in range(3):
        keep.add(tiny(number), selection=Selection.of([1, 2]))
    assert len(list((folder / "training_sets").iterdir())) == 1
    assert keep.describe()["num_training_sets"] == 1


@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_which_models_agrees_with_looking_at_every_set(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    keys = st.lists(st.integers(-6, 6), unique=True, max_size=5)
    family = data.draw(st.lists(st.tuples(st.integers(0, 7), st.none() | keys), max_size=7))
    own: dict[str, set[int] | None] = {}
    parents: dict[str, str | None] = {}
    with zoo.open(tmp_path_factory.mktemp("zoo")) as keep:
        for number, (pick, chosen) in enumerate(family):
            parent = list(own)[pick % len(own)] if own and pick else None
            selection = None if chosen is None else Selection.of(chosen)
            added = keep.add(tiny(number), parent=parent, selection=selection)
            own[added.id], parents[added.id] = None if chosen is None else set(chosen), parent
        for key in (-7, -6, 0, 3, 6, 2**62):
            groups: dict[str, list[str]] = {"direct": [], "inherited": [], "unknown": []}
            for variant in own:
                above, step = [], parents[variant]
                while step is not None:
                    above.append(own[step])
                    step = parents[step]
                if key in (own[variant] or ()):
                    groups["direct"].append(variant)
                elif any(key in (seen or ()) for seen in above):
                    groups["inherited"].append(variant)
                elif None in (own[variant], *above):
                    groups["unknown"].append(variant)
            assert keep.which_models(key).describe() == {"key": key, **groups}


@pytest.mark.parametrize("damage", ["missing", "truncated", "other"])
def test_a_lost_training_set_is_an_error_and_never_a_no(keep: zoo.Zoo, folder: Path, damage: str) -> None:
    variant = keep.add(tiny(0), selection=Selection.of(range(0, 100, 2)))
    path = folder / "training_sets" / f"{variant.training_set}.arrow"
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-300])
    else:
        Selection.of([1, 2]).save(path)
    for ask in (lambda: keep.which_models(5), lambda: keep.training_set(variant)):
        with pytest.raises(CorruptError) as caught:
            ask()
        assert caught.value.where == str(path)
    assert keep.load(variant)["x"].item() == 0
    assert [(found.file, found.affected) for found in keep.verify()] == [(str(path), (variant.id,))]


def test_the_tree_goes_straight_down_and_indents_branches(keep: zoo.Zoo) -> None:
    root = keep.add(tiny(0), name="root")
    left = keep.add(tiny(1), parent=root)
    keep.add(tiny(2), parent=root, name="right")
    below = keep.add(tiny(3), parent=left)
    leaf = keep.add(tiny(4), parent=below)
    gone = keep.add(tiny(5), parent=leaf)
    alone = keep.add(tiny(6))
    keep.delete(below)
    keep.delete(gone)
    lines = keep.tree().splitlines()
    assert [line[: line.index("v0") + 7] for line in lines] == [
        "v000001",
        "├─ v000002",
        "│  v000004",
        "│  v000005",
        "└─ v000003",
        alone.id,
    ]
    assert lines[2].endswith("deleted")
    assert lines[4].startswith("└─ v000003  right  ")


def test_a_line_of_a_thousand_rounds_is_shown_and_searched(keep: zoo.Zoo) -> None:
    import sqlalchemy as sa

    from headwater.zoo.records import variants

    keep.add(tiny(0), selection=Selection.of([1]))
    engine = keep._store.catalogue.engine
    with engine.begin() as connection:
        first = connection.execute(sa.select(variants)).one()._mapping
        rows = [
            {**first, "number": n, "claim": None, "name": None, "parent": n - 1, "training_set": None}
            for n in range(2, 1501)
        ]
        connection.execute(sa.insert(variants), rows)
    assert len(keep.tree().splitlines()) == 1500
    assert len(keep.which_models(1).inherited) == 1499
    assert len(keep.lineage("v1500").ancestors) == 1499
