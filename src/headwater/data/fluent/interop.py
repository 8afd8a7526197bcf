"""Calls that hand the elements to another library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from headwater.core.errors import DataError
from headwater.data.fluent.calls import Calls
from headwater.data.handing import NumpyArrays
from headwater.data.record_batches import reader_of

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.data.jax import JaxArrays


class Interop(Calls):
    """``to_numpy``, ``to_jax``, ``to_arrow`` and their kin."""

    def to_numpy(self, *, columns: Iterable[str] | None = None) -> NumpyArrays:
        """The same elements with numpy alone: texts and nested values become arrays of Python objects.

        Numbers are numpy in any dataset, and every array speaks DLPack: ``torch.from_dlpack(batch["x"])``.
        """
        return NumpyArrays(self, columns=columns)  # type: ignore[arg-type]  # Dataset is the one class of calls

    def to_jax(self, *, columns: Iterable[str] | None = None, device: Any = None) -> JaxArrays:
        """The same elements as JAX arrays, on `device` (a device or a sharding) or JAX's default.

        Raised: `DataError` where JAX is not installed.
        """
        from headwater.data.jax import JaxArrays

        return JaxArrays(self, columns=columns, device=device)  # type: ignore[arg-type]

    def to_arrow(self) -> pa.Table:
        """All rows (of batches, the rows in them) as one Arrow table; plain values as the column ``value``.

        >>> from headwater import data
        >>> data.range(3).to_arrow()["value"].to_pylist()
        [0, 1, 2]
        """
        return reader_of(self.graph, where=".to_arrow()").read_all()

    def to_reader(self) -> pa.RecordBatchReader:
        """The same as a stream, for tables that do not fit into memory: DuckDB, Polars, Parquet writers."""
        return reader_of(self.graph, where=".to_reader()")

    def to_pandas(self) -> Any:
        """All rows as a data frame. Raised: `DataError` where pandas is not installed."""
        table = reader_of(self.graph, where=".to_pandas()").read_all()
        try:
            return table.to_pandas()
        except ImportError as error:
            raise DataError(
                "pandas is not installed.", where=".to_pandas()", remedy="pip install pandas"
            ) from error

    def to_datasets(self) -> Any:
        """All rows as a `datasets.Dataset` of Hugging Face; `data.from_datasets` is the way back.

        Raised: `DataError` where that library is not installed.
        """
        from headwater.data.datasets import as_hugging_face

        return as_hugging_face(reader_of(self.graph, where=".to_datasets()").read_all())
