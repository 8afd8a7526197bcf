"""Datasets of files: their paths, their lines, their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.example import check_features
from headwater.data.sources.filenames import FileNames
from headwater.data.sources.fixed_length import FixedLength, check_layout
from headwater.data.sources.paths import Paths, find_files
from headwater.data.sources.stream import AUTO
from headwater.data.sources.text import Text
from headwater.data.sources.tfrecord import TFRecord


@member
def from_files(paths: Paths) -> Dataset:
    """The paths of files, sorted within each folder or pattern such as ``"photos/**/*.jpg"``. Random access.

    >>> import pathlib, tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.txt", "a.txt"):
    ...         _ = pathlib.Path(folder, name).write_text(name)
    ...     [pathlib.Path(path).name for path in data.from_files(f"{folder}/*.txt")]
    ['a.txt', 'b.txt']
    """
    return begin(FileNames(find_files(paths, kind="such", where="data.from_files")))


@member
def from_text(paths: Paths, *, encoding: str | None = "utf-8", compression: str | None = AUTO) -> Dataset:
    r"""The lines of text files, without their ``\n`` or ``\r\n``; bytes if there is no `encoding`.

    Compression (gzip, zlib, zstd, bz2) is told by the suffix, or named; None for none.
    Raised for a line that is not of the encoding: `DataError` naming file and line.

    >>> import pathlib, tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.txt").write_text("one\n\nthree")
    ...     list(data.from_text(folder))
    ['one', '', 'three']
    """
    files = find_files(paths, kind="text", where="data.from_text")
    return begin(Text(files, encoding=encoding, compression=compression or "none"))


@member
def from_tfrecord(
    paths: Paths,
    *,
    compression: str | None = AUTO,
    examples: bool = False,
    features: Mapping[str, str] | None = None,
) -> Dataset:
    """The records of TFRecord files as bytes; every checksum is checked.

    With `examples` they are parsed as ``tf.train.Example`` into columns, without TensorFlow: `features` such as
    ``{"image": "bytes", "label": "int64", "box": "float32[4]", "tokens": "int64[]"}`` (``[]`` for any number),
    or as the first record has them.
    Raised for a wrong checksum, a torn file, a record without a feature: `DataError` naming file and record.
    """
    where = "data.from_tfrecord"
    return begin(
        TFRecord(
            find_files(paths, kind="TFRecord", where=where),
            compression=compression or "none",
            examples=examples or features is not None,
            features=None if features is None else check_features(features, where=where),
        )
    )


@member
def from_fixed_length(
    paths: Paths,
    *,
    record_bytes: int | None = None,
    dtype: Any = None,
    header_bytes: int = 0,
    footer_bytes: int = 0,
) -> Dataset:
    """Records of one length, from memory-mapped files. Random access.

    Elements are bytes of `record_bytes`; or what a numpy `dtype` makes of a record: a value, as of ``"f4"``,
    an array, as of ``("u1", (28, 28))``, or a dict, as of ``[("label", "u1"), ("pixels", "u1", (3_072,))]``.
    `header_bytes` and `footer_bytes` of each file are passed over.

    >>> import pathlib, tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.bin").write_bytes(bytes([1, 10, 2, 20]))
    ...     list(data.from_fixed_length(folder, dtype=[("label", "u1"), ("value", "i1")]))
    [{'label': np.uint8(1), 'value': np.int8(10)}, {'label': np.uint8(2), 'value': np.int8(20)}]
    """
    where = "data.from_fixed_length"
    layout = check_layout(record_bytes, dtype, where=where)
    files = find_files(paths, kind="binary", where=where)
    return begin(FixedLength(files, layout, header_bytes, footer_bytes))
