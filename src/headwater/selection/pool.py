"""The pool is everything that could be trained on now: all samples whose label is known."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import SelectionError
from headwater.core.key import Keys, are_strictly_sorted, as_keys


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Columns of equal length ``[N]``, sorted by key whatever order they come in, and the current round.

    >>> pool = Pool(keys=[2, 1], times=["2013-01-02", "2013-01-01"], labels=[1, 0],
    ...             arrived_round=[1, 0], last_used_round=[-1, 0], round=1)
    >>> pool.keys, pool.labels
    (array([1, 2]), array([0, 1]))
    """

    keys: Keys
    """Identities, int64, each once."""

    times: NDArray[np.datetime64]
    """Event times, datetime64[us]."""

    labels: NDArray[Any]
    """Anything that compares."""

    arrived_round: NDArray[np.int64]
    """The round in which the sample could first be trained on, its label being known: 0 to `round`."""

    last_used_round: NDArray[np.int64]
    """The last round whose selection held the sample; -1 for never."""

    round: int
    """The round that a selection is wanted for, counted from 0."""

    def __post_init__(self) -> None:
        columns = {
            "keys": as_keys(self.keys),
            "times": np.asarray(self.times, "datetime64[us]"),
            "labels": np.asarray(self.labels),
            "arrived_round": np.asarray(self.arrived_round, np.int64),
            "last_used_round": np.asarray(self.last_used_round, np.int64),
        }
        self._refuse_shapes(columns)
        order = np.argsort(columns["keys"], kind="stable")
        self._set({name: column[order] for name, column in columns.items()}, self.round)
        self._refuse_values()

    def __len__(self) -> int:
        return int(self.keys.size)

    def take(self, rows: NDArray[np.intp]) -> Pool:
        """Return the pool of `rows`, which ascend."""
        part: Pool = object.__new__(Pool)
        names = [item.name for item in fields(self) if item.name != "round"]
        part._set({name: getattr(self, name)[rows] for name in names}, self.round)
        return part

    def _set(self, columns: dict[str, NDArray[Any]], current: int) -> None:
        for name, column in columns.items():
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        object.__setattr__(self, "round", current)

    def _refuse_shapes(self, columns: dict[str, NDArray[Any]]) -> None:
        shapes = {name: column.shape for name, column in columns.items()}
        if len(set(shapes.values())) > 1 or len(shapes["keys"]) != 1:
            raise SelectionError(f"columns must be flat and of one length, found {shapes}.", where="Pool")

    def _refuse_values(self) -> None:
        labels = self.labels
        if not are_strictly_sorted(self.keys):
            key = int(self.keys[1:][self.keys[1:] == self.keys[:-1]][0])
            problem, remedy = f"key {key} stands there twice.", "Give every sample once."
        elif bool(np.isnat(self.times).any()):
            problem, remedy = "an event time is missing (NaT).", "Leave such samples out."
        elif labels.dtype.kind in "fcmM" and bool(np.isnan(labels).any()):
            problem, remedy = "a label is missing.", "Only samples whose label is known belong here."
        elif bool(((self.arrived_round < 0) | (self.arrived_round > self.round)).any()):
            problem, remedy = f"arrived_round must lie between 0 and the round, {self.round}.", ""
        elif bool(((self.last_used_round < -1) | (self.last_used_round > self.round)).any()):
            problem, remedy = f"last_used_round must lie between -1 (never) and the round, {self.round}.", ""
        else:
            return
        raise SelectionError(problem, where="Pool", remedy=remedy)
