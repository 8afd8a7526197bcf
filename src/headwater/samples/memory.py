"""A stretch of address space into which many files are mapped, each at a place of our choice.

Python's `mmap` chooses the place itself and keeps a file handle for each mapping. Here files lie at known
distances, so that one array spans them all, and no handle stays open.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAGE_BYTES = mmap.PAGESIZE
_MAP_FIXED = 0x10  # on Linux, macOS and the BSDs alike; Python's mmap does not name it
_MAP_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0)
_PROT_NONE = 0
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Space:
    """`size_bytes` of addresses, given back when neither this nor an array made of it is left.

    Only what `map` filled may be read: the gaps belong to nobody, and touching them ends the process.
    """

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = max(size_bytes, PAGE_BYTES)
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        self._address = _map(None, self.size_bytes, _PROT_NONE, flags, -1)
        ending = weakref.finalize(self, _libc.munmap, self._address, self.size_bytes)
        ending.atexit = False  # the system does it, and a thread may still be reading

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Lets numpy make a read-only array that keeps this space alive."""
        return {"version": 3, "shape": (self.size_bytes,), "typestr": "|u1", "data": (self._address, True)}

    def array(self) -> NDArray[np.uint8]:
        """All bytes of the space."""
        return np.asarray(self)

    def map(self, handle: int, *, at: int, size_bytes: int) -> None:
        """Show the first `size_bytes` of an open file at `at`, which is a multiple of `PAGE_BYTES`."""
        _map(self._address + at, size_bytes, mmap.PROT_READ, mmap.MAP_SHARED | _MAP_FIXED, handle)


def _map(address: int | None, size_bytes: int, protection: int, flags: int, handle: int) -> int:
    found = _libc.mmap(address, size_bytes, protection, flags, handle, 0)
    if found == _FAILED or found is None:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot map {size_bytes:,} bytes: {os.strerror(number)}")
    return int(found)
