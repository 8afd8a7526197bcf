"""Opening a zoo's folder, and making sure that folder and catalogue belong together.

A catalogue of another zoo would call every file here an orphan, and `collect` would remove them all. So both
carry the same identity, and what does not match is refused.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from headwater.core.clock import Clock
from headwater.core.errors import ZooError
from headwater.core.files import explain_full_disk, write_atomic
from headwater.zoo.blobs import LocalBlobs
from headwater.zoo.catalogue import Catalogue, TurnLostError, sqlite_url
from headwater.zoo.records import Records
from headwater.zoo.store import Store
from headwater.zoo.training_sets import TrainingSets

FORMAT = 1
_NOTE = "zoo.json"
_ATTEMPTS = 5


def open_store(path: Path, url: str | None, *, max_chain: int, create: bool, clock: Clock) -> Store:
    """Return the store in the folder `path`, created if need be."""
    if not (path / _NOTE).exists():
        _check_place(path, create)
    with explain_full_disk(path):
        path.mkdir(parents=True, exist_ok=True)
        blobs, training_sets = LocalBlobs(path / "blobs"), TrainingSets(path / "training_sets")
    catalogue = Catalogue(sqlite_url(path / "catalogue.sqlite") if url is None else url)
    for attempt in range(_ATTEMPTS):
        # Two processes may create one zoo at once. SQLite makes them wait; in PostgreSQL one of them fails.
        last = nullcontext() if attempt + 1 == _ATTEMPTS else suppress(TurnLostError)
        with last, _closed_on_error(catalogue):
            catalogue.create()
            with catalogue.writing() as records:
                _identify(path, records, is_empty=not any(blobs.list()))
            break
    return Store(path, catalogue, blobs, training_sets, max_chain, clock)


@contextmanager
def _closed_on_error(catalogue: Catalogue) -> Iterator[None]:
    try:
        yield
    except BaseException:
        catalogue.close()
        raise


def _check_place(path: Path, create: bool) -> None:
    if not create:
        raise ZooError(
            "there is no zoo here.", where=str(path), remedy="Check the path, or create it with zoo.open."
        )
    if path.exists() and not path.is_dir():
        raise ZooError("this is a file, a zoo is a folder.", where=str(path), remedy="Give another path.")
    if path.is_dir() and any(entry.name not in _OURS for entry in path.iterdir()):
        raise ZooError(
            "this folder holds other things.", where=str(path), remedy="Give a new or an empty folder."
        )


# Other processes may be creating the same zoo at this moment, or a killed one has begun to.
_OURS = {"blobs", "training_sets", "catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"}
_OURS |= {"catalogue.sqlite-journal", _NOTE}


def _identify(path: Path, records: Records, *, is_empty: bool) -> None:
    note = path / _NOTE
    in_folder = json.loads(note.read_text()) if note.exists() else None
    in_catalogue = records.identity()
    if in_catalogue is None and (in_folder is None or is_empty):
        identity = in_folder["identity"] if in_folder else secrets.token_hex(16)
        # The row first: whoever comes second fails on it before overwriting the note of the first.
        records.identify(FORMAT, identity)
        write_atomic(note, json.dumps({"format": FORMAT, "identity": identity}).encode())
        return
    if in_folder is None or in_catalogue is None or in_folder["identity"] != in_catalogue[1]:
        raise ZooError(
            "the folder and the catalogue are of two different zoos.",
            where=str(path),
            remedy="Open it with the catalogue it was created with (a database keeps one zoo), "
            "or restore the catalogue from a copy.",
        )
    if in_catalogue[0] != FORMAT:
        raise ZooError(
            f"it was written in format {in_catalogue[0]}, this version reads {FORMAT}.",
            where=str(path),
            remedy="Use the version of headwater that wrote it.",
        )
