"""A selection is the immutable answer to "on which samples?": keys, weights, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.errors import CorruptError, SelectionError
from headwater.core.files import write_atomic
from headwater.core.key import Keys, are_strictly_sorted, as_keys
from headwater.core.plain import to_json

_FORMAT = "headwater.selection/1"


@dataclass(frozen=True, eq=False)
class Selection:
    """Sorted unique keys, one float32 weight each (0 or more), and where the choice came from.

    `why` holds JSON values. The arrays are frozen: nobody changes a selection after it was made.

    >>> chosen = Selection.of([7, 3], weights=[1.0, 2.0], why={"policy": "demo"})
    >>> chosen.keys, chosen.weights
    (array([3, 7]), array([2., 1.], dtype=float32))
    """

    keys: Keys
    weights: NDArray[np.float32]
    why: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(keys: Any, weights: Any = None, why: Mapping[str, Any] | None = None) -> Selection:
        """Sort `keys` (weights follow; all 1 if left out) and freeze them."""
        flat = as_keys(keys)
        heavy = np.ones(flat.size, np.float32) if weights is None else np.asarray(weights, np.float32)
        if heavy.shape != flat.shape:
            raise SelectionError(f"{flat.size} keys but weights of shape {heavy.shape}.")
        if are_strictly_sorted(flat):
            return Selection(flat.copy(), heavy.copy(), dict(why or {}))
        order = np.argsort(flat, kind="stable")
        return Selection(flat[order], heavy[order], dict(why or {}))

    def __post_init__(self) -> None:
        if self.keys.dtype != np.int64 or self.weights.dtype != np.float32 or self.keys.ndim != 1:
            raise SelectionError(
                f"keys are {self.keys.dtype}{list(self.keys.shape)} and weights {self.weights.dtype}, "
                "but flat int64 and float32 were wanted.",
                remedy="Use Selection.of(), which converts them.",
            )
        if self.weights.shape != self.keys.shape:
            raise SelectionError(f"{self.keys.size} keys but weights of shape {self.weights.shape}.")
        if not are_strictly_sorted(self.keys):
            raise SelectionError(
                "keys are unsorted or repeated.", remedy="Use Selection.of(), with each key once."
            )
        if not bool(np.all(np.isfinite(self.weights) & (self.weights >= 0))):
            raise SelectionError("weights must be finite and not negative.")
        self.keys.setflags(write=False)
        self.weights.setflags(write=False)

    def __len__(self) -> int:
        return int(self.keys.size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Selection({len(self):,} keys, digest {self.digest[:12]}, why={dict(self.why)})"

    @cached_property
    def digest(self) -> str:
        """The digest of keys and weights; `why` does not enter."""
        return digest_of(self.keys, self.weights)

    def save(self, path: Path) -> None:
        """Write an Arrow IPC file that any Arrow reader opens; visible whole or not at all."""
        import pyarrow as pa

        table = pa.table({"key": self.keys, "weight": self.weights})
        why = to_json(dict(self.why))
        meta = {"format": _FORMAT, "digest": self.digest, "why": why, "check": digest_of(self.digest, why)}
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema.with_metadata(meta)) as writer:
            writer.write_table(table)
        write_atomic(path, sink.getvalue())

    @staticmethod
    def load(path: Path) -> Selection:
        """Read what `save` wrote and check it against its digest.

        Raised: `CorruptError` when anything that matters has changed since.
        """
        import pyarrow as pa

        content = path.read_bytes()
        try:
            table = pa.ipc.open_file(content).read_all()
            meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
            keys, weights = (table[name].to_numpy().copy() for name in ("key", "weight"))
            found = Selection(keys, weights, json.loads(meta["why"]))
            check = digest_of(found.digest, meta["why"])
        except (pa.ArrowException, SelectionError, LookupError, ValueError, TypeError, OSError) as error:
            raise CorruptError(f"not a selection ({error}).", where=str(path)) from error
        if meta.get("format") != _FORMAT or (found.digest, check) != (meta.get("digest"), meta.get("check")):
            raise CorruptError(
                "keys, weights or their reason have changed since they were saved.", where=str(path)
            )
        return found
