"""Datasets of what another dataset saved."""

from __future__ import annotations

from pathlib import Path

from headwater.core.errors import DataError
from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.saved import Growing, Saved
from headwater.data.store.folder import Folder, read_about


@member
def load(folder: str | Path, *, wait: bool = False, timeout_s: float = 60.0) -> Dataset:
    """The elements that ``dataset.save(folder)`` wrote, without what made them. Random access.

    Types are exactly those that were saved; arrays are read-only views of the files. Also reads the folder of
    one dataset below a cache's. With `wait` it gives, in order and without random access, what is there and
    then what is still being written, and gives up when nobody has written for `timeout_s`.
    Raised: `DataError` if nothing, or not everything, was saved there; `SavedError` for a damaged file.

    >>> import tempfile
    >>> from headwater import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     list(data.load(data.range(4).batch(2).save(folder)).unbatch())
    [0, 1, 2, 3]
    """
    path = Path(folder)
    about = read_about(path)
    if about is None:
        raise DataError(
            "no dataset was saved here.",
            where=f"data.load({str(path)!r})",
            remedy="Write one: dataset.save(folder).",
        )
    if wait:
        return begin(Growing(path, about["key"], about["depth"], timeout_s))
    count = Folder(path).end
    if count is None:
        raise DataError(
            "the dataset was not saved to its end.",
            where=f"data.load({str(path)!r})",
            remedy="Run the save again, it goes on where it stopped; or read along with wait=True.",
        )
    return begin(Saved(path, about["key"], count, about["depth"]))
