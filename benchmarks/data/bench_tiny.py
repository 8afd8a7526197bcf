"""How cheap is an element that costs nothing? `range(10M)`, add one, batches of 256.

Once with a Python function for each element, and once vectorised: ours by `map_batches`, each peer by hand.
Peers that would take minutes see a share of the elements; rates are per element.

    python benchmarks/data/bench_tiny.py [--quick] [--json FILE] [--rounds N] [--only PEER ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contestants import OURS, Case, Contestant
from harness import main
from inputs.numbers import Numbers


def cases(folder: Path, quick: bool) -> Sequence[Case]:  # noqa: ARG001 - nothing is written
    size = 300_000 if quick else 10_000_000
    function = (
        Contestant(OURS, "ours", "tiny"),
        Contestant("tf.data", "peers.tf_data", "tiny", share=0.05),
        Contestant("Grain", "peers.grain_data", "tiny", {"num_workers": 0}, share=0.2),
        Contestant("Grain, 2 workers", "peers.grain_data", "tiny", {"num_workers": 2}, share=0.2, variant=True),
        Contestant("DataLoader", "peers.torch_loader", "tiny", {"num_workers": 0}),
        Contestant(
            "DataLoader, 2 workers", "peers.torch_loader", "tiny", {"num_workers": 2}, share=0.2, variant=True
        ),
        Contestant("torchdata nodes", "peers.torch_nodes", "tiny", share=0.2),
        Contestant("Ray Data", "peers.ray_data", "tiny", share=0.2),
        Contestant("HF datasets", "peers.hf_datasets", "tiny", share=0.1),
    )
    vectorised = (
        Contestant(OURS, "ours", "tiny_vectorised"),
        Contestant("tf.data", "peers.tf_data", "tiny_vectorised"),
        Contestant("Grain", "peers.grain_data", "tiny_vectorised", share=0.2),
        Contestant("DataLoader", "peers.torch_loader", "tiny_vectorised"),
        Contestant("torchdata nodes", "peers.torch_nodes", "tiny_vectorised"),
        Contestant("Ray Data", "peers.ray_data", "tiny_vectorised"),
        Contestant("HF datasets", "peers.hf_datasets", "tiny_vectorised"),
    )
    return [
        Case("tiny function", Numbers(size), function),
        Case("tiny vectorised", Numbers(size), vectorised),
    ]


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", cases))
