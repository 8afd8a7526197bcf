"""A full disk stops a run with a clear error; with space again it goes on to the result of an unbroken run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples.tiny import line as tiny

from headwater import loop
from headwater.core.errors import StorageFullError
from headwater.core.selection import Selection


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own with 900 kB, which `grow` makes larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if made.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)


def contents(line: loop.Loop) -> list[tuple[str, str]]:
    stored = [round_ for round_ in loop.Results(line.folder).rounds() if round_.variant]
    content = {v.id: v.content for v in line.parts.keep.ls()}
    return [(Selection.load(line.folder.selection(r.number)).digest, content[r.variant]) for r in stored]


def test_a_full_disk_stops_the_run_and_space_lets_it_finish(small_disk: Path, tmp_path: Path) -> None:
    unbroken = tiny.line(tmp_path / "unbroken")
    unbroken.run()
    line = tiny.line(small_disk)
    with pytest.raises(StorageFullError, match="disk is full"):
        _run_until_full(line, small_disk)
    done = contents(line)
    assert done == contents(unbroken)[: len(done)]
    grow(small_disk)
    again = tiny.line(small_disk)
    again.go()
    assert contents(again) == contents(unbroken)


def _run_until_full(line: loop.Loop, folder: Path) -> None:
    """Leave 40 kB free, so that the disk fills up in the midst of the run, wherever that is."""
    free_bytes = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "ballast").write_bytes(b"x" * max(free_bytes - 40_000, 0))
    try:
        line.run()
    finally:
        (folder / "ballast").unlink()
