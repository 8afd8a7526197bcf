"""D4: 6 of 60 Parquet columns are read, a fifth of the rows kept, one column hashed, all shuffled and batched.

Rates are of rows read. Peers that have no Parquet reader of their own let Arrow read, choose and hash, and then
shuffle and batch by their own means; that reading belongs to the pass.

    python benchmarks/data/bench_tabular.py [--quick] [--json FILE] [--rounds N] [--only PEER ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contestants import OURS, Case, Contestant
from harness import main
from inputs.clicks import make

CONTESTANTS = (
    Contestant(OURS, "ours", "tabular"),
    Contestant("tf.data", "peers.tf_data", "tabular"),
    Contestant("tf.data, by index", "peers.tf_data", "tabular_by_index"),
    Contestant("Grain", "peers.grain_data", "tabular"),
    Contestant("DataLoader", "peers.torch_loader", "tabular"),
    Contestant("DataLoader, 2 workers", "peers.torch_loader", "tabular", {"num_workers": 2}, variant=True),
    Contestant("torchdata nodes", "peers.torch_nodes", "tabular"),
    Contestant("Ray Data", "peers.ray_data", "tabular"),
    Contestant("HF datasets", "peers.hf_datasets", "tabular"),
)


def cases(folder: Path, quick: bool) -> Sequence[Case]:
    return [Case("D4 tabular", make(folder / "clicks", num_rows=200_000 if quick else 2_000_000), CONTESTANTS)]


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", cases))
