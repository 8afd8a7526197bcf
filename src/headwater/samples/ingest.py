"""Write the parts of an input into segments and commit each part as one version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from headwater.core.key import Keys
from headwater.samples.catalogue import Change, KnownFile, State
from headwater.samples.incoming import Batch, Part
from headwater.samples.pack import Packed, Packer
from headwater.samples.place import Place
from headwater.samples.progress import Progress, Report
from headwater.samples.rejects import Rejects
from headwater.samples.schema import Rows
from headwater.samples.sealing import SegmentWriter
from headwater.samples.segment import SegmentRecord


@dataclass(frozen=True)
class Ingested:
    """What an ingest did.

    `keys` are those of all rows of the input in their order, the ones known before included. `rejects` is the
    file that bad rows were written to, if there were any, and `version` the one that shows the rows.
    """

    keys: Keys
    num_new: int
    num_known: int
    num_rejected: int
    rejects: Path | None
    version: int

    @staticmethod
    def join(parts: Sequence[Ingested], *, version: int) -> Ingested:
        """Return several ingests as one; without any, nothing happened at `version`."""
        return Ingested(
            keys=np.concatenate([np.empty(0, np.int64), *(part.keys for part in parts)]),
            num_new=sum(part.num_new for part in parts),
            num_known=sum(part.num_known for part in parts),
            num_rejected=sum(part.num_rejected for part in parts),
            rejects=next((part.rejects for part in reversed(parts) if part.rejects), None),
            version=max([version, *(part.version for part in parts)]),
        )


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a row must fulfil, and how many may fail."""

    columns: Mapping[str, str | Sequence[str]]
    latest: np.datetime64
    max_rejects: int


def ingest_part(place: Place, part: Part, *, rules: Rules, report: Report) -> Ingested:
    """Ingest one part, unless its digest is known: then its keys of the first time are returned.

    Raised: `SamplesError` on more bad rows than allowed, after which nothing of the part is there.
    """
    state = place.catalogue.state()
    if part.digest is not None and (known := place.catalogue.known([part.digest])):
        return _as_before(known[part.digest], state.version)
    writing = _Writing(place, part, rules, state)
    try:
        for batch in part.batches:
            writing.add(batch)
            report(Progress(part.name, writing.num_read, part.num_rows))
        return writing.commit()
    except BaseException:
        writing.discard()
        raise


def _as_before(known: KnownFile, version: int) -> Ingested:
    keys = np.arange(known.first_key, known.first_key + known.num_rows)
    return Ingested(keys, 0, known.num_rows, known.num_rejected, None, version)


@dataclass
class _Writing:
    """One part on its way into segments that nobody sees yet."""

    place: Place
    part: Part
    rules: Rules
    state: State
    num_read: int = 0
    num_new: int = 0
    num_known: int = 0
    keys: list[Keys] = field(default_factory=list)
    sealed: list[SegmentRecord] = field(default_factory=list)
    files: dict[str, KnownFile] = field(default_factory=dict)
    writer: SegmentWriter | None = None

    def __post_init__(self) -> None:
        self.now = self.place.now()
        self.packer = Packer(self.place.schema, self.part.name, self.rules.columns, self.rules.latest)
        rejects = self.place.path / "rejects" / f"{_file_name(self.part)}.jsonl"
        self.rejects = Rejects(self.part.name, rejects, self.rules.max_rejects)
        self.content = None if self.part.digest else hashlib.blake2b(digest_size=16)

    @property
    def next_key(self) -> int:
        return self.state.horizon + self.num_new

    def add(self, batch: Batch) -> None:
        self.num_read += batch.num_rows + len(batch.rejects)
        if batch.digests is not None:
            self._add_files(batch, batch.digests)
        elif batch.num_rows:
            self._add_packed(self.packer.pack(batch))
        else:
            self.rejects.add(list(batch.rejects))

    def commit(self) -> Ingested:
        """Make the part visible; where only its rows tell its digest, see first whether they are known."""
        digest = self.part.digest or (self.content.hexdigest() if self.content else "")
        by_itself = not self.files and not self.num_known
        if by_itself and self.num_new and (known := self.place.catalogue.known([digest])):
            self.discard()
            return _as_before(known[digest], self.state.version)
        self._seal()
        rejects = self.rejects.save()
        version = self.state.version
        if self.num_new:
            if by_itself:
                self.files[digest] = KnownFile(
                    digest, self.part.name, self.state.horizon, self.num_new, len(self.rejects.rows),
                    self.part.size_bytes, self.part.mtime_ns,
                )  # fmt: skip
            change, self.sealed = self._change(), []
            version = self.place.commit(change)
        keys = np.concatenate([np.empty(0, np.int64), *self.keys])
        return Ingested(keys, self.num_new, self.num_known, len(self.rejects.rows), rejects, version)

    def discard(self) -> None:
        """Remove all files of the part; safe to call when none are there."""
        if self.writer is not None:
            self.writer.abort()
            self.writer = None
        for record in self.sealed:
            for name in record.names:
                self.place.blobs.delete(name)
        self.sealed = []

    def _add_files(self, batch: Batch, digests: Sequence[str]) -> None:
        """Add a batch whose rows are files: each is known, or new, by its own digest."""
        known = self.place.catalogue.known(list(digests))
        fresh = {digest: at for at, digest in reversed(list(enumerate(digests))) if digest not in known}
        fresh = {digest: at for digest, at in fresh.items() if digest not in self.files}
        positions = sorted(fresh.values())
        first = self.next_key
        packed = self.packer.pack(batch.take(positions))
        self._add_packed(packed, remember=False)
        for key, at in enumerate(np.array(positions, np.int64)[packed.kept].tolist(), start=first):
            self.files[digests[at]] = KnownFile(digests[at], batch.names[at], key, 1)
        there = known | self.files
        self.keys.append(np.array([there[digest].first_key for digest in digests if digest in there], np.int64))
        self.num_known += sum(digest in there for digest in digests) - packed.rows.size

    def _add_packed(self, packed: Packed, *, remember: bool = True) -> None:
        self.rejects.add(packed.rejects)
        rows, schema = packed.rows, self.place.schema
        if self.content is not None:
            _digest_rows(self.content, packed)
        rows["key"] = np.arange(self.next_key, self.next_key + rows.size)
        rows["ingest_time"] = self.now
        if schema.event_time is None:
            rows["event_time"] = self.now
            if schema.label_time is None:
                rows["label_time"] = np.where(np.isnat(rows["label_time"]), rows["label_time"], self.now)
        if remember:
            self.keys.append(rows["key"].copy())
        if rows.size:
            self._write(rows, packed.payloads)
        self.num_new += rows.size

    def _write(self, rows: Rows, payloads: Mapping[str, list[bytes | memoryview]]) -> None:
        if self.writer is None:
            number = self.state.next_segment + len(self.sealed)
            self.writer = SegmentWriter(self.place.schema, blobs=self.place.blobs, number=number)
        self.writer.append(rows, payloads)
        if self.writer.num_bytes >= self.place.segment_bytes:
            self._seal()

    def _seal(self) -> None:
        if self.writer is not None:
            # Keys above all earlier deletions: none of these rows was deleted by this version.
            self.sealed.append(self.writer.seal(purged_version=self.state.version))
            self.writer = None

    def _change(self) -> Change:
        return Change(
            base=self.state.version,
            operation="ingest",
            detail={"name": self.part.name, "rows": self.num_new, "rejected": len(self.rejects.rows)},
            created_us=self.place.now_us(),
            next_key=self.next_key,
            next_segment=self.state.next_segment + len(self.sealed),
            num_rows=self.state.num_rows + self.num_new,
            added=self.sealed,
            files=list(self.files.values()),
            oldest=self.state.oldest,
        )


def _digest_rows(state: hashlib.blake2b, packed: Packed) -> None:
    """Digest rows before keys and ingest times enter them, so that equal rows have equal digests."""
    state.update(packed.rows.view(np.uint8).data)
    for values in packed.payloads.values():
        for value in values:
            state.update(len(value).to_bytes(8, "little"))
            state.update(value)


def _file_name(part: Part) -> str:
    stem = re.sub(r"[^\w.-]+", "_", Path(part.name).name)
    return f"{stem}-{part.digest[:12]}" if part.digest else stem
