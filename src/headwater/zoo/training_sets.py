"""Training sets, kept for ever under their digests: what a model was trained on outlives the samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from headwater.core.errors import CorruptError
from headwater.core.key import Keys
from headwater.core.selection import Selection
from headwater.zoo.records import TrainingSet


class TrainingSets:
    """Selections as Arrow files in a folder; a key is looked up without reading the file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Return the file of a training set."""
        return self.folder / f"{digest}.arrow"

    def put(self, selection: Selection) -> TrainingSet:
        """Keep a selection, unless it is here, and return what the catalogue wants to know of it."""
        if not self.path(selection.digest).exists():
            selection.save(self.path(selection.digest))
        ends = (int(selection.keys[0]), int(selection.keys[-1])) if len(selection) else (None, None)
        return TrainingSet(selection.digest, len(selection), *ends)

    def load(self, digest: str) -> Selection:
        """Return a selection, checked against its digest."""
        path = self.path(digest)
        if not path.exists():
            raise CorruptError("this training set is missing.", where=str(path), remedy=_REMEDY)
        selection = Selection.load(path)
        if selection.digest != digest:
            raise CorruptError(f"it holds the selection {selection.digest}.", where=str(path), remedy=_REMEDY)
        return selection

    def holds(self, known: TrainingSet, key: int) -> bool:
        """Return whether `key` is in a training set: a binary search in the mapped file.

        Reads a few pages of the file, so it cannot check its digest: `Zoo.verify` does.
        """
        keys = self._map(known)
        at = int(np.searchsorted(keys, key))
        return at < keys.size and int(keys[at]) == key

    def list(self) -> Iterator[str]:
        """The digests of all files."""
        return (path.stem for path in sorted(self.folder.glob("*.arrow")))

    def delete(self, digest: str) -> int:
        """Remove a file that no variant refers to; the bytes freed."""
        size_bytes = self.path(digest).stat().st_size
        self.path(digest).unlink()
        return size_bytes

    def sweep(self) -> int:
        """Remove what a killed writer left half-written; call it while nobody writes."""
        left = sorted(self.folder.glob(".*.tmp"))
        size_bytes = sum(path.stat().st_size for path in left)
        for path in left:
            path.unlink()
        return size_bytes

    def _map(self, known: TrainingSet) -> Keys:
        import pyarrow as pa

        path = self.path(known.digest)
        try:
            with pa.memory_map(str(path)) as file:
                column = pa.ipc.open_file(file).read_all()["key"]
            keys: Keys = (column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()).to_numpy()
        except (OSError, pa.ArrowInvalid, KeyError, IndexError) as error:
            raise CorruptError(
                f"this training set cannot be read ({error}).", where=str(path), remedy=_REMEDY
            ) from error
        if keys.size != known.num_keys:
            raise CorruptError(
                f"this training set has {keys.size} keys instead of {known.num_keys}.",
                where=str(path),
                remedy=_REMEDY,
            )
        return keys


_REMEDY = "Restore the file from a copy: which models saw a key cannot be told without it. The models are fine."
