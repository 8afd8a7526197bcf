"""Named seed streams: every use of chance has a name, so adding one never disturbs another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Seeds:
    """A tree of seeds: the same root and names give the same numbers on every machine.

    >>> seeds = Seeds(0)
    >>> seeds.integer("selection", 3) == Seeds(0).child("selection").integer(3)
    True
    """

    root: int
    path: tuple[str, ...] = ()

    def child(self, *names: str | int) -> Seeds:
        """Return the subtree below `names`."""
        return Seeds(self.root, (*self.path, *map(str, names)))

    def integer(self, *names: str | int) -> int:
        """Return a seed of 63 bits, as torch takes it."""
        path = json.dumps((str(self.root), *self.path, *map(str, names)))  # "a/b" and "a", "b" stay apart
        return int.from_bytes(hashlib.blake2b(path.encode(), digest_size=8).digest(), "big") >> 1

    def generator(self, *names: str | int) -> np.random.Generator:
        """Return a numpy generator (PCG64) that belongs to `names` alone."""
        return np.random.Generator(np.random.PCG64(self.integer(*names)))
