"""Where a store lies and what its parts share: folder, schema, catalogue, blobs, checks made, the lock."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy import URL, make_url

from headwater.core.clock import Clock
from headwater.core.errors import CorruptError, SamplesError
from headwater.core.files import exclusive, explain_full_disk, write_atomic
from headwater.samples.arena import Arena
from headwater.samples.blobs import Blobs, LocalBlobs
from headwater.samples.catalogue import Catalogue, Change
from headwater.samples.catalogue.engine import url_of
from headwater.samples.schema import Schema
from headwater.samples.segment import SegmentRecord, Verified

_FORMAT = "headwater.samples/1"


@dataclass
class Place:
    """One store as this process sees it."""

    path: Path
    store: str
    schema: Schema
    catalogue: Catalogue
    blobs: Blobs
    segment_bytes: int
    clock: Clock
    _verified: dict[int, Verified] = field(default_factory=dict)
    _swept: bool = False

    def now_us(self) -> int:
        """Microseconds since 1970, from the clock."""
        return round(self.clock.now() * 1e6)

    def now(self) -> np.datetime64:
        """The clock's time as the store writes it."""
        return np.datetime64(self.now_us(), "us")

    def arena(self, records: Sequence[SegmentRecord], *, lenient: bool = False) -> Arena:
        """Map `records`. Raised, unless `lenient`: `FileNotFoundError` where one is gone, as when compacted."""
        return Arena(records, schema=self.schema, blobs=self.blobs, verified=self._verified_of, lenient=lenient)

    def _verified_of(self, record: SegmentRecord) -> Verified:
        return self._verified.setdefault(
            record.number, Verified.nothing(record, width=self.schema.row_dtype.itemsize)
        )

    @contextlib.contextmanager
    def writing(self, doing: str) -> Iterator[None]:
        """Hold the only right to write; sweep what a dead writer left. Raised: `LockedError` at once."""
        with explain_full_disk(self.path), exclusive(self.path / ".lock", doing=doing), self.catalogue.writer():
            if not self._swept:
                self.sweep()
                self._swept = True
            yield

    def commit(self, change: Change) -> int:
        """Make `change` the next version.

        When this raises, its segments stay where they are: a broken connection does not tell whether the
        commit was made. The next writer asks the catalogue and sweeps them if it was not.
        """
        self._swept = False
        version = self.catalogue.commit(change)
        self._swept = True
        return version

    def sweep(self) -> None:
        """Delete the files that no committed segment names; only the writer may."""
        named = {name for record in self.catalogue.state().segments for name in record.names}
        for name in list(self.blobs.names()):
            if name not in named:
                self.blobs.delete(name)


def make_place(path: Path, schema: Schema, *, catalogue: str | None, segment_bytes: int, clock: Clock) -> Place:
    """Make the folder and the catalogue's rows; ``store.json`` comes last and makes it a store."""
    if (path / "store.json").exists():
        raise SamplesError(
            "there is a store already.",
            where=str(path),
            remedy="Use samples.open(); the commands that read and ingest do that by themselves.",
        )
    return _make(path, schema, None if catalogue is None else url_of(catalogue), segment_bytes, clock)


def renew_place(old: Place, schema: Schema) -> Place:
    """Make a store anew with another schema. Raised: `SamplesError` if anything was ever ingested into it."""
    with old.writing("renew"):
        if old.catalogue.state().horizon:
            raise SamplesError(
                "the store has another schema than this one, and holds samples by it.",
                where=str(old.path),
                remedy="Leave the schema out to go on with the store's own, or name a new store.",
            )
        # A new identity: a process that still has the old schema then writes into a store that nobody opens.
        inside = old.catalogue.url.get_backend_name() == "sqlite"
        return _make(old.path, schema, None if inside else old.catalogue.url, old.segment_bytes, old.clock)


def _make(path: Path, schema: Schema, url: URL | None, segment_bytes: int, clock: Clock) -> Place:
    store = uuid.uuid4().hex
    try:
        (path / "segments").mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _is_a_file(path) from None
    place = _place(path, store, schema, url, segment_bytes, clock)
    with explain_full_disk(path):
        place.catalogue.create(schema.to_json(), created_us=place.now_us())
        described = {
            "format": _FORMAT,
            "store": store,
            # The password stays out of the file: it comes with catalogue=, PGPASSWORD or ~/.pgpass.
            "catalogue": None if url is None else url.set(password=None).render_as_string(),
            "segment_bytes": segment_bytes,
        }
        write_atomic(path / "store.json", json.dumps(described, indent=2).encode())
    return place


def open_place(path: Path, *, catalogue: str | None, clock: Clock) -> Place:
    """Open a store. Raised: `SamplesError` if there is none, `CorruptError` if its description is damaged."""
    try:
        described = json.loads((path / "store.json").read_text())
        form, store, segment_bytes = (described[name] for name in ("format", "store", "segment_bytes"))
    except FileNotFoundError:
        raise SamplesError(
            "there is no store here.",
            where=str(path),
            remedy="Make one: samples.create(path, schema), or `headwater samples create STORE --schema FILE`.",
        ) from None
    except NotADirectoryError:
        raise _is_a_file(path) from None
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptError(
            f"not a store's description ({error!r}).",
            where=str(path / "store.json"),
            remedy="Restore this file from a copy; the samples themselves are untouched.",
        ) from error
    if form != _FORMAT:
        raise SamplesError(f"the store has format {form!r}, this version reads {_FORMAT!r}.", where=str(path))
    text = catalogue or described["catalogue"]
    # The schema is read from the catalogue, so a first place without it asks for it.
    url = None if text is None else url_of(text)
    found = _catalogue(path, store, url)
    if url is None and not (path / "catalogue.sqlite").exists():
        raise CorruptError(
            "the catalogue is missing.", where=str(path / "catalogue.sqlite"), remedy="Restore it from a copy."
        )
    return _place(path, store, Schema.from_json(found.schema()), url, segment_bytes, clock)


def _is_a_file(path: Path) -> SamplesError:
    return SamplesError(
        "this is a file, and a store is a folder.",
        where=str(path),
        remedy="Ingest it into a store: `headwater samples ingest STORE FILE`, the store first.",
    )


def _catalogue(path: Path, store: str, url: URL | None) -> Catalogue:
    return Catalogue(url or make_url(f"sqlite:///{path / 'catalogue.sqlite'}"), store, str(path))


def _place(path: Path, store: str, schema: Schema, url: URL | None, segment_bytes: int, clock: Clock) -> Place:
    blobs = LocalBlobs(path / "segments")
    return Place(path, store, schema, _catalogue(path, store, url), blobs, segment_bytes, clock)
