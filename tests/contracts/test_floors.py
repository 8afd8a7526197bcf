"""Floors hold, and their guard sees a violation when there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_contract_is_kept(root: Path) -> None:
    code, said = lint(root)
    if code:
        pytest.fail(
            "An import breaks a contract of pyproject.toml. Import from a lower floor only, or meet through a "
            "noun of core; an optional library belongs into the file named for it.\n" + said
        )


PLANTED = {
    "samples/planted.py": "from headwater import triggers\n",  # a stranger on the same floor
    "core/planted.py": "import headwater.samples\n",  # a floor above
    "selection/planted.py": "import torch\n",
    "triggers/planted.py": "import scipy.stats\n",
    "zoo/planted_one.py": "import headwater.zoo.planted_two\n",
    "zoo/planted_two.py": "import headwater.zoo.planted_one\n",
    "undeclared/__init__.py": "",
}


@pytest.fixture(scope="module")
def verdict(root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the guard says of a copy of the tree into which violations were planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", folder)
    for name, text in PLANTED.items():
        path = folder / "src" / "headwater" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    code, said = lint(folder)
    assert code == 1, said
    return said


@pytest.mark.parametrize(
    "sign",
    [
        "headwater.samples is not allowed to import headwater.triggers",
        "headwater.core is not allowed to import headwater.samples",
        "headwater.selection.planted -> torch",
        "headwater.triggers.planted -> scipy",
        "planted_two",
    ],
)
def test_a_planted_violation_is_reported(verdict: str, sign: str) -> None:
    assert sign in verdict, f"the contracts of pyproject.toml no longer see this one:\n{verdict}"


def test_a_folder_that_no_floor_names_is_reported(root: Path, tmp_path: Path, source: Path) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    for folder in [path for path in source.iterdir() if path.is_dir() and path.name != "__pycache__"]:
        (tmp_path / "src" / "headwater" / folder.name).mkdir(parents=True)
        (tmp_path / "src" / "headwater" / folder.name / "__init__.py").touch()
    (tmp_path / "src" / "headwater" / "__init__.py").touch()
    assert lint(tmp_path)[0] == 0
    (tmp_path / "src" / "headwater" / "undeclared").mkdir()
    (tmp_path / "src" / "headwater" / "undeclared" / "__init__.py").touch()
    code, said = lint(tmp_path)
    assert code == 1
    assert "undeclared" in said
