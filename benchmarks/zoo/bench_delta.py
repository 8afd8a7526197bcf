"""How small and how fast is a fine-tuned model as an exact difference, against the usual ways of storing it?

A torch model with an embedding and three linear layers is trained, then trained further; the second version is
stored against the first. Each peer writes one file, fsyncs it, reads it back, and must give equal bytes; the
zoo's seconds contain its digests, its catalogue and its three fsyncs. zipnn is measured where it is installed:
alone, and on the XOR with the first version.

    python benchmarks/zoo/bench_delta.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import zstandard
from safetensors.torch import load, save

from headwater import zoo
from headwater.core.plan import table

Model = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """Two versions of a model."""

    name: str
    before: Model
    after: Model

    @property
    def size_bytes(self) -> int:
        """Plain bytes of the second version."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.after.values())


@dataclass(frozen=True)
class Row:
    """What one way of storing took."""

    case: str
    way: str
    ratio: float
    write_s: float
    read_s: float


class Training:
    """A classifier of random but learnable data: rows of 8 categorical values, 10 classes."""

    def __init__(self, num_rows: int, width: int) -> None:
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Embedding(num_rows, 32),
            torch.nn.Flatten(),
            torch.nn.Linear(256, width),
            torch.nn.ReLU(),
            torch.nn.Linear(width, width),
            torch.nn.ReLU(),
            torch.nn.Linear(width, 10),
        )
        self.optimizer = torch.optim.Adam(self.net.parameters(), 1e-3)
        self.truth = torch.randn(num_rows, 10)
        self.num_rows = num_rows

    def steps(self, count: int, lr: float) -> None:
        """Train further."""
        self.optimizer.param_groups[0]["lr"] = lr
        for _ in range(count):
            rows = torch.randint(0, self.num_rows, (128, 8))
            loss = torch.nn.functional.cross_entropy(self.net(rows), self.truth[rows].sum(1).argmax(1))
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            self.optimizer.step()

    def weights(self, dtype: torch.dtype = torch.float32) -> Model:
        """Return a copy of the weights."""
        return {name: tensor.detach().to(dtype).clone() for name, tensor in self.net.state_dict().items()}

    def checkpoint(self) -> Model:
        """Return weights and the optimizer's moments."""
        states = self.optimizer.state_dict()["state"]
        moments = {f"adam.{i}.{word}": t.clone() for i, state in states.items() for word, t in state.items()}
        return {**self.weights(), **moments}


def cases(quick: bool) -> list[Case]:
    """Return fine-tunings near and far, in float32 and bfloat16, with and without optimizer state."""
    training = Training(5_000 if quick else 50_000, 512 if quick else 2_048)
    training.steps(200 if quick else 400, 1e-3)
    start, start_16, start_all = training.weights(), training.weights(torch.bfloat16), training.checkpoint()
    found = []
    for word, count in (("10 steps", 10), ("200 steps", 190)):
        training.steps(count, 1e-4)
        found.append(Case(f"float32, {word}", start, training.weights()))
        found.append(Case(f"bfloat16, {word}", start_16, training.weights(torch.bfloat16)))
    found.append(Case("float32 and Adam, 200 steps", start_all, training.checkpoint()))
    return found


def same(left: Model, right: Model) -> None:
    """Refuse to report about something that did not come back."""
    for name, tensor in right.items():
        if not np.array_equal(flat(left[name]), flat(tensor)):
            raise SystemExit(f"{name} did not come back bit for bit")


def flat(tensor: torch.Tensor) -> Any:
    """Return the bytes of a tensor."""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy()


def torch_bytes(model: Model) -> bytes:
    """torch.save into memory."""
    sink = io.BytesIO()
    torch.save(model, sink)
    return sink.getvalue()


def zstd(level: int) -> tuple[Callable[[Model], bytes], Callable[[bytes], Model]]:
    """Return safetensors and zstd over all of it."""
    return (
        lambda model: zstandard.ZstdCompressor(level=level).compress(save(model)),
        lambda content: load(zstandard.ZstdDecompressor().decompress(content)),
    )


def peers(case: Case) -> dict[str, tuple[Callable[[Model], bytes], Callable[[bytes], Model]]]:
    """Return, by name, how to turn a model into bytes and back."""
    ways = {
        "torch.save": (torch_bytes, lambda content: torch.load(io.BytesIO(content), weights_only=True)),
        "safetensors": (save, load),
        "safetensors + zstd 1": zstd(1),
        "safetensors + zstd 3": zstd(3),
    }
    try:
        from zipnn import ZipNN  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return ways
    dtype = "bfloat16" if case.name.startswith("bfloat16") else "float32"
    before = np.frombuffer(save(case.before), np.uint8)

    def squeeze(content: bytes) -> bytes:
        return bytes(ZipNN(input_format="byte", bytearray_dtype=dtype).compress(content))

    def expand(content: bytes) -> bytes:
        return bytes(ZipNN(input_format="byte", bytearray_dtype=dtype).decompress(content))

    def against(content: bytes) -> bytes:
        return bytes((np.frombuffer(content, np.uint8) ^ before).tobytes())

    ways["safetensors + zipnn"] = (lambda m: squeeze(save(m)), lambda c: load(expand(c)))
    ways["XOR + zipnn"] = (lambda m: squeeze(against(save(m))), lambda c: load(against(expand(c))))
    return ways


def measure_peer(case: Case, way: str, folder: Path, repeats: int) -> Row:
    """Time one way of storing the second version."""
    pack, unpack = peers(case)[way]
    path, writes, reads = folder / "peer", [], []
    for _ in range(repeats):
        start_s = time.perf_counter()
        with path.open("wb") as file:
            file.write(pack(case.after))
            file.flush()
            os.fsync(file.fileno())
        middle_s = time.perf_counter()
        back = unpack(path.read_bytes())
        end_s = time.perf_counter()
        same(back, case.after)
        writes.append(middle_s - start_s)
        reads.append(end_s - middle_s)
    ratio = path.stat().st_size / case.size_bytes
    return Row(case.name, way, ratio, statistics.median(writes), statistics.median(reads))


def measure_zoo(case: Case, storage: Literal["auto", "full"], folder: Path, repeats: int) -> Row:
    """Time the zoo: `full` alone, `auto` against the first version."""
    writes, reads, ratio = [], [], 1.0
    with zoo.open(folder / f"{storage}.hw") as keep:
        parent = keep.add(case.before, name="before")
        for number in range(repeats):
            start_s = time.perf_counter()
            added = keep.add(case.after, name=f"after-{number}", parent=parent, storage=storage)
            middle_s = time.perf_counter()
            back = keep.load(added)
            end_s = time.perf_counter()
            same(back, case.after)
            writes.append(middle_s - start_s)
            reads.append(end_s - middle_s)
            ratio = added.ratio
    way = "zoo, full" if storage == "full" else "zoo, difference"
    return Row(case.name, way, ratio, statistics.median(writes), statistics.median(reads))


def main() -> None:
    """Run, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(2)
    rows: list[Row] = []
    results: list[dict[str, Any]] = []
    for case in cases(options.quick):
        with tempfile.TemporaryDirectory() as name:
            folder, repeats = Path(name), 3 if options.quick else 5
            found = [measure_peer(case, way, folder, repeats) for way in peers(case)]
            found += [measure_zoo(case, "full", folder, repeats), measure_zoo(case, "auto", folder, repeats)]
        rows += found
        for row in found:
            values = (
                ("stored", row.ratio, "of plain bytes"),
                ("write", row.write_s, "s"),
                ("read", row.read_s, "s"),
            )
            results += [{"name": f"{row.case}/{row.way}/{w}", "value": v, "unit": u} for w, v, u in values]
        print(f"{case.name}: {case.size_bytes / 1e6:.1f} MB")
    head = ("case", "way", "stored", "write", "read")
    cells = [(r.case, r.way, f"{r.ratio:.3f}", f"{r.write_s:.3f} s", f"{r.read_s:.3f} s") for r in rows]
    print(table(head, cells))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
