"""Watch a folder and ingest each new file when it is complete.

A file is complete when its size and time are as they were at the look before. It is recognised by its inode,
so one that is renamed into place when finished (the safe way to hand a file over) needs no second wait.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import CorruptError, LockedError, SamplesError
from headwater.samples.incoming.part import format_of
from headwater.samples.ingest import Ingested
from headwater.samples.samples import Samples

logger = logging.getLogger("headwater.samples")

Refused: TypeAlias = Callable[[Path, SamplesError], None]
_Identity: TypeAlias = tuple[int, int]  # device and inode
_Content: TypeAlias = tuple[int, int]  # size in bytes, time of the last change in ns


def follow(
    store: Samples,
    folder: str | Path,
    *,
    pattern: str = "*",
    every_s: float = 5.0,
    idle_s: float | None = None,
    clock: Clock | None = None,
    on_refused: Refused | None = None,
    **ingest: Any,
) -> Following:
    """Return an iterator over what the new files of `folder` brought, in the order of their names.

    It looks every `every_s` seconds and ends after `idle_s` seconds without news (None: never). What was
    ingested is known by the catalogue, so a new `follow` goes on where the last one stopped. A refused file is
    passed to `on_refused`, or logged, and looked at again when it changes; the others go on. All further
    arguments are those of `Samples.ingest`.
    """
    path = Path(folder)
    if not path.is_dir():
        raise SamplesError("there is no such folder.", where=str(path), remedy="Make it, then follow it.")
    return Following(store, path, pattern, every_s, idle_s, clock or WallClock(), on_refused or _log, ingest)


@dataclass
class Following:
    """A folder being watched. Iterate to wait for news, or call `look` to see what is there now."""

    store: Samples
    folder: Path
    pattern: str
    every_s: float
    idle_s: float | None
    clock: Clock
    on_refused: Refused
    ingest: Mapping[str, Any]
    _seen: dict[_Identity, _Content] = field(default_factory=dict)
    _done: dict[Path, _Content] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Ingested]:
        last_news_s = self.clock.now()
        while True:
            for ingested in self.look():
                last_news_s = self.clock.now()
                yield ingested
            # Of a file that is still growing, the end is news to come.
            if self.idle_s is not None and self.clock.now() - last_news_s >= self.idle_s:
                return
            self.clock.sleep(self.every_s)

    def look(self) -> Iterator[Ingested]:
        """Ingest what is complete now, without waiting; a file first seen now is left to the next look."""
        before, self._seen = self._seen, {}
        complete: list[tuple[Path, _Content]] = []
        for path in sorted(self.folder.iterdir()):
            status = path.stat() if path.is_file() else None
            if status is None:
                continue
            identity, content = (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)
            self._seen[identity] = content
            if before.get(identity) == content and self._is_wanted(path) and self._done.get(path) != content:
                complete.append((path, content))
        for path, content in complete:
            ingested = self._ingest(path, content)
            self._done[path] = content
            if ingested is not None and ingested.num_new:
                yield ingested

    def _is_wanted(self, path: Path) -> bool:
        # Hidden files are other programs' unfinished ones; they are only seen, for their inode.
        if path.name.startswith(".") or not path.match(self.pattern):
            return False
        return "format" in self.ingest or format_of(path) is not None

    def _ingest(self, path: Path, content: _Content) -> Ingested | None:
        size_bytes, mtime_ns = content
        catalogue = self.store.place.catalogue
        if catalogue.known_by_name(str(path), size_bytes=size_bytes, mtime_ns=mtime_ns):
            return None  # from before a restart: not worth reading all of it for its digest
        try:
            return self.store.ingest(path, **self.ingest)
        except (LockedError, CorruptError):
            raise
        except SamplesError as error:
            self.on_refused(path, error)
            return None


def _log(_path: Path, error: SamplesError) -> None:
    logger.warning("refused: %s", error)
