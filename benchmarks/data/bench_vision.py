"""D1: photos from tar shards, decoded, cropped at random to 224, flipped, normalised, in batches of 64.

Each peer reads the form it prefers (shards or single files, both in the page cache), and decodes with what its
documentation uses and with OpenCV where that is faster. Photos of ../shared/data where they are, else drawn.

    python benchmarks/data/bench_vision.py [--quick] [--json FILE] [--rounds N] [--only PEER ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contestants import OURS, Case, Contestant
from harness import main
from inputs.photos import make, source

CONTESTANTS = (
    Contestant(OURS, "ours", "vision"),
    Contestant("tf.data", "peers.tf_data", "vision"),
    Contestant("Grain", "peers.grain_data", "vision", {"processes": False}),
    Contestant("Grain, 2 processes", "peers.grain_data", "vision", {"processes": True}, variant=True),
    Contestant("DataLoader (PIL)", "peers.torch_loader", "vision", {"decoder": "pillow"}),
    Contestant("DataLoader (OpenCV)", "peers.torch_loader", "vision", {"decoder": "opencv"}),
    Contestant(
        "DataLoader (PIL), no workers",
        "peers.torch_loader",
        "vision",
        {"decoder": "pillow", "num_workers": 0},
        variant=True,
    ),
    Contestant("torchdata nodes", "peers.torch_nodes", "vision"),
    Contestant("Ray Data", "peers.ray_data", "vision"),
    Contestant("HF datasets", "peers.hf_datasets", "vision"),
    Contestant("WebDataset (PIL)", "peers.web_dataset", "vision", {"decoder": "pillow"}, variant=True),
    Contestant("WebDataset (OpenCV)", "peers.web_dataset", "vision", {"decoder": "opencv"}),
    Contestant("threads around OpenCV", "peers.plain_threads", "vision"),
)


def cases(folder: Path, quick: bool) -> Sequence[Case]:
    print(f"inputs: {source()}")
    return [Case("D1 vision", make(folder / "photos", num_photos=320 if quick else 3_200), CONTESTANTS)]


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", cases))
