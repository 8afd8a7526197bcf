"""Blocks as bytes: the same on the other side, and never an array inside a pickle."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.data.block import Block, Columns, Items
from headwater.data.origin import described, origin
from headwater.data.parallel.post import Post
from headwater.data.parallel.wire import pack, tidy, unpack

values = st.one_of(
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(),
    st.binary(),
    st.none(),
    st.tuples(st.integers()),
)
alike = st.one_of(
    *(
        st.lists(kind, min_size=1, max_size=9)
        for kind in (st.integers(), st.booleans(), st.text(), st.binary(), values)
    )
)


def through(block: Block) -> Block:
    packed = pack(block)
    memory = bytearray(packed.size_bytes)
    return unpack(packed.head, memoryview(memory), packed.lay_into(memoryview(memory)))


@given(elements=alike)
def test_elements_come_back_with_their_types(elements: list[Any], plain: Callable[[Any], Any]) -> None:
    block = Items(elements, np.arange(len(elements)))
    for sent in (block, tidy(block)):
        back = through(sent).elements()
        assert back == elements
        assert [type(value) for value in back] == [type(value) for value in elements]


@given(elements=st.lists(st.fixed_dictionaries({"x": values, "y": st.integers(-9, 9)}), min_size=1, max_size=6))
def test_dicts_come_back_with_their_types(elements: list[Any]) -> None:
    back = through(tidy(Items(elements, np.arange(len(elements))))).elements()
    assert back == elements
    assert [{name: type(value) for name, value in each.items()} for each in back] == [
        {name: type(value) for name, value in each.items()} for each in elements
    ]


def test_arrays_lie_outside_the_head() -> None:
    wide = np.arange(100_000).reshape(100, 1_000)
    text = pa.array(["word" * 50] * 1_000)
    packed = pack(Columns({"wide": wide, "text": text.slice(0, 100)}, np.arange(100)))
    assert len(packed.head) < 3_000
    assert packed.size_bytes >= wide.nbytes


def test_positions_name_the_file_on_both_sides() -> None:
    block = Columns({"x": np.arange(2)}, np.array([origin("a.csv") + 4, origin("b.csv") + 9]))
    assert [described(int(at)) for at in through(block).positions] == ["a.csv, row 4", "b.csv, row 9"]


def test_memory_is_sent_once_and_used_again_when_returned() -> None:
    ours, theirs = (Post(line) for line in socket.socketpair())
    arrays = [np.full(50_000, number) for number in range(6)]

    def send() -> None:
        for number, array in enumerate(arrays):
            ours.send("block", number, Columns({"x": array}, np.arange(len(array))))

    thread = threading.Thread(target=send)
    thread.start()
    seen = set()
    for number in range(6):
        kind, content, letter = theirs.receive()
        assert letter is not None
        assert (kind, content) == ("block", number)
        assert (letter.block.columns["x"] == number).all()  # type: ignore[union-attr]
        seen.add(letter.segment)
        del letter.block
        theirs.give_back(letter)
    thread.join()
    ours.close()
    with pytest.raises((EOFError, OSError)):
        theirs.receive()
    theirs.close()
    assert seen
