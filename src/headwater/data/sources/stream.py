"""The bytes of a file, decompressed if need be, from any place on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.data.sources.file import corrupt

AUTO = "auto"
"""The compression that a file's suffix tells."""

CHUNK_BYTES = 1 << 20
"""How much is read at once: calls cost nothing any more, and it fits a second-level cache."""

_SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".zz": "gzip", ".zlib": "gzip", ".zst": "zstd", ".bz2": "bz2"}
# Arrow's gzip reads zlib's header as well.
_CODECS = {AUTO: None, "none": None, "gzip": "gzip", "zlib": "gzip", "zstd": "zstd", "bz2": "bz2"}

COMPRESSED = tuple(_SUFFIXES)
"""The suffixes that compressed files have."""


def check_compression(name: str | None, *, where: str) -> str:
    """Refuse a compression that is not known."""
    name = "none" if name is None else name
    if name not in _CODECS:
        raise DataError(
            f"compression={name!r} is not known.", where=where, remedy=did_you_mean(name, list(_CODECS))
        )
    return name


def suffixes(*plain: str) -> tuple[str, ...]:
    """The suffixes of a format, each also with those of compression."""
    return (*plain, *(one + packed for one in plain for packed in COMPRESSED))


class Stream:
    """A file opened for reading forwards; bytes that do not decompress are an error that names it."""

    def __init__(self, path: Path, compression: str = AUTO) -> None:
        self.path = path
        codec = _SUFFIXES.get(path.suffix) if compression == AUTO else _CODECS[compression]
        self.compressed = codec is not None
        self._file: Any = _decompressed(path, codec) if codec else path.open("rb")

    def read(self, size_bytes: int) -> bytes:
        """So many bytes, fewer only at the end."""
        try:
            content: bytes = self._file.read(size_bytes)
        except OSError as error:
            # What goes wrong below has a number of the system's; what the decompressor finds has none.
            if not self.compressed or error.errno is not None:
                raise
            raise corrupt(self.path, f"the file does not decompress: {error}") from error
        return content

    def skip(self, size_bytes: int) -> None:
        """Go forward; what is compressed must be read for it."""
        if not self.compressed:
            self._file.seek(size_bytes, 1)
            return
        while size_bytes > 0 and (passed := len(self.read(min(size_bytes, CHUNK_BYTES)))):
            size_bytes -= passed

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


@contextmanager
def stream(path: Path, compression: str = AUTO, *, at: int = 0) -> Iterator[Stream]:
    """Open a file at byte `at` of its plain content."""
    opened = Stream(path, compression)
    try:
        opened.skip(at)
        yield opened
    finally:
        opened.close()


def _decompressed(path: Path, codec: str) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(path.open("rb"), mode="r"), codec)
