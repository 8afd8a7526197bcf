"""Bytes that changed on disk are found when they are read, named, and hurt nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import samples
from headwater.core.errors import CorruptError, SamplesError
from headwater.samples import Samples

Rows = Callable[..., list[dict[str, Any]]]


def payloads(column: Any) -> list[bytes]:
    return list(column.to_pylist())


@pytest.fixture
def three(store: Samples, rows: Rows) -> Samples:
    """Segments 0, 1 and 2 with keys 0 to 9, 10 to 19 and 20 to 29."""
    for start in (0, 10, 20):
        store.ingest(rows(start, start + 10))
    return samples.open(store.path)


def file_of(store: Samples, segment: int, suffix: str) -> Path:
    return next((store.path / "segments").glob(f"{segment:08d}-*.{suffix}"))


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


def numbers(block: Any) -> list[int]:
    return [int(number) for number in block["number"]]


def test_a_flipped_bit_in_a_row_is_named_with_file_segment_and_remedy(three: Samples) -> None:
    path = file_of(three, 1, "rows")
    flip(path, 33)
    with pytest.raises(CorruptError) as caught:
        three.read([5, 12])
    text = str(caught.value)
    assert str(path) in text
    assert "segment 1 (keys 10 to 19): the checksum of rows 0 to 9 is wrong" in text
    assert "Restore this file from a copy, or delete() these keys" in text
    assert isinstance(caught.value, SamplesError)
    assert numbers(three.read([29, 0, 5])) == [29, 0, 5]


@pytest.mark.parametrize("at", [-1, -20, -100])
def test_a_flipped_bit_in_a_footer_is_found(three: Samples, at: int) -> None:
    flip(file_of(three, 2, "rows"), at)
    with pytest.raises(CorruptError, match=r"segment 2 .*checksum of its footer"):
        three.read([20])
    assert numbers(three.read([0])) == [0]


def test_a_flipped_bit_in_a_payload_is_found(three: Samples) -> None:
    flip(file_of(three, 0, "bytes"), 8)  # the first payload that has bytes is sample 1's
    with pytest.raises(CorruptError, match=r"\.bytes: segment 0 .*payload at byte 8 is wrong"):
        three.read([1])
    assert payloads(three.read([2, 11])["blob"]) == [bytes([2]) * 2, bytes([11]) * 4]
    assert numbers(three.read([1], columns=["number"])) == [1]


def test_a_flipped_bit_in_an_index_column_is_found(three: Samples) -> None:
    width = three.schema.row_dtype.itemsize
    flip(file_of(three, 0, "rows"), 10 * width + 3)
    with pytest.raises(CorruptError, match=r"segment 0 .*column 'key' is wrong"):
        three.index()
    assert numbers(three.read([1])) == [1]


@pytest.mark.parametrize("suffix", ["rows", "bytes"])
def test_a_truncated_file_is_named_and_other_segments_stay_readable(three: Samples, suffix: str) -> None:
    path = file_of(three, 1, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(
        CorruptError, match=rf"segment 1 .*has {len(whole) - 30:,} bytes instead of {len(whole):,}"
    ):
        three.read([10])
    assert numbers(three.read([9, 20])) == [9, 20]


@pytest.mark.parametrize("suffix", ["rows", "bytes"])
def test_a_lost_file_is_named_and_other_segments_stay_readable(three: Samples, suffix: str) -> None:
    path = file_of(three, 1, suffix)
    path.unlink()
    with pytest.raises(CorruptError, match=r"file is missing") as caught:
        three.read([10])
    assert str(path) in str(caught.value)
    assert numbers(three.read([9, 20])) == [9, 20]


def test_what_was_read_before_it_was_cut_short_is_refused_too(three: Samples) -> None:
    three.read(three.keys())
    path = file_of(three, 1, "rows")
    path.with_suffix(".cut").write_bytes(path.read_bytes()[:-30])
    path.with_suffix(".cut").replace(path)
    fresh = three.at()
    with pytest.raises(CorruptError, match=r"segment 1"):
        fresh.read([10])
    assert numbers(fresh.read([9, 20])) == [9, 20]


def test_a_segment_swapped_for_another_is_found(three: Samples) -> None:
    first, second = file_of(three, 0, "rows"), file_of(three, 2, "rows")
    content = first.read_bytes().ljust(second.stat().st_size, b"\0")[: second.stat().st_size]
    second.write_bytes(content)
    with pytest.raises(CorruptError):
        three.read([20])


def test_a_damaged_segment_can_be_given_up(three: Samples) -> None:
    file_of(three, 1, "rows").write_bytes(b"junk")
    with pytest.raises(CorruptError):
        three.compact()
    three.delete(range(10, 20))
    three.compact()
    assert numbers(three.read(three.keys())) == [*range(10), *range(20, 30)]


def test_a_failed_compaction_leaves_all_as_it_was(three: Samples) -> None:
    flip(file_of(three, 2, "rows"), 33)
    files = sorted((three.path / "segments").iterdir())
    three.delete([0])
    with pytest.raises(CorruptError):
        three.compact()
    assert sorted((three.path / "segments").iterdir()) == files
    assert numbers(three.at(3).read([0, 19])) == [0, 19]


def test_rows_are_verified_once_and_not_at_each_read(three: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    three.read(np.arange(30))
    monkeypatch.setattr("headwater.samples.segment.zlib", None)
    assert numbers(three.read([3, 29])) == [3, 29]
    assert numbers(three.at(2).read([3, 19])) == [3, 19]  # another version, the same segments


def test_a_damaged_description_is_named(three: Samples) -> None:
    (three.path / "store.json").write_text("{")
    with pytest.raises(CorruptError, match=r"store.json: not a store's description"):
        samples.open(three.path)


def test_a_lost_catalogue_is_named_and_not_made_anew(three: Samples) -> None:
    for path in three.path.glob("catalogue.sqlite*"):
        path.unlink()
    with pytest.raises(CorruptError, match=r"catalogue.sqlite: the catalogue is missing"):
        samples.open(three.path)
    assert not (three.path / "catalogue.sqlite").exists()


def test_a_damaged_catalogue_is_named(three: Samples) -> None:
    for path in three.path.glob("catalogue.sqlite-*"):
        path.unlink()
    (three.path / "catalogue.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(SamplesError, match=r"catalogue.sqlite: the catalogue cannot be used"):
        samples.open(three.path)
