"""What the contracts look at: the tree, its words, its texts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def source() -> Path:
    """The package's folder."""
    return ROOT / "src" / "headwater"


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that is, or could be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:  # an unpacked sdist has no git
        found = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    else:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return sorted(path for path in found if path.is_file())


@pytest.fixture(scope="session")
def pages(files: list[Path]) -> dict[Path, str]:
    """Every Markdown file and its text."""
    return {path: path.read_text(encoding="utf-8") for path in files if path.suffix == ".md"}
