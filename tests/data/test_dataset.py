"""What a dataset says about itself."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.function import Function


def encode(block: Any) -> Any:
    return {"x": block["x"] * 2}


LINE = encode.__code__.co_firstlineno


def test_repr_reads_as_it_was_written(table: Any) -> None:
    dataset = (
        data.from_source(table(1_000)).map_batches(encode).shuffle(100, seed=3).batch(64, drop_remainder=True)
    )
    lines = repr(dataset.prefetch()).splitlines()
    assert lines[0] == "from_source(Table, 1,000 keys)"
    assert lines[1].startswith("  .map_batches(encode)    # ")
    assert lines[1].endswith(f"test_dataset.py:{LINE}")
    assert lines[2:] == [
        "  .shuffle(100, seed=3)",
        "  .batch(64, drop_remainder=True)",
        "  .prefetch(2)",
        "# 15 elements, seed 0",
    ]


def test_explain_shows_what_will_run_and_what_comes_out(table: Any) -> None:
    text = data.from_source(table(100)).map_batches(encode).shuffle(10).batch(8).explain()
    assert text.index("range(0, 100)") < text.rindex(".shuffle(10)") < text.index(".gather(")
    assert text.endswith("13 elements of Spec(x: float32, key: int64, label: int8)")


def test_spec_is_found_by_making_one_element(table: Any) -> None:
    source = table(10_000)
    dataset = data.from_source(source).map(lambda row: {"v": np.zeros(3, np.float32), "t": "a"})
    assert str(dataset.spec) == "Spec(v: float32[3], t: string, key: int64, label: int8)"
    assert source.reads == [1]
    assert str(dataset.batch(5).spec) == str(dataset.spec)
    assert len(data.range(0).spec) == 0


def test_length_is_known_or_refused() -> None:
    assert len(data.range(7).batch(2)) == 4
    with pytest.raises(DataError, match="no end"):
        len(data.range(7).repeat())
    with pytest.raises(TypeError, match=r"no length that is known .*take\(n\)"):
        len(data.range(7).filter(bool))
    assert list(data.range(4).filter(bool)) == [1, 2, 3]  # list() asks for a length and goes on without


def test_a_dataset_is_never_changed() -> None:
    dataset = data.range(5)
    dataset.shuffle().with_seed(3).batch(2)
    assert list(dataset) == [0, 1, 2, 3, 4]


def test_apply_reads_as_a_call() -> None:
    assert list(data.range(4).apply(lambda d: d.skip(2))) == [2, 3]


def test_fingerprints_tell_graphs_apart(table: Any) -> None:
    base = data.from_source(table(100))
    graphs = [
        base,
        data.from_source(table(101)),
        data.from_source(table(100), keys=[10, 20]),
        base.map_batches(encode),
        base.map_batches(encode, keep=()),
        base.map(encode),
        base.batch(2),
        base.batch(3),
        base.shuffle(),
        base.shuffle(3),
        base.with_seed(1),
    ]
    assert len({graph.fingerprint for graph in graphs}) == len(graphs)
    assert data.from_source(table(100)).map_batches(encode).fingerprint == graphs[3].fingerprint


def test_functions_are_told_apart_by_code_constants_and_what_they_close_over() -> None:
    def make(amount: Any) -> Callable[[Any], Any]:
        return lambda x: x + amount

    @dataclass
    class Add:
        amount: int

        def __call__(self, x: Any) -> Any:
            return x + self.amount

    functions: list[Any] = [
        make(1),
        make(2),
        make(np.zeros(3)),
        make(np.ones(3)),
        lambda x: x + 1,
        lambda x: x + 2,
        lambda x, y=1: x + y,
        Add(1),
        Add(2),
        functools.partial(max, 1),
        functools.partial(max, 2),
        functools.partial(min, 2),
        len,
        str.lower,
        np.sqrt,
        np.exp,
    ]
    digests = [Function(function).fingerprint for function in functions]
    assert len(set(digests)) == len(functions)
    assert Function(make(1)).fingerprint == digests[0]
    assert Function(make(np.ones(3))).fingerprint == digests[3]


def test_a_function_that_closes_over_itself_has_a_fingerprint() -> None:
    def down(x: int) -> int:
        return down(x - 1) if x else 0

    assert list(data.range(4).map(down)) == [0, 0, 0, 0]
    assert Function(down).fingerprint == Function(down).fingerprint


@pytest.mark.parametrize(
    ("call", "name", "place"),
    [
        (functools.partial(encode), "encode", f"test_dataset.py:{LINE}"),
        (len, "len", ""),
        (lambda x: x, "lambda", "test_dataset.py:"),
    ],
)
def test_functions_have_a_name_and_a_place(call: Any, name: str, place: str) -> None:
    assert Function(call).name == name
    assert place in Function(call).place


def test_fingerprints_are_the_same_in_another_process() -> None:
    code = (
        "from headwater import data\n"
        "d = data.range(9).map(lambda x: x + len({'a', 'b', 'c'}) if x in {'p', 'q', 'r'} else x).shuffle()\n"
        "print(d.fingerprint)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_importing_data_brings_neither_torch_nor_arrow() -> None:
    code = "import sys, headwater.data; print(*({'torch', 'pyarrow', 'pandas', 'pydantic'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
    )


def test_any_element_can_be_had_by_its_place() -> None:
    for dataset in (
        data.range(50).map(lambda x: x * x),
        data.range(50).shuffle().map(lambda x: x * x).take(40),
        data.from_arrays({"x": np.arange(20)}).shuffle().skip(3).map(lambda e: e["x"]),
        data.range(5).take(0),
    ):
        elements = list(dataset)
        assert [dataset[at] for at in range(len(elements))] == elements
        assert [dataset[at - len(elements)] for at in range(len(elements))] == elements
        for at in (len(elements), -len(elements) - 1):
            with pytest.raises(IndexError, match=f"element {at} of a dataset of {len(elements)}"):
                dataset[at]
    batches = data.range(50).shuffle().batch(8)
    assert [batches[at].tolist() for at in range(7)] == [batch.tolist() for batch in batches]


def test_an_element_without_random_access_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"\.filter\(bool\): element 3 cannot be had.*save"):
        data.range(9).filter(bool)[3]
