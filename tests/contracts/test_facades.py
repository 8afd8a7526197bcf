"""A capability shows a few names, and its neighbours use those."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import headwater

FREE = ("core", "workers")  # the ground, which everyone imports by file
MOST_NAMES = 12  # "about ten"; what does not fit is a name in a file, or a second capability
CAPABILITIES = (*headwater.LINE, "workers", "cli")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("word", CAPABILITIES)
def test_other_capabilities_are_imported_through_their_facade(source: Path, word: str) -> None:
    deep = [
        f"{path.relative_to(source.parent)}:{line} imports {module}"
        for path in sorted((source / word).rglob("*.py"))
        for line, module in imported(path)
        if module.count(".") >= 2
        and module.split(".")[0] == "headwater"
        and module.split(".")[1] not in (word, *FREE)
    ]
    assert deep == [], (
        f"{word} reaches behind a facade. Write `from headwater import <word>` and use a name that its "
        f"__init__ exports (or ask its owner to export one): {deep}"
    )


@pytest.mark.parametrize("word", CAPABILITIES)
def test_a_facade_exports_about_ten_names_and_each_is_there(word: str) -> None:
    facade = importlib.import_module(f"headwater.{word}")
    names = getattr(facade, "__all__", None)
    assert names is not None, f"Say in src/headwater/{word}/__init__.py with __all__ what {word} offers."
    # Members of a family are words of a configuration; their number is the family's wealth, not its weight.
    api = [name for name in names if not getattr(getattr(facade, name, None), "kind", "")]
    assert len(api) <= MOST_NAMES, (
        f"headwater.{word} exports {len(api)} names, more than {MOST_NAMES}. Leave out what a user does not "
        f"type in the first hour; it stays importable from its file: {sorted(api)}"
    )
    lost = [name for name in names if not hasattr(facade, name)]
    assert lost == [], f"headwater.{word}.__all__ names what is not there: {lost}"
    assert list(names) == sorted(names), f"Sort __all__ of headwater.{word}, so that a new name has one place."


@pytest.mark.parametrize("word", CAPABILITIES)
def test_everything_a_facade_exports_says_what_it_is(word: str) -> None:
    facade = importlib.import_module(f"headwater.{word}")
    offered = {name: getattr(facade, name) for name in getattr(facade, "__all__", ())}
    silent = [
        name
        for name, value in offered.items()
        if (inspect.isclass(value) or inspect.isroutine(value)) and not (inspect.getdoc(value) or "").strip()
    ]
    assert silent == [], f"Write a first sentence for {silent} of headwater.{word}."
    assert (facade.__doc__ or "").strip(), f"headwater.{word} has no docstring: say which question it answers."


def test_core_is_imported_by_file() -> None:
    core = importlib.import_module("headwater.core")
    assert getattr(core, "__all__", []) == [], (
        "headwater.core has no facade: write `from headwater.core.selection import Selection`."
    )
