"""What does one evaluation of drift cost, beside the textbook way of computing the same number?

Two windows of samples with 64 features each; the peer computes MMD with whole kernel matrices in float64 (as
a direct transcription of the formula does) and KS feature by feature with scipy. Both must agree with ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from scipy.spatial.distance import cdist

from headwater.triggers.distances import hellinger, ks, mmd


def main() -> None:
    """Run, print a table, write JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--json", type=Path)
    arguments = asked.parse_args()
    lines = [
        line for size in ([500, 1_000] if arguments.quick else [500, 1_000, 5_000]) for line in measure(size)
    ]
    for line in lines:
        print(f"{line['name']:<36}{line['value']:>10.2f} {line['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=1))


def measure(size: int) -> list[dict[str, Any]]:
    """Return medians for windows of `size` samples, and the ratio of the peer's time to ours."""
    rng = np.random.default_rng(0)
    ref, cur = rng.normal(size=(2, size, 64)).astype(np.float32)
    cur += np.float32(0.1)
    lines: list[dict[str, Any]] = []
    for name, ours, peer in (("mmd", mmd, whole_mmd), ("ks", ks, scipy_ks)):
        if abs(ours(ref, cur) - peer(ref, cur)) > 1e-5:
            raise SystemExit(f"{name}: {ours(ref, cur)} is not the peer's {peer(ref, cur)}")
        ours_ms, peer_ms = (median_ms(partial(distance, ref, cur)) for distance in (ours, peer))
        lines.append({"name": f"{name}, 2 x {size:,}", "value": ours_ms, "unit": "ms"})
        lines.append({"name": f"{name}, 2 x {size:,}, peer over ours", "value": peer_ms / ours_ms, "unit": "x"})
    lines.append(
        {"name": f"hellinger, 2 x {size:,}", "value": median_ms(partial(hellinger, ref, cur)), "unit": "ms"}
    )
    return lines


def median_ms(call: Callable[[], object]) -> float:
    """Return the median of nine calls."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def whole_mmd(ref: Any, cur: Any) -> float:
    """MMD² with the median heuristic, three whole matrices of float64."""
    n, m = len(ref), len(cur)
    xx, yy, xy = (cdist(a, b, "sqeuclidean") for a, b in ((ref, ref), (cur, cur), (ref, cur)))
    pairs = xx[np.triu_indices(n, 1)]
    gamma = 1 / np.partition(pairs, (pairs.size - 1) // 2)[(pairs.size - 1) // 2]
    kxx, kyy, kxy = (np.exp(-gamma * d) for d in (xx, yy, xy))
    return float((kxx.sum() - n) / (n * (n - 1)) + (kyy.sum() - m) / (m * (m - 1)) - 2 * kxy.mean())


def scipy_ks(ref: Any, cur: Any) -> float:
    """Mean of scipy's statistic, feature by feature."""
    return float(np.mean([stats.ks_2samp(a, b, method="asymp").statistic for a, b in zip(ref.T, cur.T)]))


if __name__ == "__main__":
    main()
