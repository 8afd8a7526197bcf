"""Rows of packed tokens, as they come out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Columns, Positions


def packed(tokens: NDArray[Any], segment_ids: Any, positions: Any, origins: Positions) -> Columns:
    """Rows of tokens; which sequence of the row each token is of, from 1, and its place in it, from 0.

    Where there is none, segment and place are 0. `origins` says where the first sequence of each row is from.
    """
    return Columns({"tokens": tokens, "segment_ids": segment_ids, "positions": positions}, origins)


def segments(num_tokens: int, starts: NDArray[np.int64], length: int) -> tuple[Any, Any]:
    """Segment and place of each of `num_tokens` that lie one after the other in rows of `length`.

    Sequences begin at `starts`; what goes on in the next row is a sequence of that row.

    >>> segments(6, np.array([0, 2]), 3)
    (array([1, 1, 2, 1, 1, 1], dtype=int32), array([0, 1, 0, 0, 1, 2], dtype=int32))
    """
    begins = np.zeros(num_tokens, np.bool_)
    begins[starts] = True
    begins[::length] = True
    cuts = np.flatnonzero(begins)
    sizes = np.diff(cuts, append=num_tokens)
    first = np.searchsorted(cuts, cuts - cuts % length)  # the segment that begins each one's row
    numbers = (np.arange(len(cuts)) - first + 1).astype(np.int32)
    places = np.resize(np.arange(length, dtype=np.int32), num_tokens)
    return np.repeat(numbers, sizes), places - np.repeat((cuts % length).astype(np.int32), sizes)
