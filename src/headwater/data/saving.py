"""Write all elements of a dataset into a folder; what is there already is not made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headwater.core.errors import DataError, LockedError
from headwater.data.graph import Graph
from headwater.data.operators.cache import Cache
from headwater.data.progress import Report, watched
from headwater.data.run import Run
from headwater.data.store.folder import Folder, read_about


def save(graph: Graph, folder: Path, *, compression: str | None, report: Report | None) -> Path:
    """Run the whole graph over a cache in `folder` itself."""
    _check(graph, folder)
    node = Cache(graph.root, folder, compression=compression, keyed=False)
    place = node.place(graph.seed)
    if not place.acquire():
        raise _busy(folder)
    place.close()
    with Run(replace(graph, root=node)) as run:
        for _ in watched(run, total=graph.root.cardinality, name=f"save {folder}", report=report):
            pass
    if Folder(folder).end is None:  # another came between and writes: then this run kept nothing
        raise _busy(folder)
    return folder


def _check(graph: Graph, folder: Path) -> None:
    if graph.root.cardinality == float("inf"):
        raise DataError(
            "an endless dataset cannot be saved.",
            where=f".save({str(folder)!r})",
            remedy="Cut it with .take(n).",
        )
    if folder.exists() and not folder.is_dir():
        raise DataError("this is a file.", where=str(folder), remedy="Name a folder to save into.")
    about = read_about(folder)
    if about is None and folder.is_dir() and any(path.name != "lock" for path in folder.iterdir()):
        raise DataError(
            "the folder holds other files.", where=str(folder), remedy="Save into a new or an empty folder."
        )
    if about is not None and about["key"] != graph.fingerprint:
        raise DataError(
            "the folder holds another dataset: of other data, code or seed.",
            where=str(folder),
            remedy="Save into another folder, or delete this one.",
        )


def _busy(folder: Path) -> LockedError:
    return LockedError(
        "another process is saving here.",
        where=str(folder),
        remedy="Wait for it, or read along: data.load(folder, wait=True).",
    )
