"""The same lineage in PostgreSQL: the rows, the turns that writers take, and the refusal of a second zoo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater import zoo
from headwater.core.errors import ZooError
from headwater.core.selection import Selection

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgresql: str, tmp_path: Path) -> str:
    """A database of its own."""
    import psycopg

    name = f"zoo_{tmp_path.name}".replace("-", "_")[:60]
    with psycopg.connect(postgresql.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{postgresql.rpartition('/')[0]}/{name}"


def test_a_zoo_lives_in_postgresql(
    folder: Path, url: str, model: dict[str, NDArray[Any]], finetune: Any
) -> None:
    with zoo.open(folder, catalogue=url) as keep:
        first = keep.add(model, name="one", selection=Selection.of([1, 2]), facts={"auc": 0.5})
        second = keep.add(tuned := finetune(model), parent=first, selection=Selection.of([3]))
        keep.delete(first)
        assert keep.collect().held == (first.id,)
    with zoo.open(folder, catalogue=url, create=False) as keep:
        assert keep.collect(rebase=True).rebased == (second.id,)
        assert np.array_equal(keep.load(second, framework="numpy")["layer.bias"], tuned["layer.bias"])
        assert [v.id for v in keep.which_models(1).inherited] == [second.id]
        assert keep.lineage(second).ancestors[0].facts == {"auc": 0.5}
        assert keep.verify() == ()
    assert not (folder / "catalogue.sqlite").exists()


def test_a_second_zoo_does_not_take_the_first_ones_database(tmp_path: Path, url: str) -> None:
    zoo.open(tmp_path / "a", catalogue=url).close()
    with pytest.raises(ZooError, match="of two different zoos"):
        zoo.open(tmp_path / "b", catalogue=url)


def test_a_database_that_does_not_answer_is_named(folder: Path) -> None:
    with pytest.raises(ZooError, match="catalogue does not answer") as caught:
        zoo.open(folder, catalogue="postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_processes_take_turns(folder: Path, url: str) -> None:
    code = """
import sys
import numpy as np
from headwater import zoo

with zoo.open(sys.argv[1], catalogue=sys.argv[2]) as keep:
    for number in range(6):
        keep.add({"x": np.full(9, int(sys.argv[3]))}, name=f"{sys.argv[3]}-{number}")
        keep.add({"x": np.full(9, number)}, name=f"both-{number}")
        keep.collect()
"""
    adders = [subprocess.Popen([sys.executable, "-c", code, str(folder), url, str(n)]) for n in (1, 2)]
    assert [adder.wait() for adder in adders] == [0, 0]
    with zoo.open(folder, catalogue=url) as keep:
        assert [v.id for v in keep.ls()] == [f"v{n:06d}" for n in range(1, 19)]
        assert keep.verify() == ()
