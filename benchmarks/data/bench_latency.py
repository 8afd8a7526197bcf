"""D3: 64 files far away, 30 ms to open and 15 ms for each read, parsed, in batches of 256 records.

The delays are sleeps, so that threads, processes and event loops may overlap them as they like. Each peer is
tuned by hand to have all files open at once; ours is told nothing. The bound is one file's time.

    python benchmarks/data/bench_latency.py [--quick] [--json FILE] [--rounds N] [--only PEER ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contestants import OURS, Case, Contestant
from harness import main
from inputs.remote import Remote

CONTESTANTS = (
    Contestant(OURS, "ours", "latency"),
    Contestant(f"{OURS}, async reads", "ours", "latency", {"blocking": False}),
    Contestant("tf.data", "peers.tf_data", "latency"),
    Contestant("Grain", "peers.grain_data", "latency"),
    Contestant("DataLoader", "peers.torch_loader", "latency"),
    Contestant("torchdata nodes", "peers.torch_nodes", "latency"),
    Contestant("Ray Data", "peers.ray_data", "latency"),
    Contestant("64 threads by hand", "peers.plain_threads", "latency"),
)


def cases(folder: Path, quick: bool) -> Sequence[Case]:  # noqa: ARG001 - nothing is written
    remote = Remote(num_reads=20 if quick else 100)
    print(f"bound: {remote.elements / remote.bound_s:,.0f} records/s")
    return [Case("D3 latency", remote, CONTESTANTS)]


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", cases))
