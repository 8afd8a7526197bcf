"""D2: Parquet of texts -> tokens -> packed into rows of 2,048, without a gap -> batches of 8."""

from __future__ import annotations

import functools
import itertools
import json
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from inputs.digest import array_of, digest

BATCH = 8
LENGTH = 2_048
PAD = 0
"""Stands only behind the last token of all, or of each worker's share."""
END = 1
"""Closes each text. Neither is a token of any text."""
NUM_FILES = 8


@dataclass(frozen=True)
class Texts:
    """`num_texts` texts in Parquet files, and a tokeniser; `plain` is for one in pure Python."""

    folder: str
    num_tokens: int
    plain: bool = False
    unit: str = "tokens"

    @property
    def elements(self) -> int:
        """All tokens, one that ends each text included."""
        return self.num_tokens

    @property
    def files(self) -> list[str]:
        """Parquet files of one column, `text`."""
        return [str(path) for path in sorted(Path(self.folder).glob("texts-*.parquet"))]

    @property
    def tokeniser(self) -> str:
        """The file that `tokenizers.Tokenizer.from_file` reads."""
        return f"{self.folder}/tokeniser.json"

    def check(self, batches: Iterable[Any]) -> str:
        """The same tokens came, in rows without gaps, and only the last rows are padded."""
        found, tokens, padded = 0, 0, 0
        for batch in batches:
            rows = array_of(batch, "tokens", "input_ids", "text")
            if rows.ndim != 2 or rows.shape[1] != LENGTH or len(rows) > BATCH:
                return f"a batch of the shape {rows.shape}"
            kept = rows[rows != PAD]
            padded += int((rows == PAD).any(axis=1).sum())
            found, tokens = (found + digest(kept)) % 2**64, tokens + kept.size
        expected = json.loads(
            Path(f"{self.folder}/expected-{'plain' if self.plain else 'fast'}.json").read_text()
        )
        if [tokens, found] != expected:
            return f"{tokens:,} tokens with digest {found:x}, not {expected[0]:,} with {expected[1]:x}"
        return f"{padded} rows are padded" if padded > 2 else ""


def make(folder: Path, *, size_bytes: int, plain_bytes: int) -> tuple[Texts, Texts]:
    """Write texts for the fast and for the plain tokeniser, train it, and count what it must give."""
    folder.mkdir(parents=True, exist_ok=True)
    fast, plain = folder / "fast", folder / "plain"
    texts = list(_texts(size_bytes))
    _write(fast, texts)
    _train(texts[:400], fast / "tokeniser.json")
    few = list(_texts(plain_bytes))
    _write(plain, few)
    (plain / "tokeniser.json").write_bytes((fast / "tokeniser.json").read_bytes())
    encoded = _encode(fast / "tokeniser.json", texts)
    by_hand = PlainTokeniser(str(plain / "tokeniser.json"))
    return (
        Texts(str(fast), _expect(fast / "expected-fast.json", encoded)),
        Texts(str(plain), _expect(plain / "expected-plain.json", map(by_hand, few)), plain=True),
    )


def _texts(size_bytes: int) -> Iterator[str]:
    """The sources of Python's standard library in pieces of at most 4,000 characters, cut at empty lines."""
    done = 0
    root = Path(sysconfig.get_path("stdlib"))
    while True:
        for path in sorted(root.rglob("*.py")):
            if "site-packages" in path.parts:
                continue
            for piece in _pieces(path.read_text(errors="ignore")):
                yield piece
                done += len(piece)
                if done >= size_bytes:
                    return


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for part in text.split("\n\n"):
        if piece and len(piece) + len(part) > 4_000:
            yield piece
            piece = ""
        piece += part + "\n\n"
    if piece.strip():
        yield piece


def _write(folder: Path, texts: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    per_file = -(-len(texts) // NUM_FILES)
    for number in range(NUM_FILES):
        table = pa.table({"text": texts[number * per_file : (number + 1) * per_file]})
        parquet.write_table(table, folder / f"texts-{number:03}.parquet", row_group_size=1_000)


def _train(texts: list[str], path: Path) -> None:
    """A byte-level BPE of 8,192 tokens, as GPT-2's but smaller."""
    from tokenizers import ByteLevelBPETokenizer

    tokeniser = ByteLevelBPETokenizer()
    tokeniser.train_from_iterator(
        texts, vocab_size=8_192, special_tokens=["<pad>", "<end>"], show_progress=False
    )
    tokeniser.save(str(path))


def _encode(path: Path, texts: list[str]) -> Iterator[list[int]]:
    from tokenizers import Tokenizer

    return (encoding.ids for encoding in Tokenizer.from_file(str(path)).encode_batch(texts))


def _expect(path: Path, encoded: Iterable[list[int]]) -> int:
    """Write how many tokens there are, ends included, and their digest; return how many."""
    tokens = np.concatenate([np.array([*ids, END]) for ids in encoded])
    path.write_text(json.dumps([int(tokens.size), digest(tokens)]))
    return int(tokens.size)


class PlainTokeniser:
    """Byte-level BPE in Python, as GPT-2's `encoder.py` has it: words, merges by rank, a cache of words."""

    def __init__(self, path: str) -> None:
        self.path = path
        model = json.loads(Path(path).read_text())["model"]
        self._ids: dict[str, int] = model["vocab"]
        merges = [
            tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]
        ]
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._letters = _letters()
        self._known: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        """The ids of one text."""
        ids: list[int] = []
        for word in _WORD.findall(text):
            ids += self._known.get(word) or self._word(word)
        return ids

    def __reduce__(self) -> Any:
        return plain_tokeniser, (self.path,)

    def _word(self, word: str) -> list[int]:
        parts = [self._letters[byte] for byte in word.encode()]
        while len(parts) > 1:
            pairs = [self._ranks.get(pair, len(self._ranks)) for pair in itertools.pairwise(parts)]
            best = min(pairs)
            if best == len(self._ranks):
                break
            at = pairs.index(best)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        found = self._known[word] = [self._ids[part] for part in parts]
        return found


_WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?[^\s\w]+| ?_+|\s+(?!\S)|\s+")


@functools.cache
def plain_tokeniser(path: str) -> PlainTokeniser:
    """One for each process."""
    return PlainTokeniser(path)


def _letters() -> list[str]:
    """GPT-2's printable letter for each byte."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
