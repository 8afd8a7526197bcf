"""What does the trainer cost beside a bare torch loop? The same model, batches and optimizer, in turns.

Also: how long metrics over arrays take, and what importing torch and torchmetrics costs.

    python benchmarks/trainer/bench_overhead.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headwater.trainer import Predictions, Trainer, measure

Batches = list[dict[str, Any]]
ROWS = 512


class Net(nn.Module):
    """The size of the flights' model: 68 values, 64 and 32 hidden units, one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(68, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return one logit a row."""
        logits: Tensor = self.body(batch["x"]).squeeze(-1)
        return logits


def make(num_batches: int) -> Batches:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(num_batches, ROWS, 68)).astype(np.float32)
    return [{"x": part, "label": (part.sum(axis=1) > 0).astype(np.float32)} for part in x]


def bare(batches: Batches) -> dict[str, Tensor]:
    """The loop that one would write by hand, with clipping."""
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        logits = model({"x": torch.from_numpy(batch["x"])})
        labels = torch.from_numpy(batch["label"])
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return dict(model.state_dict())


def compare(batches: Batches, rounds: int) -> dict[str, float]:
    """Return CPU seconds per step of each way, medians of rounds taken in turns.

    CPU time, on one thread, for a busy machine disturbs it less; writing progress waits for the disk besides.
    """
    trainer = Trainer(Net, device="cpu")
    taken: dict[str, list[float]] = {"bare": [], "trainer": [], "trainer, saved every 100 steps": []}
    for _ in range(rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            ways: list[tuple[str, Callable[[], object]]] = [
                ("bare", lambda: bare(batches)),
                ("trainer", lambda: trainer.fit(batches)),
                (
                    "trainer, saved every 100 steps",
                    lambda folder=folder: trainer.fit(batches, folder=folder, every_steps=100),  # type: ignore[misc]
                ),
            ]
            for name, run in ways:
                start_s = time.process_time()
                run()
                taken[name].append((time.process_time() - start_s) / len(batches))
    return {name: median(seconds[1:]) for name, seconds in taken.items()}  # the first round warms up


def check_same(batches: Batches) -> None:
    """Both ways learn the same: from equal weights they end in equal weights."""
    from headwater.trainer import Checkpoint

    torch.manual_seed(0)
    trained = Trainer(Net, device="cpu").fit(batches, start=Checkpoint(dict(Net().state_dict())))
    by_hand = bare(batches)
    for name, value in trained.model.items():
        torch.testing.assert_close(value, by_hand[name], rtol=1e-4, atol=1e-5)


def metrics_s(num_rows: int, rounds: int) -> float:
    rng = np.random.default_rng(0)
    late = rng.random(num_rows, np.float32)
    said = Predictions(np.arange(num_rows), np.stack((1 - late, late), axis=1), rng.integers(0, 2, num_rows))
    taken = []
    for _ in range(rounds):
        start_s = time.process_time()
        measure(said)
        taken.append(time.process_time() - start_s)
    return median(taken)


def import_s(what: str, rounds: int) -> float:
    code = f"import time; s = time.perf_counter(); {what}; print(time.perf_counter() - s)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)]
    runs += [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(rounds - 1)
    ]
    return median(float(run.stdout) for run in runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    batches = make(200 if asked.quick else 600)
    check_same(batches[:100])
    rounds = 3 if asked.quick else 9
    steps = compare(batches, rounds)
    results = [
        {"name": f"{name}: CPU time per step", "value": s * 1e6, "unit": "us"} for name, s in steps.items()
    ]
    results += [
        {"name": f"{name}: over bare", "value": s / steps["bare"], "unit": "x"}
        for name, s in steps.items()
        if name != "bare"
    ]
    results.append(
        {"name": "accuracy, auroc, log_loss of 300k", "value": metrics_s(300_000, rounds) * 1e3, "unit": "ms"}
    )
    for what in (
        "import torch",
        "import headwater.trainer",
        "import torch; s = time.perf_counter(); import torchmetrics",
    ):
        results.append(
            {"name": what.rpartition("; ")[2], "value": import_s(what, 1 if asked.quick else 3), "unit": "s"}
        )
    for line in results:
        print(f"{line['name']:50} {line['value']:10.3f} {line['unit']}")
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
