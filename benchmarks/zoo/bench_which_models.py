"""How long does "which models saw this sample?" take, with thousands of versions?

Each version was trained on 20,000 keys; one half drawn from everything so far, the other half the newest. The
alternative that is measured beside it loads every training set and looks, and must give the same answer.

    python benchmarks/zoo/bench_which_models.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from headwater import zoo
from headwater.core.plan import table
from headwater.core.selection import Selection
from headwater.core.unit import format_duration


def fill(keep: zoo.Zoo, *, num_variants: int, num_keys: int) -> None:
    """Add versions, each trained from the one before."""
    rng = np.random.default_rng(0)
    parent = None
    for number in range(num_variants):
        newest = np.arange(number * num_keys, number * num_keys + num_keys // 2)
        older = rng.integers(0, number * num_keys + 1, num_keys // 2)
        chosen = Selection.of(np.unique(np.concatenate([newest, older])))
        parent = keep.add({"x": np.array([number])}, parent=parent, selection=chosen)


def by_loading(keep: zoo.Zoo, key: int) -> list[str]:
    """Return the ids of the variants whose training set holds the key, the plain way."""
    found = []
    for variant in keep.ls():
        chosen = keep.training_set(variant)
        if chosen is not None and bool((chosen.keys == key).any()):
            found.append(variant.id)
    return found


def main() -> None:
    """Run, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    num_variants, num_keys = (300 if options.quick else 3_000), 20_000
    asked = [0, num_variants * num_keys // 3, num_variants * num_keys - num_keys + 5, -1]
    with tempfile.TemporaryDirectory() as name, zoo.open(Path(name) / "z") as keep:
        fill(keep, num_variants=num_variants, num_keys=num_keys)
        plain_s, zoo_s = [], []
        for key in asked:
            start_s = time.perf_counter()
            seen = keep.which_models(key)
            middle_s = time.perf_counter()
            expected = by_loading(keep, key)
            plain_s.append(time.perf_counter() - middle_s)
            zoo_s.append(middle_s - start_s)
            if [v.id for v in seen.direct] != expected:
                raise SystemExit(f"key {key}: the answers differ")
    timed = {"which_models, slowest": max(zoo_s), "which_models, median": statistics.median(zoo_s)}
    timed["loading every set, median"] = statistics.median(plain_s)
    print(f"{num_variants} versions, {num_keys} keys each")
    print(table(("way", "time"), [(way, format_duration(value)) for way, value in timed.items()]))
    if options.json:
        rows = [{"name": way, "value": value, "unit": "s"} for way, value in timed.items()]
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
