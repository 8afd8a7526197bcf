"""Datasets of Hugging Face's library: a `Dataset` by row, an `IterableDataset` as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.block import Positions
from headwater.data.function import Function
from headwater.data.graph import Node
from headwater.data.sources.generator import FromGenerator
from headwater.data.sources.indexed import Indexed

_WHERE = "data.from_datasets"


@dataclass(frozen=True, eq=False)
class ArrowDataset(Indexed):
    """The rows of a `datasets.Dataset` as they are stored, through its selection and order."""

    operator: ClassVar[str] = "from_datasets"
    dataset: Any = field(repr=False)

    @cached_property
    def num_rows(self) -> int:
        """Its length."""
        return len(self.dataset)

    @cached_property
    def _rows(self) -> Any:
        return self.dataset.with_format("arrow")

    def gather(self, positions: Positions) -> dict[str, Column]:
        """A slice or a selection of the table."""
        start, stop = int(positions[0]), int(positions[-1]) + 1
        adjacent = stop - start == len(positions) and bool((np.diff(positions) == 1).all())
        table = self._rows[start:stop] if adjacent else self._rows[positions.tolist()]
        return columns_of(table, where=_WHERE, first_row=start)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The fingerprint that the library keeps for its own caches."""
        return {"fingerprint": self.dataset._fingerprint, "rows": self.num_rows}

    @property
    def label(self) -> str:
        """The columns and how many rows."""
        return f"from_datasets({', '.join(self.dataset.column_names)}; {self.num_rows:,} rows)"


class _Examples:
    """The examples of an `IterableDataset`, from the first."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __call__(self) -> Iterator[Any]:
        return iter(self._dataset)


@dataclass(frozen=True, eq=False)
class StreamedDataset(FromGenerator):
    """The examples of a `datasets.IterableDataset`; a state is reached by passing over those before it."""

    operator: ClassVar[str] = "from_datasets"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Nothing: what a stream will bring cannot be known beforehand."""
        return {}

    @property
    def label(self) -> str:
        """Just that it is a stream."""
        return "from_datasets(stream)"


def as_datasets(dataset: Any) -> Node:
    """The node for a dataset of the library, or an error that says what was passed instead."""
    try:
        import datasets
    except ImportError:
        raise DataError(
            "the library `datasets` is not installed.", where=_WHERE, remedy="pip install 'headwater[data]'"
        ) from None
    if isinstance(dataset, datasets.Dataset):
        return ArrowDataset(dataset)
    if isinstance(dataset, datasets.IterableDataset):
        return StreamedDataset(Function(_Examples(dataset)))
    if isinstance(dataset, datasets.DatasetDict | datasets.IterableDatasetDict):
        raise DataError(
            f"this is a dict of the splits {list(dataset)}.", where=_WHERE, remedy="Pass one: dataset['train']."
        )
    raise DataError(
        f"a {type(dataset).__name__} is no dataset of the library `datasets`.",
        where=_WHERE,
        remedy="Pass a datasets.Dataset or IterableDataset.",
    )
