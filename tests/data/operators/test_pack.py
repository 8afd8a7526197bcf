"""Token sequences in rows of one length."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]
LENGTHS = [3, 0, 5, 1, 2, 7, 4, 4, 0, 2, 6, 1, 1, 3]


def texts_of(lengths: list[int]) -> list[list[int]]:
    return [[100 * (at + 1) + i for i in range(length)] for at, length in enumerate(lengths)]


def source(lengths: list[int], kind: Any = None) -> data.Dataset:
    lists = pa.array(texts_of(lengths), kind or pa.list_(pa.int64()))
    return data.from_arrow(pa.table({"ids": lists, "n": range(len(lengths))}))


def row_of(parts: list[list[int]], length: int, pad: int = 0) -> dict[str, Any]:
    missing = length - sum(map(len, parts))
    tokens = [token for part in parts for token in part]
    segments = [number for number, part in enumerate(parts, 1) for _ in part]
    places = [place for part in parts for place in range(len(part))]
    return {
        "tokens": np.array([*tokens, *[pad] * missing], np.int64),
        "segment_ids": np.array([*segments, *[0] * missing], np.int32),
        "positions": np.array([*places, *[0] * missing], np.int32),
    }


def first_fit(texts: list[list[int]], length: int, num_bins: int, pad: int = 0) -> list[dict[str, Any]]:
    rows: list[list[list[list[int]]]] = [[]]
    for text in filter(None, texts):
        bins = rows[-1]
        room = [bin_ for bin_ in bins if sum(map(len, bin_)) + len(text) <= length]
        if room:
            room[0].append(text)
        elif len(bins) < num_bins:
            bins.append([text])
        else:
            rows.append([[text]])
    return [row_of(bin_, length, pad) for bins in rows for bin_ in bins]


def concat(texts: list[list[int]], length: int, *, drop: bool = False, pad: int = 0) -> list[dict[str, Any]]:
    rows: list[list[list[int]]] = []
    room = 0
    for text in texts:
        while text:
            if not room:
                rows.append([])
                room = length
            rows[-1].append(text[:room])
            text, room = text[room:], room - len(rows[-1][-1])
    made = [row_of(row, length, pad) for row in rows]
    return made[:-1] if drop and room else made


def test_first_fit_keeps_sequences_whole_and_gives_rows_set_by_set(laws: Laws) -> None:
    expected = first_fit(texts_of(LENGTHS), 8, 3)
    laws(lambda: source(LENGTHS).pack(8, column="ids", num_bins=3), expected)
    laws(lambda: source(LENGTHS).map(lambda row: row["ids"]).pack(8, num_bins=3), expected)
    laws(lambda: source([]).pack(8, column="ids"), [])
    laws(lambda: source([0, 0]).pack(8, column="ids"), [])


def test_concat_cuts_every_so_many_tokens(laws: Laws) -> None:
    for length in (1, 4, 8, 50):
        laws(
            lambda length=length: source(LENGTHS).pack(length, column="ids", how="concat"),
            concat(texts_of(LENGTHS), length),
        )
    laws(
        lambda: source(LENGTHS).map(dict).pack(8, column="ids", how="concat", drop_remainder=True),
        concat(texts_of(LENGTHS), 8, drop=True),
    )
    laws(lambda: source([0, 0]).pack(8, column="ids", how="concat"), [])


@settings(max_examples=120, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), max_size=30),
    length=st.integers(2, 13),
    how=st.sampled_from(["first-fit", "concat"]),
    num_bins=st.integers(1, 5),
    end=st.one_of(st.none(), st.just(-1)),
    drop=st.booleans(),
    at=st.integers(0, 30),
    before=st.one_of(st.none(), st.integers(1, 9)),
    after=st.one_of(st.none(), st.integers(1, 9)),
)
def test_rows_are_those_of_plain_python_and_come_again_after_two_restores(
    plain: Any,
    lengths: list[int],
    length: int,
    how: str,
    num_bins: int,
    end: int | None,
    drop: bool,
    at: int,
    before: int | None,
    after: int | None,
) -> None:
    ending = [] if end is None else [end]
    if how == "concat":
        options: dict[str, Any] = {"drop_remainder": drop}
        expected = concat([[*text, *ending] for text in texts_of(lengths)], length, drop=drop, pad=7)
    else:
        options = {"num_bins": num_bins, "truncate": True}
        cut = [[*text[: length - len(ending)], *ending] for text in texts_of(lengths)]
        expected = first_fit(cut, length, num_bins, pad=7)
    dataset = source(lengths).pack(length, column="ids", how=how, end_token=end, padding_value=7, **options)
    run = dataset.iterate(block_rows=before)
    first = [row for _, row in zip(range(at), run)]
    again = dataset.iterate(json.loads(json.dumps(run.state())), block_rows=after)
    more = [row for _, row in zip(range(2), again)]
    third = dataset.restore(json.loads(json.dumps(again.state())))
    assert plain([*first, *more, *third]) == plain(expected)
    assert plain(first) == plain(expected[:at])


@pytest.mark.parametrize("how", ["first-fit", "concat"])
def test_arrow_lists_arrays_and_lists_are_packed_alike_and_keep_their_type(plain: Any, how: str) -> None:
    texts = [np.array(text, np.uint16) for text in texts_of(LENGTHS)]
    arrays = data.range(len(texts)).map(lambda i: texts[i])
    lists = data.range(len(texts)).map(lambda i: texts[i].tolist())
    arrow = source(LENGTHS, pa.large_list(pa.uint16())).map_batches(lambda columns: columns["ids"])
    packed = list(arrays.pack(8, how=how))
    assert packed[0]["tokens"].dtype == np.uint16
    assert plain(packed) == plain(list(arrow.pack(8, how=how)))
    assert [row["tokens"].tolist() for row in packed] == [
        row["tokens"].tolist() for row in lists.pack(8, how=how)
    ]


def test_rows_batch_into_matrices_and_fixed_rows_are_packed_too() -> None:
    (batch,) = source(LENGTHS).pack(8, column="ids", how="concat").batch(100)
    assert batch["tokens"].shape == batch["segment_ids"].shape == (5, 8)
    fixed = data.from_arrays(np.arange(12).reshape(4, 3)).pack(6)
    assert [row["tokens"].tolist() for row in fixed] == [list(range(6)), list(range(6, 12))]


def test_rows_of_concat_within_one_block_are_not_copied() -> None:
    flat = pa.array(np.arange(64))
    lists = pa.ListArray.from_arrays(pa.array([0, 10, 64], pa.int32()), flat)
    row, *_ = data.from_arrow(pa.table({"ids": lists})).pack(32, how="concat").iterate(block_rows=2)
    assert row["tokens"].tolist() == list(range(32))


def test_a_state_holds_no_tokens() -> None:
    dataset = source([500] * 200).pack(2_000, column="ids", how="concat")
    run = iter(dataset)
    for _ in range(20):
        next(run)
    assert len(json.dumps(run.state())) < 700


def test_an_error_after_it_names_the_first_sequence_of_the_row() -> None:
    for how in ("first-fit", "concat"):
        with pytest.raises(DataError, match=r"row 2.*ZeroDivisionError"):
            list(
                source([4, 0, 4])
                .pack(4, column="ids", how=how)
                .map(lambda row: 1 // (int(row["tokens"][0]) - 300))
            )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "at least 1 token"),
        ({"length": 4, "how": "best-fit"}, "'first-fit' or 'concat'"),
        ({"length": 4, "num_bins": 0}, "num_bins is at least 1"),
        ({"length": 4, "num_bins": 2, "how": "concat"}, "'concat' splits"),
        ({"length": 4, "truncate": True, "how": "concat"}, "'concat' splits"),
        ({"length": 4, "drop_remainder": True}, "any row may be short"),
        ({"length": 1, "truncate": True, "end_token": 0}, "no token fits"),
    ],
)
def test_wrong_parameters_are_refused_at_once(options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        source(LENGTHS).pack(**options)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: source(LENGTHS).pack(6, column="ids"), r"row 5: `ids` has 7 tokens, and a row holds 6"),
        (lambda: source(LENGTHS).pack(7, column="ids", end_token=0), r"row 5: `ids` has 7 tokens, .* holds 6"),
        (lambda: source(LENGTHS).pack(8), r"columns \['ids', 'n'\].*column='ids'"),
        (lambda: source(LENGTHS).pack(8, column="x"), "no column `x`"),
        (lambda: source(LENGTHS).pack(8, column="n"), "`n` is 0 .*no list"),
        (
            lambda: source([3], pa.list_(pa.int16())).pack(8, column="ids", end_token=50_000),
            "cannot hold 50000",
        ),
        (lambda: source([3], pa.list_(pa.uint8())).pack(8, column="ids", padding_value=-1), "cannot hold -1"),
        (lambda: data.range(3).map(lambda i: "word").pack(8), "row 0.*no list of numbers"),
        (lambda: data.range(2).map(lambda i: np.zeros(2, [np.int8, np.int16][i])).pack(8), "int16"),
        (lambda: data.range(2).map(lambda i: np.zeros((2, 2))).pack(8), "a number per token is wanted"),
    ],
)
def test_what_cannot_be_packed_is_named(build: Callable[[], data.Dataset], message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        list(build().iterate(block_rows=1))
