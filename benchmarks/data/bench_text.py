"""D2: texts from Parquet, tokenised, packed into rows of 2,048 without gaps, in batches of 8.

Once with a byte-level BPE of `tokenizers`, which runs in threads of its own, and once with a tokeniser in pure
Python, which holds the GIL. Texts are the sources of the standard library. A worker that has texts of its own
may pad its last row; padding does not count.

    python benchmarks/data/bench_text.py [--quick] [--json FILE] [--rounds N] [--only PEER ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contestants import OURS, Case, Contestant
from harness import main
from inputs.texts import make


def contestants(*, plain: bool) -> tuple[Contestant, ...]:
    """Rust's threads suffice where they do the work; a tokeniser in Python needs processes."""
    num_workers = 2 if plain else 0
    return (
        Contestant(OURS, "ours", "text"),
        Contestant("tf.data", "peers.tf_data", "text"),
        Contestant("Grain", "peers.grain_data", "text", {"num_workers": num_workers}),
        Contestant("DataLoader", "peers.torch_loader", "text", {"num_workers": 0}, variant=plain),
        Contestant(
            "DataLoader, 2 workers", "peers.torch_loader", "text", {"num_workers": 2}, variant=not plain
        ),
        Contestant("torchdata nodes", "peers.torch_nodes", "text"),
        Contestant("Ray Data", "peers.ray_data", "text"),
        Contestant("HF datasets", "peers.hf_datasets", "text", {"num_workers": num_workers}),
    )


def cases(folder: Path, quick: bool) -> Sequence[Case]:
    scale = 10 if quick else 1
    fast, plain = make(folder / "texts", size_bytes=30_000_000 // scale, plain_bytes=20_000_000 // scale)
    return [
        Case("D2 text", fast, contestants(plain=False)),
        Case("D2 text in Python", plain, contestants(plain=True)),
    ]


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", cases))
