"""The same elements with arrays that cannot be written: what is kept must stay what it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from headwater.data.block import Block, Columns, Items


def frozen(block: Block) -> Block:
    """The block with read-only views of its arrays, and dicts and lists of its own.

    >>> block = frozen(Columns({"x": np.zeros(2)}, np.arange(2)))
    >>> block.columns["x"].flags.writeable
    False
    """
    if isinstance(block, Columns):
        columns = {name: _frozen(column) for name, column in block.columns.items()}
        return Columns(columns, block.positions)
    return Items([_frozen(value) for value in block.values], block.positions)


def _frozen(value: Any) -> Any:
    kind = type(value)
    if kind is np.ndarray:
        view = value.view()
        view.flags.writeable = False
        return view
    if kind is dict:
        return {name: _frozen(part) for name, part in value.items()}
    if kind is list:
        return [_frozen(part) for part in value]
    return tuple(map(_frozen, value)) if kind is tuple else value
