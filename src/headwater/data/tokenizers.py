"""Tokenizers of Hugging Face: many texts in one call, and their numbers without a Python loop over tokens."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.errors import DataError

_WHERE = ".tokenize"


@dataclass(frozen=True, eq=False)
class Encoder:
    """A `tokenizers.Tokenizer`, known by what it writes as JSON."""

    tokenizer: Any
    special: bool = True

    @property
    def name(self) -> str:
        """What it is, for people."""
        return type(self.tokenizer).__name__

    @cached_property
    def fingerprint(self) -> str:
        """The digest of its JSON: vocabulary, merges, normaliser, truncation and all."""
        return digest_of(self.tokenizer.to_str(), self.special)

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of each text; the library lets go of the interpreter lock, and has threads of its own."""
        encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=self.special)
        return [encoding.ids for encoding in encodings]


def encoder_of(tokenizer: Any, *, special: bool) -> Encoder | None:
    """Return the encoder for a `Tokenizer`, a fast tokenizer of transformers, or the path of a tokenizer.json.

    None for anything else. Raised for one that pads to the longest of a batch: `DataError`, for what it makes
    of a text would hang on its neighbours.
    """
    if isinstance(tokenizer, str | os.PathLike):
        return Encoder(_load(Path(tokenizer)), special)
    inner = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(inner, "encode_batch_fast"):
        return None
    if inner.padding is not None and inner.padding.get("length") is None:
        raise DataError(
            "the tokenizer pads to the longest of those encoded together.",
            where=_WHERE,
            remedy="Call tokenizer.no_padding(), and pad with .padded_batch(...) or pack.",
        )
    return Encoder(inner, special)


def flattened(ids: list[list[int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """All numbers behind one another, and the offset of each text's first and of the end."""
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, ids), np.int64, len(ids)), out=offsets[1:])
    if offsets[-1] > np.iinfo(np.int32).max:
        raise DataError("a block has more than 2^31 tokens.", where=_WHERE, remedy="Split the texts.")
    # An array of C integers refuses what is no whole number, which numpy.fromiter would cut to one.
    values = np.array(array("i", list(chain.from_iterable(ids))), np.int32)
    return values, offsets.astype(np.int32)


def _load(path: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise DataError(
            "tokenizers is not installed.", where=_WHERE, remedy="pip install 'headwater[text]'"
        ) from None
    if not path.is_file():
        raise DataError("no file is there.", where=str(path), remedy="Pass the path of a tokenizer.json.")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise DataError(
            f"it is no tokenizer: {error}.", where=str(path), remedy="Pass a tokenizer.json."
        ) from error
