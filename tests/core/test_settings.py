"""--set changes one value and says which."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headwater.core.settings import apply
from headwater.core.yaml import dump

words = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
values = st.none() | st.integers() | st.booleans() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
trees = st.dictionaries(
    words,
    st.recursive(
        values,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=8,
    ),
)


def paths(tree: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for part, value in inner for found in [(*path, part), *paths(value, (*path, part))]]


@given(tree=trees, value=values, data=st.data())
def test_a_setting_changes_the_value_at_its_path_and_nothing_else(
    tree: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(paths(tree) or [("new",)]))
    expected = copy.deepcopy(tree)
    at: Any = expected
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    text = dump(value).removesuffix("...\n").strip("\n") if not isinstance(value, list) else str(value)
    assert apply(tree, f"{'.'.join(map(str, path))}={text}") == path
    assert tree == expected


def test_a_value_may_itself_hold_an_equals_sign_and_keys() -> None:
    tree: dict[str, Any] = {}
    apply(tree, "a.b={c: 'x=y'}")
    assert tree == {"a": {"b": {"c": "x=y"}}}
