"""Records of one length in memory-mapped files, with random access."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Positions
from headwater.data.origin import origin
from headwater.data.sources.file import File, corrupt
from headwater.data.sources.indexed import Indexed

# Far below the usual limit of 1,024 open files to a process.
_MOST_MAPPED = 256


@dataclass(frozen=True, eq=False)
class FixedLength(Indexed):
    """What `layout` makes of each record; bytes if it is a void of so many."""

    operator: ClassVar[str] = "from_fixed_length"
    files: tuple[File, ...]
    layout: np.dtype[Any]
    header_bytes: int = 0
    footer_bytes: int = 0

    def __post_init__(self) -> None:
        for name in ("header_bytes", "footer_bytes"):
            if getattr(self, name) < 0:
                raise DataError(
                    f"{name}={getattr(self, name)} is negative.",
                    where="data.from_fixed_length",
                    remedy="0 if there is none.",
                )
        for file in self.files:
            self._check_size(file)

    @property
    def num_rows(self) -> int:
        """As many records as fit into the files."""
        return int(self._bounds[-1])

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Neighbours in one file come as views of the mapping, everything else is copied."""
        numbers = np.searchsorted(self._bounds, positions, side="right") - 1
        if numbers[0] == numbers[-1] and bool((numbers == numbers[0]).all()):
            return self._columns(self._picked(int(numbers[0]), positions))
        records = np.empty(len(positions), self.layout)
        for number in np.unique(numbers):
            chosen = numbers == number
            records[chosen] = self._picked(int(number), positions[chosen])
        return self._columns(records)

    def origins(self, positions: Positions) -> Positions:
        """The file and the record in it."""
        numbers = np.searchsorted(self._bounds, positions, side="right") - 1
        found: Positions = positions - self._bounds[numbers] + self._origins[numbers]
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Names, sizes and a digest of the files' ends, and the layout."""
        files = [[file.path.name, file.size_bytes, file.ends] for file in self.files]
        layout = self.layout.descr if self.layout.names else [self.layout.base.str, list(self.layout.shape)]
        return {"files": files, "layout": repr(layout), "around": [self.header_bytes, self.footer_bytes]}

    @property
    def label(self) -> str:
        """The first file and how many there are."""
        more = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return f"from_fixed_length({self.files[0].path}{more})"

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        sizes = [file.size_bytes - self.header_bytes - self.footer_bytes for file in self.files]
        return np.cumsum([0, *(size // self.layout.itemsize for size in sizes)], dtype=np.int64)

    @cached_property
    def _origins(self) -> NDArray[np.int64]:
        return np.array([origin(str(file.path)) for file in self.files], np.int64)

    @cached_property
    def _mapped(self) -> dict[int, NDArray[Any]]:
        return {}  # filled as files are first read: many files are not all mapped for a few rows

    def _picked(self, number: int, positions: Positions) -> NDArray[Any]:
        self.files[number].check()  # reading a mapping of what was cut off would end the process
        records = self._mapped.get(number)
        if records is None:
            if len(self._mapped) >= _MOST_MAPPED:  # a mapping holds its file open; rows in use keep theirs
                del self._mapped[next(iter(self._mapped))]
            records = self._mapped[number] = self._map(number)
        at = positions - self._bounds[number]
        if len(at) == at[-1] - at[0] + 1 and bool((np.diff(at) == 1).all()):
            return records[at[0] : at[-1] + 1]
        picked: NDArray[Any] = records[at]
        return picked

    def _map(self, number: int) -> NDArray[Any]:
        file = self.files[number]
        count = int(self._bounds[number + 1] - self._bounds[number])
        content = np.memmap(file.path, np.uint8, "r", self.header_bytes, (count * self.layout.itemsize,))
        # A plain view: memmap's own class would travel on into every slice.
        return np.asarray(content).view(self.layout.base).reshape(count, *self.layout.shape)

    def _columns(self, records: NDArray[Any]) -> dict[str, Column]:
        if self.layout.names:
            return {name: _native(records[name]) for name in self.layout.names}
        return {
            BARE: _as_bytes(records) if self.layout.kind == "V" and not self.layout.shape else _native(records)
        }

    def _check_size(self, file: File) -> None:
        size_bytes = file.size_bytes - self.header_bytes - self.footer_bytes
        if size_bytes < 0 or size_bytes % self.layout.itemsize:
            raise corrupt(
                file.path,
                f"{file.size_bytes:,} bytes are no whole number of records of {self.layout.itemsize:,} bytes"
                f" between a header of {self.header_bytes:,} and a footer of {self.footer_bytes:,}",
            )


def check_layout(record_bytes: int | None, dtype: Any, *, where: str) -> np.dtype[Any]:
    """Return the layout of a record as a numpy dtype, or say why there is none."""
    try:
        layout = np.dtype((np.void, int(record_bytes or 0))) if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"dtype={dtype!r} is no numpy dtype: {error}.", where=where, remedy="Write one such as 'float32'."
        ) from error
    if layout.itemsize < 1 or layout.hasobject:
        raise DataError(
            "a record has no length.",
            where=where,
            remedy="Pass record_bytes=..., at least 1, or a numpy dtype.",
        )
    if dtype is not None and record_bytes not in (None, layout.itemsize):
        raise DataError(
            f"record_bytes={record_bytes}, but a record of {layout} has {layout.itemsize} bytes.",
            where=where,
            remedy="Leave record_bytes out, or fill the dtype up.",
        )
    return layout


def _native(column: NDArray[Any]) -> NDArray[Any]:
    """Values next to each other and in this machine's byte order, as everything after it wants them."""
    return np.ascontiguousarray(column, column.dtype.newbyteorder("="))


def _as_bytes(records: NDArray[Any]) -> Any:
    """Arrow's bytes of one length over the same memory."""
    import pyarrow as pa

    width = records.dtype.itemsize
    content = pa.py_buffer(np.ascontiguousarray(records).view(np.uint8))
    return pa.Array.from_buffers(pa.binary(width), len(records), [None, content])
