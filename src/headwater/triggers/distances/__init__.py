"""Distances between two samples of vectors; larger is further apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from headwater.triggers.distances.hellinger import hellinger
from headwater.triggers.distances.ks import ks
from headwater.triggers.distances.mmd import mmd

Distance = Callable[[NDArray[Any], NDArray[Any]], float]

DISTANCES: dict[str, Distance] = {"hellinger": hellinger, "ks": ks, "mmd": mmd}

__all__ = ["DISTANCES", "Distance", "hellinger", "ks", "mmd"]
