"""YAML 1.2's words and numbers, each key once, every line known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import ConfigError
from headwater.core.yaml import dump, line_of, parse

trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(tree=trees)
def test_what_is_dumped_is_parsed_back_equal_and_of_equal_kind(tree: Any) -> None:
    back = parse(dump(tree), name="x")[0]
    assert repr(back) == repr(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("1e-3", 1e-3),
        ("+1.5", 1.5),
        ("20_000", 20_000),
        ("-7", -7),
        ("0x1f", 31),
        ("007", "007"),
        ("1:30", "1:30"),
        ("2013-01-01", "2013-01-01"),
        ("2013-01-01 05:00:00", "2013-01-01 05:00:00"),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("~", None),
        ("", None),
        ("null", None),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("0", 0),
        ("-", [None]),
        ("'1'", "1"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: Any) -> None:
    assert repr(parse(f"a: {text}", name="x")[0]["a"] if text != "-" else parse(text, name="x")[0]) == repr(
        value
    )


def test_anchors_and_merges_still_work() -> None:
    tree = parse("base: &b {x: 1}\nmine: {<<: *b, y: 2}\nsame: *b", name="x")[0]
    assert tree == {"base": {"x": 1}, "mine": {"x": 1, "y": 2}, "same": {"x": 1}}


def test_the_line_of_any_value_is_known_as_deep_as_the_text_goes() -> None:
    text = "a:\n  b:\n    - 1\n    - c: 2\n      d: 3\n"
    node = parse(text, name="x")[1]
    assert line_of(node, ("a",)) == 1
    assert line_of(node, ("a", "b", 0)) == 3
    assert line_of(node, ("a", "b", 1, "d")) == 5
    assert line_of(node, ("a", "b", 1, "nothing", "here")) == 4
    assert line_of(node, ("nothing",)) is None
    assert line_of(None, ("a",)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "x, line 3: `a` stands here again, first in line 1. Keep one of the two."),
        ("l:\n- {a: 1}\n- b: 1\n  b: 2", "x, line 4: `b` stands here again, first in line 3."),
        ("{a: 1, a: 2}", "x, line 1: `a` stands here again, first in line 1."),
        ("b: 1\na: [", "x, line 2: not YAML: while parsing a flow node, expected the node content"),
        ("b: 1\na: b: c\n", "x, line 2: not YAML: mapping values are not allowed here."),
        ("a: !!python/name:os.system", "x, line 1: not YAML: could not determine a constructor"),
        ("--- 1\n--- 2", "x, line 2: not YAML: expected a single document"),
        ("b: 1\n\na: \x00", "x, line 3: not YAML: special characters are not allowed."),
        ("[" * 500, "x: not YAML: "),
    ],
)
def test_what_is_not_yaml_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, name="x")
    assert str(caught.value).startswith(said)
    assert "unicode string" not in str(caught.value)
