"""Importing is cheap: what is heavy comes with the first use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import headwater

HEAVY = (
    "torch",
    "ray",
    "pydantic",
    "pandas",
    "sqlalchemy",
    "pyarrow",
    "numpy",
    "scipy",
    "matplotlib",
    "yaml",
    "rich",
)
ASK = "import sys, json; {statement}; print(json.dumps(sorted(set({heavy!r}) & set(sys.modules))))"


def loaded_by(statement: str, heavy: tuple[str, ...]) -> list[str]:
    code = ASK.format(statement=statement, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"`{statement}` fails:\n{done.stderr}"
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_import_headwater_loads_nothing_heavy() -> None:
    loaded = loaded_by("import headwater", HEAVY)
    assert loaded == [], f"`import headwater` loads {loaded}: import them where they are used, not at the top."


@pytest.mark.parametrize("word", [*headwater.LINE, "workers"])
def test_importing_a_word_loads_nothing_that_only_some_of_its_uses_want(word: str) -> None:
    heavy = ("torch", "ray", "pandas", "sqlalchemy", "pydantic", "scipy", "matplotlib", "torchmetrics", "PIL")
    loaded = loaded_by(f"from headwater import {word}", heavy)
    assert loaded == [], (
        f"`from headwater import {word}` loads {loaded}: import them inside the function that uses them, or "
        f"give the name a lazy place with __getattr__ in src/headwater/{word}/__init__.py."
    )


def test_the_terminal_answers_help_without_torch() -> None:
    assert loaded_by("from headwater import cli", ("torch", "ray", "pandas", "matplotlib")) == []


def test_every_word_is_an_attribute_of_the_package_and_others_are_not() -> None:
    for word in (*headwater.LINE, *headwater.GROUND):
        assert getattr(headwater, word).__name__ == f"headwater.{word}"
        assert word in dir(headwater)
    with pytest.raises(AttributeError, match="has no attribute 'nowhere'"):
        headwater.nowhere  # noqa: B018
