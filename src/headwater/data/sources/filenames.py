"""The paths of files as elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from headwater.core.spec import Column
from headwater.data.block import BARE, Positions, take
from headwater.data.sources.file import File
from headwater.data.sources.indexed import Indexed


@dataclass(frozen=True, eq=False)
class FileNames(Indexed):
    """One path, as text, for each file."""

    operator: ClassVar[str] = "from_files"
    files: tuple[File, ...] = field(repr=False)

    @property
    def num_rows(self) -> int:
        """How many files."""
        return len(self.files)

    @cached_property
    def _paths(self) -> Any:
        import pyarrow as pa

        return pa.array([str(file.path) for file in self.files], pa.string())

    def gather(self, positions: Positions) -> dict[str, Column]:
        """The paths at `positions`."""
        return {BARE: take(self._paths, positions)}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The paths, for they are the elements; what the files hold is read by others."""
        return {"paths": [str(file.path) for file in self.files]}

    @property
    def label(self) -> str:
        """The first path and how many there are."""
        more = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return f"from_files({self.files[0].path}{more})"
