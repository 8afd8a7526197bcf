"""Calls that make elements ahead or keep them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from headwater.data.fluent.calls import Calls
from headwater.data.operators.cache import Cache
from headwater.data.operators.prefetch import Prefetch
from headwater.data.progress import Report
from headwater.data.saving import save


class Storing(Calls):
    """``prefetch``, ``cache``, ``snapshot``, ``save``."""

    def prefetch(self, count: int = 2) -> Self:
        """Make up to `count` elements ahead, in a thread."""
        return self._then(Prefetch(self.graph.root, count))

    def cache(
        self,
        folder: str | Path | None = None,
        *,
        limit_bytes: int | None = None,
        compression: str | None = None,
    ) -> Self:
        """Keep the elements when they are first made, in memory or in `folder`, and read them from there on.

        What is kept is named by the fingerprint of all before it (data, code, seed): a changed pipeline never
        gets old elements, and many may share one folder. It serves also when only partly filled, by a run that
        was left or killed. Elements and order are those of epoch 0 of the dataset before it, whichever epoch
        fills it: put shuffles that shall differ between epochs behind it.

        In memory it lasts as long as the dataset does. `limit_bytes` bounds what is kept, the rest is made each
        time; `compression` of files is ``"lz4"`` or ``"zstd"``. Arrays that come out are read-only.
        One process at a time writes into a folder; others read what is there and make what is not.
        Raised while running: `StorageFullError`; `DataError` for an element that a file cannot hold.

        >>> from headwater import data
        >>> squares = data.range(3).map(lambda x: x * x).cache()
        >>> list(squares) == list(squares) == [0, 1, 4]
        True
        """
        place = None if folder is None else Path(folder)
        return self._then(Cache(self.graph.root, place, limit_bytes, compression))

    def snapshot(self, folder: str | Path, *, compression: str | None = "zstd") -> Self:
        """Keep the elements in `folder`, compressed: ``cache(folder)`` under the name known from tf.data.

        Both may be kept, copied and shared between jobs; to begin a dataset with what was kept, without that
        which made it, `save` it.
        """
        return self.cache(folder, compression=compression)

    def save(self, folder: str | Path, *, compression: str | None = None, report: Report | None = None) -> Path:
        """Make all elements, in the order of epoch 0, write them into `folder`, and return it for `data.load`.

        Run again after a kill or a full disk, it goes on with the element after the last one written. `report`
        is called with the elements so far and their number; if left out, a bar shows on a terminal.
        Raised: `DataError` if the folder holds anything else, or for an element that a file cannot hold;
        `LockedError` if another process is saving here; `StorageFullError`.
        """
        return save(self.graph, Path(folder), compression=compression, report=report)
