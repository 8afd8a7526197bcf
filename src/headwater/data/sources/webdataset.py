"""WebDataset tar files on disk: indexed once, then any sample is read by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.spec import Column
from headwater.data.block import Positions
from headwater.data.origin import described, origin
from headwater.data.sources.blobs import OPEN, Numbers, OpenFile, read_blobs
from headwater.data.sources.file import File, corrupt, gone
from headwater.data.sources.indexed import Indexed
from headwater.data.sources.members import decoded
from headwater.data.sources.tar import check_members, index

KEY = "__key__"


@dataclass(frozen=True, eq=False)
class WebDataset(Indexed):
    """The samples of `files`: their key, and `members` as bytes, or as values where `decode` knows the ending.

    With `complete`, a sample with other members is an error; else what it lacks is null.
    """

    operator: ClassVar[str] = "from_webdataset"
    files: tuple[File, ...]
    members: tuple[str, ...]
    complete: bool = True
    decode: bool = False

    @property
    def num_rows(self) -> int:
        """All samples of all files."""
        return len(self._table.keys)

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Read the members of the samples at `positions`, each once."""
        files = self._open(positions)
        columns = {name: self._read(name, positions, files) for name in self.members}
        return {KEY: self._table.keys.take(positions), **columns}

    def origins(self, positions: Positions) -> Positions:
        """The tar file, and the sample's number in it."""
        table = self._table
        shards = table.shard_of(positions)
        found: Positions = table.origins[shards] + (positions - table.first[shards])
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Names, sizes and ends of the files, and the parameters."""
        files = [[file.path.name, file.size_bytes, file.ends] for file in self.files]
        return {"files": files, "members": self.members, "decode": self.decode}

    @property
    def label(self) -> str:
        """The first file and how many there are."""
        more = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return f"{self.operator}({self.files[0].path}{more})"

    @cached_property
    def _checked(self) -> set[int]:
        return set()

    @cached_property
    def _table(self) -> Table:
        return Table.of(self)

    def _open(self, positions: Positions) -> list[OpenFile]:
        """The open file of each position; what is no longer the file that was indexed is refused."""
        found: dict[int, OpenFile] = {}
        shards = self._table.shard_of(positions).tolist()
        for shard in dict.fromkeys(shards):
            file = self.files[shard]
            if shard not in self._checked:
                file.check()
                self._checked.add(shard)
            try:
                found[shard] = OPEN.get(file.path, file.modified_ns)
            except FileNotFoundError:
                raise gone(file.path) from None
        return [found[shard] for shard in shards]

    def _read(self, name: str, positions: Positions, files: list[OpenFile]) -> Column:
        starts, sizes = self._table.starts[name][positions], self._table.sizes[name][positions]

        def where(at: int) -> str:
            row = described(int(self.origins(positions[at : at + 1])[0]))
            return f"{row}, member `{self._table.keys[int(positions[at])].as_py()}.{name}`"

        def torn(at: int) -> Exception:
            place, _, member = where(at).rpartition(", member ")
            return corrupt(Path(place), f"the file ends before its member {member} does")

        column = read_blobs(files, starts, sizes, torn=torn)
        return decoded(column, name, where) if self.decode else column


@dataclass(frozen=True, eq=False)
class Table:
    """The indexes of all files behind one another."""

    keys: Any
    starts: dict[str, Numbers]
    sizes: dict[str, Numbers]
    first: Numbers
    origins: Numbers

    @staticmethod
    def of(node: WebDataset) -> Table:
        """Look through the files, and check the samples if they must be complete."""
        import pyarrow as pa

        found = [index(file) for file in node.files]
        counts = [len(part.keys) for part in found]
        starts, sizes = dict[str, Numbers](), dict[str, Numbers]()
        for name in node.members:
            absent = [np.full(count, -1, np.int64) for count in counts]
            starts[name] = np.concatenate([part.starts.get(name, a) for part, a in zip(found, absent)])
            sizes[name] = np.concatenate([part.sizes.get(name, a) for part, a in zip(found, absent)])
        if node.complete:
            for file, part in zip(node.files, found):
                _check(file, part, node.members)
        keys = pa.array([key for part in found for key in part.keys], pa.string())
        first = np.cumsum([0, *counts[:-1]], dtype=np.int64)
        origins = np.array([origin(str(file.path)) for file in node.files], np.int64)
        return Table(keys, starts, sizes, first, origins)

    def shard_of(self, positions: Positions) -> Any:
        """The number of the file in which each sample lies."""
        return np.searchsorted(self.first, positions, side="right") - 1


def _check(file: File, part: Any, members: tuple[str, ...]) -> None:
    """Find the first sample with other members than those wanted."""
    has = {name: sizes >= 0 for name, sizes in part.sizes.items()}
    lacking = [~has.get(name, np.zeros(len(part.keys), bool)) for name in members]
    other = [found for name, found in has.items() if name not in members]
    wrong = np.flatnonzero(np.any([*lacking, *other], axis=0)) if part.keys else np.empty(0, int)
    if len(wrong):
        at = int(wrong[0])
        check_members(file.path, part.keys[at], [name for name, found in has.items() if found[at]], members)
