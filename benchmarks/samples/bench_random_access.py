"""Can random access be as fast as reading from front to back?

Four million records like Criteo's (a label, 13 float32, 26 int32: 160 bytes) are fed to a step that only
touches each tensor. Ours reads a random permutation of all keys, and a random quarter of them, with weights,
through `data`; and straight from the store. The contestants read from front to back: `pyarrow.parquet` batches,
and a torch `DataLoader` over an `np.memmap`, by items with workers, and by slices, which copies nothing and so
is the ceiling; or at random: Lance's `take`, and Hugging Face `datasets`.

Each arm runs in a process of its own, first cold (its files dropped from the page cache), then warm. Arms take
turns, and medians over the turns are shown. A checksum, outside the measured time, shows that each arm
delivered exactly the rows it was asked for. "peak" counts mapped pages of the page cache, "own" does not; both
are without workers.

What to expect of ours: warm, both orders keep up with Parquet from front to back (two busy cores, two turns:
1.3 to 1.6 times its rows). Cold, the permutation does too (1.2 to 1.3), but the random quarter does not (0.5):
4 KiB hold 25 records, so a quarter of the records lies on all pages, and four times the bytes that are
delivered come from the disk and through the checksums. Records in an order that the quarter shares, or
larger ones, would mend that; reading ahead (madvise) did not, when we measured it.

    python benchmarks/samples/bench_random_access.py [--quick] [--json FILE] [--rounds 3] [--only ARM ...]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCH = 4_096
RECORD = np.dtype([("label", "<i4"), ("dense", "<f4", (13,)), ("sparse", "<i4", (26,))])
Batch = tuple[Any, ...]
"""Tensors: label, dense, sparse, and for ours the weight."""


@dataclass(frozen=True)
class Feed:
    """Batches in order, the rows they must be, and the files that they are read from."""

    batches: Callable[[], Iterator[Batch]]
    rows: NDArray[np.int64]


# ---------------------------------------------------------------- the arms


def quarter(num_rows: int) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(2).choice(num_rows, num_rows // 4, replace=False))


def tensors(block: Any) -> Batch:
    import torch

    names = [name for name in ("label", "dense", "sparse", "weight") if name in block]
    return tuple(torch.from_numpy(block[name]) for name in names)


def ours_store(folder: Path, num_rows: int) -> Feed:
    from headwater import samples

    store = samples.open(folder / "ours.hw")
    order = np.random.default_rng(1).permutation(num_rows)

    def batches() -> Iterator[Batch]:
        for at in range(0, num_rows, BATCH):
            yield tensors(store.read(order[at : at + BATCH]))

    return Feed(batches, order)


def ours_data(folder: Path, num_rows: int) -> Feed:
    return _through_data(folder, np.arange(num_rows))


def ours_data_quarter(folder: Path, num_rows: int) -> Feed:
    return _through_data(folder, quarter(num_rows))


def ours_data_given_order(folder: Path, num_rows: int) -> Feed:
    """The permutation is given as keys, so that only reading is measured, and not drawing it."""
    order = np.random.default_rng(1).permutation(num_rows)
    return _through_data(folder, np.arange(num_rows), order=order)


def _through_data(folder: Path, rows: NDArray[np.int64], *, order: NDArray[np.int64] | None = None) -> Feed:
    from headwater import data, samples
    from headwater.core.selection import Selection
    from headwater.core.source import Selected

    selection = Selection.of(rows, weights=np.linspace(0.5, 1.5, rows.size))
    source = Selected(samples.open(folder / "ours.hw"), selection)
    dataset = data.from_source(source, keys=order)
    dataset = (dataset if order is not None else dataset.shuffle(seed=3)).batch(BATCH).prefetch(2)

    def batches() -> Iterator[Batch]:
        for batch in dataset:
            yield tensors(batch)

    return Feed(batches, rows)


def parquet(folder: Path, num_rows: int) -> Feed:
    return _parquet(folder / "records.parquet", num_rows)


def parquet_plain(folder: Path, num_rows: int) -> Feed:
    return _parquet(folder / "plain.parquet", num_rows)


def _parquet(path: Path, num_rows: int) -> Feed:
    import torch
    from pyarrow import parquet as pq

    def batches() -> Iterator[Batch]:
        for batch in pq.ParquetFile(path, memory_map=True).iter_batches(BATCH):
            columns = [column.to_numpy() for column in batch.columns]
            yield tuple(torch.from_numpy(column) for column in columns)

    return Feed(batches, np.arange(num_rows))


def loader_items(folder: Path, num_rows: int) -> Feed:
    import torch

    class Items(torch.utils.data.Dataset[Batch]):
        def __init__(self) -> None:
            self.records = np.memmap(folder / "records.bin", RECORD, mode="r")

        def __len__(self) -> int:
            return num_rows

        def __getitem__(self, at: int) -> Batch:
            record = self.records[at]
            return record["label"], record["dense"], record["sparse"]

    loader = torch.utils.data.DataLoader(Items(), batch_size=BATCH, num_workers=2)
    return Feed(lambda: iter(loader), np.arange(num_rows))


def loader_slices(folder: Path, num_rows: int) -> Feed:
    return _slices(folder, num_rows, num_workers=0)


def loader_slices_workers(folder: Path, num_rows: int) -> Feed:
    return _slices(folder, num_rows, num_workers=2)


def _slices(folder: Path, num_rows: int, *, num_workers: int) -> Feed:
    import torch

    class Slices(torch.utils.data.Dataset[Batch]):
        def __init__(self) -> None:
            # Copy-on-write, so that torch may make tensors of it without a copy.
            self.records = np.memmap(folder / "records.bin", RECORD, mode="c")

        def __len__(self) -> int:
            return -(-num_rows // BATCH)

        def __getitem__(self, at: int) -> Batch:
            return tensors_of(self.records[at * BATCH : (at + 1) * BATCH])

    loader = torch.utils.data.DataLoader(Slices(), batch_size=None, num_workers=num_workers)
    return Feed(lambda: iter(loader), np.arange(num_rows))


def tensors_of(records: NDArray[Any]) -> Batch:
    return tensors({name: records[name] for name in ("label", "dense", "sparse")})


def lance_take(folder: Path, num_rows: int) -> Feed:
    import lance
    import torch

    dataset = lance.dataset(str(folder / "records.lance"))
    order = np.random.default_rng(1).permutation(num_rows)

    def batches() -> Iterator[Batch]:
        for at in range(0, num_rows, BATCH):
            table = dataset.take(order[at : at + BATCH].tolist())
            yield tuple(torch.from_numpy(column.to_numpy().copy()) for column in table.columns)

    return Feed(batches, order)


def hf_random(folder: Path, num_rows: int) -> Feed:
    import datasets
    import torch

    dataset = datasets.Dataset.from_file(str(folder / "records.arrow")).with_format("arrow")
    order = np.random.default_rng(1).permutation(num_rows)

    def batches() -> Iterator[Batch]:
        for at in range(0, num_rows, BATCH):
            table = dataset[order[at : at + BATCH]]
            yield tuple(torch.from_numpy(column.to_numpy().copy()) for column in table.columns)

    return Feed(batches, order)


@dataclass(frozen=True)
class Arm:
    """One contestant: what it is, how it is fed, and which of its files are dropped to make it cold."""

    what: str
    feed: Callable[[Path, int], Feed]
    files: str


ARMS = {
    "ours, data, permutation": Arm("random", ours_data, "ours.hw"),
    "ours, data, quarter": Arm("random 25 %", ours_data_quarter, "ours.hw"),
    "ours, data, given permutation": Arm("random", ours_data_given_order, "ours.hw"),
    "ours, store.read, permutation": Arm("random", ours_store, "ours.hw"),
    "parquet": Arm("sequential", parquet, "records.parquet"),
    "parquet, plain": Arm("sequential", parquet_plain, "plain.parquet"),
    "DataLoader, items, 2 workers": Arm("sequential", loader_items, "records.bin"),
    "DataLoader, slices": Arm("sequential", loader_slices, "records.bin"),
    "DataLoader, slices, 2 workers": Arm("sequential", loader_slices_workers, "records.bin"),
    "Lance take": Arm("random", lance_take, "records.lance"),
    "HF datasets": Arm("random", hf_random, "records.arrow"),
}
SEQUENTIAL = [name for name, arm in ARMS.items() if arm.what == "sequential"]


# ---------------------------------------------------------------- one arm, in its own process


def touch(batch: Batch) -> float:
    """The null step: read each tensor once."""
    return float(sum(tensor.sum() for tensor in batch))


def checksum(words: NDArray[np.uint64]) -> int:
    """A number that any change of a row changes, and their order does not; rows are 40 words."""
    rng = np.random.default_rng(7)
    mixed = words @ rng.integers(1, 2**63, 40, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    return int((mixed * np.uint64(0x9E3779B97F4A7C15)).sum())


def words_of(batch: Batch) -> NDArray[np.uint64]:
    """The 40 values of each row of a batch, as the bits they are stored in."""
    columns = []
    for tensor in batch[:3] if len(batch) < 40 else batch:
        array = np.ascontiguousarray(tensor.numpy()).view(np.uint32)
        columns.append(array.reshape(len(array), -1))
    return np.concatenate(columns, axis=1).astype(np.uint64)


def run_pass(feed: Feed, limit_s: float) -> tuple[int, float, list[float]]:
    """Return rows delivered, seconds, and the wait for each batch."""
    waits: list[float] = []
    rows = 0
    start = asked = time.perf_counter()
    for batch in feed.batches():
        waits.append(time.perf_counter() - asked)
        touch(batch)
        rows += len(batch[0])
        asked = time.perf_counter()
        if asked - start > limit_s:
            break
    return rows, time.perf_counter() - start, waits


def run_check(feed: Feed, folder: Path, limit_rows: int) -> bool:
    """Whether the rows delivered are, as a multiset, the rows asked for.

    Of an arm whose order we know the first `limit_rows` will do; of the others all are needed.
    """
    found = expected = rows = 0
    records = np.memmap(folder / "records.bin", np.dtype(("<u4", (40,))), mode="r")
    for batch in feed.batches():
        found += checksum(words_of(batch))
        rows += len(batch[0])
        if rows >= limit_rows:
            break
    asked = feed.rows[:rows]
    for at in range(0, asked.size, 1 << 18):
        expected += checksum(records[asked[at : at + (1 << 18)]].astype(np.uint64))
    return found % 2**64 == expected % 2**64


def run_arm(name: str, folder: Path, num_rows: int, limit_s: float) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    feed = ARMS[name].feed(folder, num_rows)
    touch((torch.zeros(2),))
    cold_rows, cold_s, _ = run_pass(feed, limit_s)
    warm_rows, warm_s, waits = run_pass(feed, limit_s)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    limit_rows = feed.rows.size if "data" in name and name.startswith("ours") else warm_rows
    return {
        "cold": cold_rows / cold_s,
        "warm": warm_rows / warm_s,
        "p50_ms": 1e3 * float(np.quantile(waits, 0.5)),
        "p99_ms": 1e3 * float(np.quantile(waits, 0.99)),
        "peak_mib": int(status["VmHWM"].split()[0]) / 1024,
        "own_mib": int(status["RssAnon"].split()[0]) / 1024,
        "same": run_check(feed, folder, limit_rows),
    }


# ---------------------------------------------------------------- data, turns, tables


def prepare(folder: Path, num_rows: int) -> None:
    """Write the same records for each contestant."""
    import lance
    import pyarrow as pa
    from pyarrow import parquet as pq

    from headwater import samples

    records = np.zeros(num_rows, RECORD)
    rng = np.random.default_rng(0)
    for at in range(0, num_rows, 1 << 19):
        part = records[at : at + (1 << 19)]
        part["label"] = rng.random(part.size) < 0.03
        part["dense"] = rng.lognormal(size=(part.size, 13))
        part["sparse"] = rng.zipf(1.2, (part.size, 26)).clip(0, 2**31 - 1)
    records.tofile(folder / "records.bin")
    columns = {"label": records["label"]}
    columns |= {f"dense_{at}": records["dense"][:, at] for at in range(13)}
    columns |= {f"sparse_{at}": records["sparse"][:, at] for at in range(26)}
    table = pa.table({name: np.ascontiguousarray(column) for name, column in columns.items()})
    pq.write_table(table, folder / "records.parquet")
    pq.write_table(table, folder / "plain.parquet", compression="none", use_dictionary=False)
    with pa.ipc.new_stream(folder / "records.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=1 << 16)
    lance.write_dataset(table, str(folder / "records.lance"))
    schema = samples.Schema(
        fields=(
            samples.Field("label", "int32"),
            samples.Field("dense", "float32", (13,)),
            samples.Field("sparse", "int32", (26,)),
        ),
        event_time="at",
        label="label",
    )
    block = {"at": np.arange(num_rows), **{name: records[name] for name in ("label", "dense", "sparse")}}
    samples.create(folder / "ours.hw", schema).ingest(block)


def drop_from_cache(path: Path) -> None:
    """Make the next reader go to the disk."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def measure(name: str, folder: Path, num_rows: int, limit_s: float) -> dict[str, Any]:
    drop_from_cache(folder / ARMS[name].files)
    command = [sys.executable, __file__, "--arm", name, "--folder", str(folder), "--rows", str(num_rows)]
    done = subprocess.run([*command, "--limit", str(limit_s)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(results: dict[str, dict[str, float]], num_rows: int) -> None:
    from headwater.core.plan import table

    rows = [
        (
            name,
            ARMS[name].what,
            f"{found['cold'] / 1e6:.2f}",
            f"{found['warm'] / 1e6:.2f}",
            f"{found['p50_ms']:.2f}",
            f"{found['p99_ms']:.2f}",
            f"{found['peak_mib']:.0f}",
            f"{found['own_mib']:.0f}",
        )
        for name, found in results.items()
    ]
    head = ("arm", "order", "cold M rows/s", "warm M rows/s", "p50 ms", "p99 ms", "peak MiB", "own MiB")
    print(f"{num_rows:,} records of 160 bytes, batches of {BATCH:,}\n{table(head, rows)}")


def ratios(turns: list[dict[str, dict[str, float]]]) -> dict[str, float]:
    """Ours over each sequential contestant: the median of the ratios within one turn."""
    found = {}
    for ours in (name for name in turns[0] if name.startswith("ours")):
        for other in (name for name in turns[0] if name in SEQUENTIAL):
            for heat in ("cold", "warm"):
                key = f"{heat}: {ours} / {other}"
                found[key] = statistics.median(turn[ours][heat] / turn[other][heat] for turn in turns)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="400,000 records, one turn")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(ARMS))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--limit", type=float, default=15.0, help="seconds of a pass at most")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    num_rows = options.rows or (400_000 if options.quick else 4_000_000)
    limit_s = min(options.limit, 1.0) if options.quick else options.limit
    if options.arm:
        print(json.dumps(run_arm(options.arm, options.folder, num_rows, limit_s)))
        return
    names = options.only or list(ARMS)
    turns: list[dict[str, dict[str, float]]] = []
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), num_rows)
        for _ in range(1 if options.quick else options.rounds):
            turns.append({name: measure(name, Path(scratch), num_rows, limit_s) for name in names})
    for turn in turns:
        wrong = [name for name, found in turn.items() if not found["same"]]
        if wrong:
            sys.exit(f"other rows than asked for were delivered by: {', '.join(wrong)}")
    measures = [key for key in turns[0][names[0]] if key != "same"]
    results = {
        name: {key: statistics.median(turn[name][key] for turn in turns) for key in measures} for name in names
    }
    show(results, num_rows)
    found = ratios(turns)
    print("\nours / sequential, median of the ratios of each turn")
    for key, value in found.items():
        print(f"  {value:8.2f}  {key}")
    if options.json:
        entries = [
            {"name": f"{name}: {key}", "value": value, "unit": _unit(key)}
            for name, measured in results.items()
            for key, value in measured.items()
        ]
        entries += [{"name": key, "value": value, "unit": "ratio"} for key, value in found.items()]
        entries.append({"name": "commit", "value": commit(), "unit": "git"})
        options.json.write_text(json.dumps(entries, indent=1))


def commit() -> str:
    """Return the commit that was measured, "unknown" outside a repository."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _unit(key: str) -> str:
    return {"cold": "rows/s", "warm": "rows/s"}.get(key, "ms" if key.endswith("_ms") else "MiB")


if __name__ == "__main__":
    main()
