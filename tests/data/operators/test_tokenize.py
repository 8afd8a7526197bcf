"""Texts to token numbers: by a tokenizer of Hugging Face, its file or any function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError

tokenizers = pytest.importorskip("tokenizers")

TEXTS = ["the cat", "", "a cat sat", "the", "zebra on a mat"]
WORDS = ["<unk>", "<end>", "the", "a", "cat", "sat", "on", "mat"]


@pytest.fixture
def tokenizer() -> Any:
    words = tokenizers.models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>")
    made = tokenizers.Tokenizer(words)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", 1)]
    )
    return made


def numbers(text: str) -> list[int]:
    return [WORDS.index(word) if word in WORDS else 0 for word in text.split()]


def columns() -> data.Dataset:
    return data.from_arrow(pa.table({"text": TEXTS, "n": list(range(5))}))


def test_columns_get_a_list_column(tokenizer: Any, laws: Callable[..., None]) -> None:
    expected = [{"n": n, "tokens": [*numbers(text), 1]} for n, text in enumerate(TEXTS)]
    laws(lambda: columns().tokenize(tokenizer), expected)
    batch = next(iter(columns().tokenize(tokenizer).batch(5)))
    assert batch["tokens"].type == pa.list_(pa.int32())
    laws(lambda: columns().shuffle().tokenize(tokenizer), list(columns().tokenize(tokenizer).shuffle()))


def test_elements_get_arrays(tokenizer: Any, laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return columns().map(dict).tokenize(tokenizer, into="text", special_tokens=False)

    laws(build, [{"n": n, "text": np.array(numbers(text), np.int32)} for n, text in enumerate(TEXTS)])


def test_plain_texts_become_numbers(tokenizer: Any, laws: Callable[..., None]) -> None:
    expected = [np.array([*numbers(text), 1], np.int32) for text in TEXTS]
    laws(lambda: data.range(5).map(TEXTS.__getitem__).tokenize(tokenizer), expected)


def test_a_file_and_a_function_do_the_same(tokenizer: Any, tmp_path: Path) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    by_file = columns().tokenize(tmp_path / "tokenizer.json", special_tokens=False)
    assert list(by_file) == list(columns().tokenize(numbers))
    assert by_file.fingerprint == columns().tokenize(tokenizer, special_tokens=False).fingerprint


def test_what_changes_the_numbers_changes_the_fingerprint(tokenizer: Any) -> None:
    before = columns().tokenize(tokenizer).fingerprint
    assert columns().tokenize(tokenizer, special_tokens=False).fingerprint != before
    tokenizer.add_tokens(["zebra"])
    assert columns().tokenize(tokenizer).fingerprint != before


def test_a_tokenizer_that_looks_at_its_neighbours_is_refused(tokenizer: Any) -> None:
    tokenizer.enable_padding()
    with pytest.raises(DataError, match="pads to the longest"):
        columns().tokenize(tokenizer)
    tokenizer.enable_padding(length=6)
    assert {len(row["tokens"]) for row in columns().tokenize(tokenizer)} == {6}


def test_what_is_no_text_or_no_numbers_is_named(tokenizer: Any) -> None:
    rows = data.from_arrow(pa.table({"text": ["a", None]}))
    with pytest.raises(DataError, match=r"\.tokenize\(.*\), row 1: None is no text"):
        list(rows.tokenize(tokenizer))
    for wrong in ("ab", [1.5], [2**40], 3):
        with pytest.raises(DataError, match=r"row 2: it returned .*, no token numbers"):
            list(columns().tokenize(lambda text, wrong=wrong: wrong if "sat" in text else [1]))
    with pytest.raises(DataError, match="row 1: ZeroDivisionError"):
        list(columns().tokenize(lambda text: [1 // len(text)]))
    with pytest.raises(DataError, match="txt"):
        list(columns().tokenize(tokenizer, column="txt"))
    with pytest.raises(DataError, match=r"before \.batch"):
        columns().batch(2).tokenize(tokenizer)


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file is there"):
        columns().tokenize(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(DataError, match=r"bad\.json: it is no tokenizer"):
        columns().tokenize(str(tmp_path / "bad.json"))
