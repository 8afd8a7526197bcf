from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import crc32c, tfrecord


def checksum(content: bytes) -> bytes:
    """Bit by bit, as the definition has it, and masked."""
    register = 0xFFFFFFFF
    for code in content:
        register ^= code
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    found = register ^ 0xFFFFFFFF
    return struct.pack("<I", (((found >> 15) | (found << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(*records: bytes) -> bytes:
    parts = []
    for record in records:
        length = struct.pack("<Q", len(record))
        parts.append(length + checksum(length) + record + checksum(record))
    return b"".join(parts)


RECORDS = [b"one", b"", b"three" * 9, b"4", b"five"]


@pytest.fixture(params=[1 << 20, 7])
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of two, no and three records, read whole or seven bytes at a time."""
    monkeypatch.setattr(tfrecord, "CHUNK_BYTES", request.param)
    for name, records in (("a", RECORDS[:2]), ("b", []), ("c", RECORDS[2:])):
        (tmp_path / f"{name}.tfrecord").write_bytes(framed(*records))
    return tmp_path


def test_records_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_tfrecord(folder), RECORDS)


def test_compressed_records_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    for path in list(folder.iterdir()):
        path.with_suffix(".tfrecord.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    laws(lambda: data.from_tfrecord(folder), RECORDS)


@pytest.mark.parametrize("at", [0, 3, 9, 11, 12, 14, 16])
def test_any_flipped_byte_is_an_error_that_names_file_and_record(folder: Path, at: int) -> None:
    path = folder / "c.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(framed(RECORDS[2])) + at] ^= 0x10
    path.write_bytes(content)
    run = iter(data.from_tfrecord(folder))
    assert [next(run) for _ in range(3)] == RECORDS[:3]
    with pytest.raises(CorruptError, match=r"c\.tfrecord, record 1: the checksum (of its length )?is wrong"):
        next(run)
    assert run.state()


@pytest.mark.parametrize("left", [1, 11, 12, 15, 16])
def test_a_torn_file_is_an_error_that_names_file_and_record(folder: Path, left: int) -> None:
    path = folder / "c.tfrecord"
    path.write_bytes(framed(RECORDS[2]) + framed(b"four")[:left])
    run = iter(data.from_tfrecord(folder))
    assert [next(run) for _ in range(3)] == RECORDS[:3]
    with pytest.raises(CorruptError, match=rf"c\.tfrecord, record 1: the file is cut short: {left} bytes of"):
        next(run)


@given(st.lists(st.binary(max_size=700), max_size=12), st.integers(0, 5))
def test_checksums_in_numpy_are_those_of_the_definition(parts: list[bytes], gap: int) -> None:
    content = b"x" * gap + b"".join(parts)
    stops = np.cumsum([len(part) for part in parts], dtype=np.int64) + gap
    starts = stops - [len(part) for part in parts]
    wanted = [checksum(part) for part in parts]
    for found in (crc32c.in_numpy(content, starts, stops), crc32c.checksums(content, starts, stops)):
        assert [struct.pack("<I", one) for one in crc32c.masked(found).tolist()] == wanted


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def example(*, packed: bool = True, **features: list[bytes] | list[int] | list[float]) -> bytes:
    entries = b""
    for name, values in features.items():
        if not values or isinstance(values[0], bytes):
            number, content = 1, b"".join(field(1, value) for value in values)  # type: ignore[arg-type]
        elif isinstance(values[0], float):
            number, parts = 2, [struct.pack("<f", value) for value in values]
            content = field(1, b"".join(parts)) if packed else b"".join(b"\x0d" + part for part in parts)
        else:
            number, parts = 3, [varint(int(value)) for value in values]
            content = field(1, b"".join(parts)) if packed else b"".join(b"\x08" + part for part in parts)
        entries += field(1, field(1, name.encode()) + field(2, field(number, content)))
    return field(1, entries)


@pytest.mark.parametrize("packed", [True, False])
def test_examples_become_columns(tmp_path: Path, packed: bool, laws: Callable[..., None]) -> None:
    rows = [
        example(packed=packed, label=[number], box=[0.5, 1.0, number / 2], name=[b"n%d" % number])
        for number in (1, 300, -7)
    ]
    (tmp_path / "a").write_bytes(framed(*rows[:2]))
    (tmp_path / "b").write_bytes(framed(*rows[2:]))
    box = [np.array([0.5, 1.0, number / 2], np.float32) for number in (1, 300, -7)]
    expected = [
        {"box": box[at], "label": number, "name": b"n%d" % number} for at, number in enumerate((1, 300, -7))
    ]
    laws(lambda: data.from_tfrecord(tmp_path, examples=True), expected)


def test_features_say_which_are_read_and_which_are_lists_of_any_length(tmp_path: Path) -> None:
    rows = [example(x=[1, 2], y=[0.5], tags=[b"a"]), example(x=[], y=[1.5], tags=[b"b", b"c"])]
    (tmp_path / "a").write_bytes(framed(*rows))
    features = {"x": "int64[]", "tags": "bytes[]"}
    assert list(data.from_tfrecord(tmp_path, features=features)) == [
        {"x": [1, 2], "tags": [b"a"]},
        {"x": [], "tags": [b"b", b"c"]},
    ]
    batch = next(iter(data.from_tfrecord(tmp_path, features={"y": "float32[1]"}).batch(2)))
    assert batch["y"].shape == (2, 1)


def test_a_record_that_is_otherwise_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(framed(example(x=[1]), example(x=[1, 2])))
    (tmp_path / "b").write_bytes(framed(example(x=[1]), example(y=[1])))
    with pytest.raises(DataError, match=r"a, record 1: feature `x` is int64\[2\], not int64\. .*'int64\[\]'"):
        list(data.from_tfrecord(tmp_path, examples=True))
    with pytest.raises(DataError, match=r"b, record 1: feature `x` is missing or empty, not int64"):
        list(data.from_tfrecord(tmp_path / "b", examples=True))
    with pytest.raises(DataError, match=r"features: 'x' is 'int32'"):
        data.from_tfrecord(tmp_path, features={"x": "int32"})


@pytest.mark.parametrize("record", [b"\x0a\xff", b"\x0f", b"\x0a\x05ab"])
def test_a_record_that_is_no_example_is_named(tmp_path: Path, record: bytes) -> None:
    (tmp_path / "a").write_bytes(framed(record))
    with pytest.raises(DataError, match=r"a, record 0.*no tf\.train\.Example"):
        list(data.from_tfrecord(tmp_path, examples=True))
    with pytest.raises(DataError, match=r"a, record 0.*no tf\.train\.Example"):
        list(data.from_tfrecord(tmp_path, features={"x": "int64"}))


def test_records_that_changed_are_passed_over_and_a_wrong_length_ends_the_file(
    folder: Path, laws: Callable[..., None]
) -> None:
    path = folder / "a.tfrecord"
    content = bytearray(framed(b"one", b"two", b"three"))
    content[len(framed(b"one")) + 13] ^= 1
    path.write_bytes(content)
    laws(lambda: data.from_tfrecord(folder).ignore_errors(limit=1), [b"one", b"three", *RECORDS[2:]])
    content[len(framed(b"one"))] ^= 1
    path.write_bytes(content)
    laws(lambda: data.from_tfrecord(folder).ignore_errors(limit=1), [b"one", *RECORDS[2:]])
