"""Which chunks hold which elements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import DataError
from headwater.data.block import BARE, Columns
from headwater.data.store.chunk import Chunk
from headwater.data.store.folder import Folder, read_about
from headwater.data.store.memory import Memory
from headwater.data.store.place import Ranges


def chunk(start: int, stop: int) -> Chunk:
    numbers = np.arange(start, stop)
    return Chunk(start, Columns({BARE: numbers}, numbers.copy()), {"at": start}, {"at": stop})


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8)), max_size=8), st.integers(0, 30))
def test_ranges_find_what_holds_an_element_and_what_comes_next(pairs: list[tuple[int, int]], at: int) -> None:
    ranges = Ranges()
    for start, length in pairs:
        ranges.add(start, start + length)
    found = ranges.holding(at)
    assert (found is not None) == any(start <= at < start + length for start, length in pairs)
    assert found is None or found[0] <= at < found[1]
    later = [start - at for start, _ in pairs if start > at]
    assert ranges.gap(at) == (min(later) if later else None)


def test_a_folder_is_read_by_others_while_one_writes(tmp_path: Path) -> None:
    ours, theirs = (Folder(tmp_path / "c", about={"key": "k"}) for _ in range(2))
    assert ours.put(chunk(0, 5))
    assert not theirs.put(chunk(5, 9))
    assert (theirs.find(3) or chunk(0, 1)).stop == 5
    assert theirs.find(5) is None
    assert ours.put(chunk(5, 9))
    found = theirs.find(5)
    assert found is not None
    assert (found.block.elements(), found.before, found.after) == ([5, 6, 7, 8], {"at": 5}, {"at": 9})
    assert theirs.is_written()
    ours.close()
    assert theirs.put(chunk(9, 10))
    theirs.finish(10)
    theirs.close()
    assert (ours.end, ours.is_written()) == (10, False)
    assert read_about(tmp_path / "c") == {"format": "headwater.saved/1", "key": "k"}


def test_a_damaged_chunk_is_taken_away(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put(chunk(0, 5))
    folder.put(chunk(3, 8))
    path = folder.path_of(3, 8)
    path.write_bytes(path.read_bytes()[:-1])
    assert Folder(tmp_path).find(6) is None
    assert not path.exists()
    assert (folder.find(4) or chunk(0, 1)).stop == 5
    folder.path_of(0, 5).rename(folder.path_of(8, 13))
    assert Folder(tmp_path).find(9) is None  # its name says other elements than it holds
    folder.close()


def test_the_limit_bounds_what_is_kept(tmp_path: Path) -> None:
    for place in (Memory(limit_bytes=2_000), Folder(tmp_path, limit_bytes=2_000)):
        assert place.put(chunk(0, 10))
        assert not place.put(chunk(10, 500))
        assert (place.find(0), place.find(10)) != (None, None)
        assert place.find(10) is None
        place.close()


def test_an_about_that_says_nothing_known_is_refused(tmp_path: Path) -> None:
    assert read_about(tmp_path) is None
    for text in ("", "[]", '{"format": "other"}'):
        (tmp_path / "about.json").write_text(text)
        with pytest.raises(DataError, match="not of the form"):
            read_about(tmp_path)


def test_a_torn_note_of_the_end_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "complete.json").write_text('{"cou')
    assert Folder(tmp_path).end is None
