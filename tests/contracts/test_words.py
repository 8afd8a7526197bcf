"""One word, everywhere: folder, tests, page, error, extra."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.core import errors

CAPABILITIES = (*headwater.LINE, "workers")
EVERY = (*headwater.LINE, *headwater.GROUND)


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return found


def test_every_folder_is_a_word_of_the_map(source: Path) -> None:
    folders = {path.name for path in source.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(EVERY), (
        f"Folders and the map differ in {sorted(folders ^ set(EVERY))}: put a new word into LINE or GROUND of "
        "src/headwater/__init__.py and into the floors of pyproject.toml."
    )


@pytest.mark.parametrize("word", EVERY)
@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("src/headwater/{}/__init__.py", "the facade"),
        (
            "src/headwater/{}/README.md",
            "one screen: sentence, tree, life of the central object, how to add one, nevers",
        ),
        ("tests/{}", "the tests"),
        ("docs/reference/{}.md", "sentence, picture, ten lines of example, options, limits, errors, paper"),
    ],
    ids=["facade", "readme", "tests", "reference"],
)
def test_a_word_has_its_place(root: Path, word: str, place: str, what: str) -> None:
    path = root / place.format(word)
    assert path.exists(), f"Write {place.format(word)}: {what}."
    if path.is_dir():
        assert list(path.rglob("test_*.py")), (
            f"{place.format(word)} holds no test: write test_<file>.py for each file."
        )


@pytest.mark.parametrize("word", CAPABILITIES)
def test_a_capability_has_its_error(word: str) -> None:
    assert hasattr(errors, f"{word.capitalize()}Error"), (
        f"Add {word.capitalize()}Error to core/errors.py and its tree."
    )


@pytest.mark.parametrize("word", CAPABILITIES)
def test_a_capability_is_an_extra(project: dict[str, Any], word: str) -> None:
    extras = project["optional-dependencies"]
    assert word in extras, f"Add `{word} = []`, or what {word} needs, to [project.optional-dependencies]."
    assert f"{word}" in extras["all"][0], f"Name {word} in the extra `all`."


@pytest.mark.parametrize("word", EVERY)
def test_a_file_does_not_repeat_its_folders_word(source: Path, word: str) -> None:
    repeated = [
        str(path.relative_to(source))
        for path in (source / word).rglob("*.py")
        if word.rstrip("s") in path.stem.split("_")
        and path.stem != word
        and path.stem != word
        and word not in ("data", "core", "selection")
    ]
    assert repeated == [], f"The folder says it already: rename {repeated}."


def test_no_file_is_named_for_nothing(files: list[Path], root: Path) -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
    found = [str(path.relative_to(root)) for path in files if path.suffix == ".py" and path.stem in empty]
    assert found == [], f"Name these files by what they hold: {found}."


@pytest.mark.parametrize("word", headwater.LINE)
def test_a_word_stands_in_the_first_screens(root: Path, word: str) -> None:
    for page in ("README.md", "ARCHITECTURE.md", "docs/index.md"):
        assert f"`{word}`" in (root / page).read_text(), f"Give `{word}` its line in the table of {page}."


def test_the_version_is_said_once(project: dict[str, Any], root: Path) -> None:
    assert project["version"] == headwater.__version__, "pyproject.toml and headwater.__version__ differ."
    assert "## [Unreleased]" in (root / "CHANGELOG.md").read_text(), "CHANGELOG.md has no `## [Unreleased]`."


def test_types_are_offered_to_users(source: Path) -> None:
    assert (source / "py.typed").exists()
