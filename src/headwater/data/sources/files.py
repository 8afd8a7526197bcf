"""Sources of many files: a format says how one file is read from a place, this says the rest.

Order, states, positions, errors and reading ahead are the same for all formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node, identify, is_setting, parameters
from headwater.data.sources.ahead import ReadAhead
from headwater.data.sources.file import File
from headwater.data.sources.pieces import BEGINNING, Broken, FileCursor, Piece, Place, refuse


@dataclass(frozen=True, eq=False)
class Files(Node):
    """The rows of `files`, one file after the other. A format subclasses this and writes `read`."""

    ahead: ClassVar[bool] = True
    """Whether the next files are opened in threads while this one is read."""

    files: tuple[File, ...]

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """The rows of one file from `place` on; an error that is raised, not yielded, ends the file.

        Called in any thread, for several files at once. From one place always come the same rows, however cut.
        """
        raise NotImplementedError

    def digest(self, file: File) -> str:
        """What tells the content of a file from another, without reading it whole."""
        return file.ends

    @property
    def cardinality(self) -> Count:
        """Known when they have been read, unless the format says it."""
        return None

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Names, sizes and a digest of a few bytes of the files, and the parameters; the folder may change."""
        rest = {
            item.name: identify(getattr(self, item.name))
            for item in parameters(self)
            if item.name != "files" and not is_setting(item)
        }
        return {"files": [[file.path.name, file.size_bytes, self._known(file)] for file in self.files], **rest}

    @property
    def label(self) -> str:
        """The first file and how many there are."""
        more = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return f"{self.operator}({self.files[0].path}{more})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with the first file, or where the state stands."""
        count = len(self.files) if self.ahead else 0
        open_file = partial(self.open_file, pass_over=env.pass_over)
        ahead = ReadAhead(open_file, count, env.clock)
        return FilesCursor(open_file, ahead, len(self.files), state or {"file": 0, **BEGINNING})

    def open_file(
        self, number: int, state: State | None = None, *, pass_over: Callable[[DataError], None] = refuse
    ) -> FileCursor:
        """A cursor over one file alone; it reads nothing before it is asked for rows."""
        at = {name: int(value) for name, value in (state or BEGINNING).items()}
        file = self.files[number]
        pieces = self.read(file.path, Place(at["place"], at["row"]))
        return FileCursor(file, pieces, partial(self._check, file), pass_over=pass_over, **at)

    @cached_property
    def _digests(self) -> dict[Path, str]:
        return {}

    def _known(self, file: File) -> str:
        """The digest, found out once: states can be taken when the file is gone."""
        if file.path not in self._digests:
            self._digests[file.path] = self.digest(file)
        return self._digests[file.path]

    def _check(self, file: File) -> None:
        file.check()
        self._known(file)


class FilesCursor:
    """State: the number of the file, and where in it. What is read ahead is in no state."""

    def __init__(
        self, open_file: Callable[..., FileCursor], ahead: ReadAhead[FileCursor], count: int, state: State
    ) -> None:
        self._open = open_file
        self._ahead = ahead
        self._count = count
        self._number = int(state["file"])
        self._start = {name: state[name] for name in BEGINNING}
        self._cursor: FileCursor | None = None
        self._given = False

    def next(self, limit: int) -> Block | None:
        """Rows of this file, or of the next that has any."""
        while self._number < self._count:
            if self._given:  # whoever wants only the first rows opens no second file
                self._ahead.look(self._number + 1)
            if self._cursor is None:
                self._cursor = self._ahead.take(self._number) or self._open(self._number, self._start)
            block = self._cursor.next(limit)
            if block is not None:
                self._given = True
                return block
            self._cursor.close()
            self._cursor, self._start = None, BEGINNING
            self._number += 1
        self._ahead.close()
        return None

    def state(self) -> State:
        """Four numbers."""
        return {"file": self._number, **(self._cursor.state() if self._cursor else self._start)}

    def close(self) -> None:
        """Stop the threads and let go of the open files; the state stays."""
        self._ahead.close()
        if self._cursor is not None:
            self._cursor.close()
