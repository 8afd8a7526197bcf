"""Tokens into rows of 2,048 and batches of 8 for peers that have no such operator, in numpy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyarrow import parquet
from tokenizers import Tokenizer

from inputs.texts import BATCH, END, LENGTH, PAD, Texts, plain_tokeniser

Tokens = NDArray[np.int64]
EncodeAll = Callable[[list[str]], Tokens]
"""Texts to all their tokens in one array, `END` behind each text."""


def encoder(texts: Texts) -> EncodeAll:
    """The tokeniser that the pipeline asks for, for many texts at once; loaded here, outside the clock."""
    (plain_tokeniser if texts.plain else _fast)(texts.tokeniser)
    return functools.partial(_encode_plain if texts.plain else _encode_fast, texts.tokeniser)


@functools.cache
def _fast(path: str) -> Any:
    return Tokenizer.from_file(path)


def _encode_fast(path: str, texts: list[str]) -> Tokens:
    """In threads of its own (Rust); without offsets, which nobody needs here."""
    return _joined(encoding.ids for encoding in _fast(path).encode_batch_fast(texts))


def _encode_plain(path: str, texts: list[str]) -> Tokens:
    return _joined(map(plain_tokeniser(path), texts))


def _joined(encoded: Iterable[list[int]]) -> Tokens:
    joined: list[int] = []
    for ids in encoded:
        joined += ids
        joined.append(END)
    return np.array(joined, np.int64)


def read(files: Iterable[str], *, num_rows: int = 256) -> Iterator[list[str]]:
    """Texts of Parquet files, `num_rows` at once."""
    for path in files:
        for batch in parquet.ParquetFile(path).iter_batches(num_rows):
            yield batch.column("text").to_pylist()


def packed(pieces: Iterable[Tokens]) -> Iterator[Tokens]:
    """Rows of 2,048 tokens; the last is padded."""
    held: list[Tokens] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += piece.size
        if size >= LENGTH:
            joined = np.concatenate(held)
            whole = size // LENGTH * LENGTH
            yield from joined[:whole].reshape(-1, LENGTH)
            held, size = [joined[whole:]], size - whole
    if size:
        yield np.pad(np.concatenate(held), (0, LENGTH - size), constant_values=PAD)


def batched(rows: Iterable[Tokens]) -> Iterator[Tokens]:
    """Stacks of 8 rows."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield np.stack(batch)
