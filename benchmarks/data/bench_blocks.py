"""What does a block engine cost per element, against a torch DataLoader and a plain Python loop?

Every contestant of a case does the same work in the same process, in turns, with a null step; the sum over all
batches must be the same, or the run fails.

    python benchmarks/data/bench_blocks.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler
from torch.utils.data import Dataset as TorchDataset

from headwater import data

Contestant = Callable[[], Iterable[Any]]
OURS = "headwater"


class Numbers(TorchDataset[int]):
    """``i + 1`` for each index."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        return index + 1


class NumberBatches(Numbers):
    """The same for many indices at once, which a DataLoader can be made to ask for."""

    def __getitem__(self, index: Any) -> Any:
        return torch.as_tensor(index) + 1


class Rows(TorchDataset[Any]):
    """Rows of arrays, one index or many."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, index: Any) -> Any:
        return {name: tensor[index] for name, tensor in self.tensors.items()}


def per_element(size: int) -> dict[str, Contestant]:
    """A Python function of each number, in batches of 256."""

    def loop() -> Iterable[Any]:
        for at in range(0, size, 256):
            yield np.array([x + 1 for x in range(at, min(at + 256, size))])

    return {
        OURS: lambda: data.range(size).map(lambda x: x + 1).batch(256),
        "DataLoader": lambda: DataLoader(Numbers(size), batch_size=256),
        "Python loop": loop,
    }


def per_column(size: int) -> dict[str, Contestant]:
    """The same, vectorised."""

    def loop() -> Iterable[Any]:
        for at in range(0, size, 256):
            yield np.arange(at, min(at + 256, size)) + 1

    numbers = NumberBatches(size)
    batches = BatchSampler(SequentialSampler(numbers), 256, drop_last=False)
    return {
        OURS: lambda: data.range(size).map_batches(lambda x: x + 1).batch(256),
        "DataLoader of batches": lambda: DataLoader(numbers, sampler=batches, batch_size=None),
        "numpy loop": loop,
    }


def table(size: int) -> dict[str, NDArray[Any]]:
    """Rows of 157 bytes, as in Criteo's click logs."""
    rng = np.random.default_rng(0)
    return {
        "dense": rng.random((size, 13), np.float32),
        "category": rng.integers(0, 1_000, (size, 26), np.int32),
        "label": rng.integers(0, 2, size, np.int8),
    }


def shuffled(size: int) -> dict[str, Contestant]:
    """All rows in random order, in batches of 512."""
    arrays = table(size)
    rows = Rows(arrays)
    rng = np.random.default_rng(0)

    def loop() -> Iterable[Any]:
        order = rng.permutation(size)
        for at in range(0, size, 512):
            chosen = order[at : at + 512]
            yield {name: array[chosen] for name, array in arrays.items()}

    batches = BatchSampler(RandomSampler(rows), 512, drop_last=False)
    dataset = data.from_arrays(arrays)
    return {
        OURS: lambda: dataset.shuffle().batch(512),
        "headwater, shuffle(8192)": lambda: dataset.map_batches(dict).shuffle(8_192).batch(512),
        "headwater, rows buffered": lambda: data.from_arrow(_reader(arrays)).shuffle(8_192).batch(512),
        "headwater, in order": lambda: dataset.batch(512),
        "DataLoader of batches": lambda: DataLoader(rows, sampler=batches, batch_size=None),
        "numpy loop": loop,
    }


def shuffled_by_row(size: int) -> dict[str, Contestant]:
    """The same, as a DataLoader is used by default: row by row."""
    rows = Rows(table(size))
    dataset = data.from_arrays({name: tensor.numpy() for name, tensor in rows.tensors.items()})
    return {
        OURS: lambda: dataset.shuffle().batch(512),
        "DataLoader": lambda: DataLoader(rows, batch_size=512, shuffle=True),
    }


def _reader(arrays: dict[str, NDArray[Any]]) -> Callable[[], Any]:
    """A stream without random access, so that rows themselves must wait in the buffer."""
    import pyarrow as pa

    def column(array: NDArray[Any]) -> Any:
        flat = pa.array(array.reshape(-1))
        return flat if array.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, array.shape[1])

    table = pa.table({name: column(array) for name, array in arrays.items()})
    return lambda: pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=8_192))


def total(batches: Iterable[Any]) -> int:
    """The sum of everything integer, which no order changes; a cheap way to see that all was there."""
    found = 0
    for batch in batches:
        column = batch["label"] if isinstance(batch, dict) else batch
        found += int(column.sum())
    return found


def measure(contestants: dict[str, Contestant], rounds: int) -> dict[str, float]:
    """Median seconds of each, in turns, so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        totals = {}
        for name, contestant in contestants.items():
            start = time.perf_counter()
            totals[name] = total(contestant())
            seconds[name].append(time.perf_counter() - start)
        if len(set(totals.values())) != 1:
            raise SystemExit(f"the contestants did different work: {totals}")
    return {name: statistics.median(times) for name, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, three rounds")
    parser.add_argument("--json", type=Path, help="write the rows here")
    options = parser.parse_args()
    # As in a DataLoader's worker: gathering 512 rows gains nothing from threads, and loses on a busy machine.
    torch.set_num_threads(1)
    scale, rounds = (10, 3) if options.quick else (1, 5)
    cases = {
        "python function": (per_element, 2_000_000 // scale),
        "columns": (per_column, 10_000_000 // scale),
        "shuffled": (shuffled, 2_000_000 // scale),
        "shuffled by row": (shuffled_by_row, 400_000 // scale),
    }
    results = []
    for case, (build, size) in cases.items():
        medians = measure(build(size), rounds)
        print(f"\n{case}, {size:,} elements")
        for name, seconds in medians.items():
            ratio = seconds / medians[OURS]
            print(f"  {name:26} {seconds / size * 1e6:9.4f} us/element   {ratio:7.2f} x ours")
            results.append({"name": f"{case}: {name}", "value": seconds / size * 1e6, "unit": "us/element"})
            if name != OURS and not name.startswith(OURS):
                results.append({"name": f"ratio {case} vs {name}", "value": ratio, "unit": "x"})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
