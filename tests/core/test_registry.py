"""Families, their words, plug-ins, and import paths."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from headwater.core import config, registry
from headwater.core.errors import ConfigError
from headwater.core.registry import Registered, did_you_mean, members, path_of, resolve


class Shape(Registered, family="registry-test"):
    """A family of this file."""


@dataclass(frozen=True)
class Round(Shape, kind="round"):
    radius: float = 1.0


class Cornered(Shape):
    """Some of the family."""


@dataclass(frozen=True)
class Square(Cornered, kind="square"):
    side: float = 1.0


@dataclass(frozen=True)
class Drawing:
    first: Shape
    second: Shape
    corner: Cornered


@pytest.fixture
def forget() -> Iterator[None]:
    """Take out what a test added to the family of this file."""
    before = dict(registry._FAMILIES["registry-test"])
    yield
    registry._FAMILIES["registry-test"] = before
    registry._load_plugins.cache_clear()


def test_a_family_knows_its_members_by_word() -> None:
    assert members("registry-test") == {"round": Round, "square": Square}
    assert (Round.family, Round.kind, Shape.kind) == ("registry-test", "round", "")
    assert members("no such family") == {}


@pytest.mark.usefixtures("forget")
def test_a_member_defined_later_is_known_at_once() -> None:
    with pytest.raises(ConfigError, match="there is no `oval`"):
        config.validate(Drawing, {"first": "oval", "second": "round", "corner": "square"})

    @dataclass(frozen=True)
    class Oval(Shape, kind="oval"):
        pass

    drawn = config.validate(Drawing, {"first": "oval", "second": "round", "corner": "square"})
    assert drawn == Drawing(Oval(), Round(), Square())


def test_a_part_of_a_family_takes_only_its_own_members() -> None:
    with pytest.raises(ConfigError, match=r"`corner`: there is no `round`. Known here: square"):
        config.validate(Drawing, {"first": "round", "second": "square", "corner": {"round": {}}})


@pytest.mark.usefixtures("forget")
def test_a_word_that_is_taken_is_refused_with_both_classes() -> None:
    with pytest.raises(ConfigError, match=r"Other: registry-test already has a 'round', and it is .*:Round\."):

        class Other(Shape, kind="round"):
            pass


@pytest.mark.usefixtures("forget")
def test_a_class_made_anew_by_slots_is_the_same_member() -> None:
    @dataclass(frozen=True, slots=True)
    class Slotted(Shape, kind="slotted"):
        size: int = 1

    assert members("registry-test")["slotted"] is Slotted
    assert config.validate(Shape, {"slotted": {"size": 2}}) == Slotted(2)


@pytest.mark.usefixtures("forget")
def test_plug_ins_are_loaded_once_when_a_word_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "plug_in_of_a_test.py").write_text(
        "from headwater.core import registry\n"
        "root = registry._FAMILIES['registry-test']['round'].__mro__[1]\n"
        "class Star(root, kind='star'): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("star", "plug_in_of_a_test", "headwater.registry-test")
    asked: list[str] = []

    def points(*, group: str) -> list[EntryPoint]:
        asked.append(group)
        return [point] if group == point.group else []

    monkeypatch.setattr(registry, "entry_points", points)
    registry._load_plugins.cache_clear()
    assert "star" in members("registry-test")
    assert "star" in members("registry-test")
    assert asked == ["headwater.registry-test"]


@pytest.mark.usefixtures("forget")
def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("star", "no_such_package_of_a_test:Star", "headwater.registry-test")
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point])
    registry._load_plugins.cache_clear()
    with pytest.raises(
        ConfigError, match=r"no_such_package_of_a_test:Star: the plug-in 'star' cannot be imported"
    ):
        members("registry-test")


def test_the_nearest_word_is_suggested_or_all_are_listed() -> None:
    assert did_you_mean("amuont", ["amount", "interval"]) == "Did you mean `amount`?"
    assert did_you_mean("xyz", ["b", "a"]) == "Known here: a, b."
    assert did_you_mean("xyz", []) == ""


def test_an_import_path_leads_to_its_object_and_back() -> None:
    assert resolve("math:floor") is math.floor
    assert resolve("pathlib:Path.name") is Path.name
    for value in (did_you_mean, Round, Registered, config.loads):
        assert resolve(path_of(value)) is value


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("math", "'math' is not an import path. Write 'package.module:name'."),
        ("math:", "'math:' is not an import path."),
        (":floor", "':floor' is not an import path."),
        (".math:floor", "'.math:floor' is not an import path."),
        ("math:floor.", "'math:floor.' is not an import path."),
        ("math:flor", "math:flor: math has no 'flor'. Did you mean `floor`?"),
        ("math:pi.reel", "math:pi.reel: math has no 'reel'. Did you mean `real`?"),
        (
            "nowhere.at.all:x",
            "nowhere.at.all:x: there is no module 'nowhere'. Run from the folder that holds it",
        ),
        ("json.nowhere:x", "json.nowhere:x: there is no module 'json.nowhere'."),
        ("math.nowhere:x", "math.nowhere:x: there is no module 'math.nowhere'"),
    ],
)
def test_an_import_path_that_leads_nowhere_says_which_part_is_missing(path: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(path)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        (
            "import nowhere_to_be_found\n",
            "ModuleNotFoundError: No module named 'nowhere_to_be_found'. Install it, or mend the import.",
            1,
        ),
        ("x = 1\ndef (:\n", "SyntaxError: invalid syntax. Mend that line.", 2),
        ("import math\n\nx = math.sqrt('a')\n", "TypeError: must be real number, not str. Mend that line.", 3),
        (
            "import json\ndef read():\n    return json.loads('{')\nread()\n",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."
            " Mend that line.",
            3,
        ),
        ("raise ValueError('one\\ntwo\\n')\n", "ValueError: two. Mend that line.", 1),
        ("raise ValueError\n", "ValueError. Mend that line.", 1),
        (
            "from headwater.core.unit import parse_bytes\nx = parse_bytes('2 of them')\n",
            "ConfigError: '2 of them' is not a size. Write bytes, or a text like '512MiB', '2GB'.",
            2,
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_the_line_at_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str, line: int
) -> None:
    path = tmp_path / "wanting_module_of_a_test.py"
    path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError) as caught:
        resolve("wanting_module_of_a_test:x")
    assert caught.value.where == f"{path}:{line}"
    assert str(caught.value) == f"{path}:{line}: wanting_module_of_a_test cannot be imported: {said}"
    assert isinstance(caught.value.__cause__, Exception)
    assert "wanting_module_of_a_test" not in sys.modules


def test_the_module_at_fault_may_be_one_that_the_named_one_imports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "outer_module_of_a_test.py").write_text("import inner_module_of_a_test\n")
    (tmp_path / "inner_module_of_a_test.py").write_text("\n\n1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ConfigError, match="outer_module_of_a_test cannot be imported: ZeroDivisionError"
    ) as caught:
        resolve("outer_module_of_a_test:x")
    assert caught.value.where == f"{tmp_path / 'inner_module_of_a_test.py'}:3"


@pytest.mark.parametrize("value", [lambda x: x, functools.partial(print), 3])
def test_what_has_no_import_path_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="has no import path"):
        path_of(value)
