"""WebDataset tar files: samples by key, any of them by itself, and what is wrong with a file."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import CorruptError, DataError
from headwater.data.sources.tar import index


def write(path: Path, members: list[tuple[str, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def pairs(start: int, stop: int) -> list[tuple[str, bytes]]:
    return [
        member
        for i in range(start, stop)
        for member in (
            (f"a.b/{i:03}.jpg", bytes([i % 251]) * (i * 7 % 300)),
            (f"a.b/{i:03}.cls", b"%d" % (i % 5)),
        )
    ]


def sample(i: int) -> dict[str, Any]:
    return {"__key__": f"a.b/{i:03}", "jpg": bytes([i % 251]) * (i * 7 % 300), "cls": b"%d" % (i % 5)}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    write(tmp_path / "s-0.tar", pairs(0, 6))
    write(tmp_path / "s-1.tar", pairs(6, 7))
    write(tmp_path / "s-2.tar", pairs(7, 12))
    return tmp_path


@pytest.fixture(params=["", "gz", "xz"])
def any_shards(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same, whole and compressed."""
    ending = f".{request.param}" if request.param else ""
    for number, (start, stop) in enumerate([(0, 6), (6, 7), (7, 12)]):
        write(tmp_path / f"s-{number}.tar{ending}", pairs(start, stop), f"w:{request.param}")
    return tmp_path


def test_samples_come_in_order_and_it_holds_to_the_laws(any_shards: Path, laws: Callable[..., None]) -> None:
    laws(lambda: data.from_webdataset(any_shards), [sample(i) for i in range(12)])


def test_a_shuffle_of_everything_reads_each_sample_by_itself(shards: Path, laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.from_webdataset(f"{shards}/*.tar").shuffle(seed=1)

    found = list(build())
    assert sorted(found, key=lambda it: str(it["__key__"])) == [sample(i) for i in range(12)]
    assert found != [sample(i) for i in range(12)]
    laws(build, found)


def test_numbers_and_texts_are_decoded_if_asked(tmp_path: Path) -> None:
    content = [("x.cls", b" 7\n"), ("x.txt", "é".encode()), ("x.json", b'{"a": 1}'), ("x.png", b"\x89")]
    for path in (write(tmp_path / "a.tar", content), write(tmp_path / "a.tgz", content, "w:gz")):
        dataset = data.from_webdataset(path, decode=True)
        assert list(dataset) == [{"__key__": "x", "cls": 7, "txt": "é", "json": '{"a": 1}', "png": b"\x89"}]
        assert next(iter(dataset.batch(1)))["cls"].dtype == np.int64


@pytest.mark.parametrize(
    ("member", "content", "problem"), [("cls", b"cat", "whole number"), ("txt", b"\xff", "text in UTF-8")]
)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_does_not_decode_is_named(
    tmp_path: Path, mode: str, member: str, content: bytes, problem: str
) -> None:
    path = write(tmp_path / "a.tar", [(f"x.{member}", b"1"), (f"y.{member}", content)], mode)
    with pytest.raises(DataError, match=rf"a\.tar, row 1, member `y\.{member}`: .* is no {problem}"):
        list(data.from_webdataset(path, decode=True))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_sample_with_other_members_is_refused_unless_members_are_chosen(tmp_path: Path, mode: str) -> None:
    path = write(tmp_path / "a.tar", [("x.jpg", b"1"), ("x.cls", b"2"), ("y.jpg", b"3"), ("y.seg", b"4")], mode)
    with pytest.raises(DataError, match=r"a\.tar: the sample `y` has the members \['jpg', 'seg'\], the first"):
        list(data.from_webdataset(path))
    chosen = list(data.from_webdataset(path, members=("cls", "jpg")))
    assert chosen == [{"__key__": "x", "cls": b"2", "jpg": b"1"}, {"__key__": "y", "cls": None, "jpg": b"3"}]
    assert list(data.from_webdataset(path, members=["seg"]))[1]["seg"] == b"4"


def test_keys_end_at_the_first_dot_and_what_is_no_member_is_passed_over(tmp_path: Path) -> None:
    names = ["./d.x/b.seg.PNG", "./d.x/b.jpg", ".hidden", "noending", "__meta__", "c/__note__", "./d.x/e.jpg"]
    path = write(tmp_path / "a.tar", [(name, name.encode()) for name in names])
    found = [(row["__key__"], row["jpg"]) for row in data.from_webdataset(path, members=["jpg"])]
    assert found == [("./d.x/b", b"./d.x/b.jpg"), ("./d.x/e", b"./d.x/e.jpg")]
    assert next(iter(data.from_webdataset(path, members=["seg.png"])))["seg.png"] == b"./d.x/b.seg.PNG"


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", [("x.jpg", b"1"), ("x.jpg", b"2")])
    with pytest.raises(CorruptError, match=r"a\.tar: the sample `x` has two members `jpg`"):
        data.from_webdataset(path)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_torn_file_is_named_with_its_last_member(tmp_path: Path, mode: str) -> None:
    noise = np.random.default_rng(0).bytes(3_000)
    path = write(tmp_path / "a.tar", [("x.jpg", b"1" * 50), ("y.jpg", noise), ("z.jpg", noise)], mode)
    os.truncate(path, 6_000 if mode == "w" else path.stat().st_size - 500)
    with pytest.raises(CorruptError, match=r"a\.tar: the tar file is torn in or after the member `(y|z)\.jpg`"):
        list(data.from_webdataset(path))


def test_what_is_no_tar_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"hello" * 1_000)
    with pytest.raises(CorruptError, match=r"a\.tar: it is not a tar file"):
        data.from_webdataset(path)
    with pytest.raises(DataError, match="no sample is in it"):
        data.from_webdataset(write(tmp_path / "b.tar", [("__x__", b"")]))
    with pytest.raises(DataError, match="no tar file is there"):
        data.from_webdataset(tmp_path / "none-*.tar")
    with pytest.raises(DataError, match="one text"):
        data.from_webdataset(path, members="jpg")


def test_a_file_that_was_changed_is_refused(shards: Path) -> None:
    dataset = data.from_webdataset(shards)
    assert len(dataset) == 12
    os.truncate(shards / "s-2.tar", 1_000)
    with pytest.raises(DataError, match=r"s-2\.tar: the file has changed since the dataset was made"):
        list(dataset)


def test_a_file_that_becomes_shorter_while_it_is_read_is_named(shards: Path) -> None:
    run = data.from_webdataset(shards).skip(7).iterate(block_rows=1)
    next(run)
    os.truncate(shards / "s-2.tar", 3_000)
    with pytest.raises(CorruptError, match=r"s-2\.tar, row 1: the file ends before its member `a\.b/008\.cls`"):
        next(run)


def test_a_file_that_vanishes_is_named(shards: Path) -> None:
    dataset = data.from_webdataset(shards)
    assert len(dataset) == 12
    (shards / "s-1.tar").unlink()
    with pytest.raises(DataError, match=r"s-1\.tar: the file is gone"):
        list(dataset)


def test_an_error_in_a_function_names_tar_row_and_key(shards: Path) -> None:
    def fail(element: dict[str, Any]) -> Any:
        return 1 // (element["__key__"] != "a.b/009")

    with pytest.raises(DataError, match=r"s-2\.tar, row 2 \(key a\.b/009\): ZeroDivisionError"):
        list(data.from_webdataset(shards).map(fail))


def test_each_file_is_indexed_once(shards: Path) -> None:
    index.cache_clear()
    for _ in range(3):
        list(data.from_webdataset(shards))
    assert index.cache_info().misses == 3


def test_the_state_of_a_stream_is_small(shards: Path) -> None:
    run = iter(data.from_webdataset(write(shards / "c.tar.gz", pairs(0, 200), "w:gz")))
    for _ in range(150):
        next(run)
    assert len(json.dumps(run.state())) < 1_000
