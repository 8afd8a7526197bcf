from __future__ import annotations

import bz2
import gzip
import json
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources import lines, text
from headwater.data.sources.file import File
from headwater.data.sources.pieces import Piece, Place


@pytest.fixture
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read five bytes at a time, so that lines cross chunks."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files with every kind of end, two of them empty."""
    contents = {"a": "one\ntwo\n", "b": "", "c": "three", "d": "\n\nfour\r\n", "e": "", "f": "fünf\n"}
    for name, content in contents.items():
        (tmp_path / f"{name}.txt").write_bytes(content.encode())
    return tmp_path


LINES = ["one", "two", "three", "", "", "four", "fünf"]


def test_lines_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_text(folder), LINES)


@pytest.mark.usefixtures("tiny_chunks")
def test_lines_across_chunks_obey_the_laws(folder: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_text(folder), LINES)


@pytest.mark.usefixtures("tiny_chunks")
@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".zz", zlib.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_compressed_lines_obey_the_laws(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path, laws: Callable[..., None]
) -> None:
    for name, content in (("a", b"one\ntwo\n"), ("b", b""), ("c", b"three\nfour")):
        (tmp_path / f"{name}.txt{suffix}").write_bytes(pack(content))
    laws(lambda: data.from_text(tmp_path), ["one", "two", "three", "four"])


def test_compression_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"one\ntwo"))
    assert list(data.from_text(path, compression="gzip")) == ["one", "two"]
    packed = tmp_path / "b.gz"
    packed.write_bytes(b"plain")
    assert list(data.from_text(packed, compression=None)) == ["plain"]
    with pytest.raises(DataError, match=r"compression='gzp' is not known.*gzip"):
        data.from_text(path, compression="gzp")


def test_a_torn_compressed_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"one\n" * 10_000)[:-20])
    with pytest.raises(CorruptError, match=r"a\.txt\.gz: the file does not decompress"):
        list(data.from_text(path))


def test_without_an_encoding_lines_are_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\x00\n\xfe")
    assert list(data.from_text(tmp_path, encoding=None)) == [b"\xff\x00", b"\xfe"]


def test_other_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("é\nü".encode("cp1252"))
    assert list(data.from_text(tmp_path, encoding="cp1252")) == ["é", "ü"]
    with pytest.raises(DataError, match="'utf-16' is not known, or writes newlines otherwise"):
        data.from_text(tmp_path, encoding="utf-16")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\ntwo")
    assert list(data.from_text(tmp_path)) == ["one", "two"]


def test_bytes_that_are_no_text_are_named_with_their_line_after_the_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\n")
    (tmp_path / "b.txt").write_bytes(b"two\nthree\nf\xffur\nfive\n")
    run = iter(data.from_text(tmp_path))
    assert [next(run) for _ in range(3)] == ["one", "two", "three"]
    with pytest.raises(CorruptError, match=r"b\.txt, line 3: b'f\\xffur' is not utf-8"):
        next(run)
    assert json.dumps(run.state())  # it can be saved after the error


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line)), st.integers(1, 9), st.booleans()
)
def test_any_lines_come_back(content: list[bytes], chunk_bytes: int, ends: bool) -> None:
    whole = b"\n".join(content) + (b"\n" if ends and content else b"")
    wanted = whole.split(b"\n")
    wanted = [line.removesuffix(b"\r") for line in wanted[:-1]] + wanted[-1:]
    if wanted[-1] == b"":
        wanted.pop()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "CHUNK_BYTES", chunk_bytes)
        path = Path(folder, "a")
        path.write_bytes(whole)
        pieces = text.Text((File.of(path),), encoding=None).read(path, Place())
        found: list[Any] = [
            line.as_py() for piece in pieces if isinstance(piece, Piece) for line in piece.columns[""]
        ]
        assert found == wanted
