"""Rebuilding a variant: its own container, its base's, and so on down to one that is stored in full.

A plane asks the next container only when it is a difference. What is noise in each version (the low mantissa
bytes) is stored as it is and costs one read, whatever the depth of the chain.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import zstandard

from headwater.zoo.blobs import Blob, Blobs
from headwater.zoo.container import Entry, Index, read_index, read_plane
from headwater.zoo.planes import Way, join, num_planes, unpack
from headwater.zoo.tensor import CHUNK_BYTES, Bytes, Content, Tensor, item_bytes_of, size_of
from headwater.zoo.variant import Variant

Refuse = Callable[[Variant, Variant, str], NoReturn]
"""Raises the error for a variant that cannot be rebuilt, because a second one's file is damaged, and how."""

BROKEN = (ValueError, KeyError, TypeError, IndexError, zstandard.ZstdError)
"""What reading a file that is not what was written may raise."""


@dataclass(frozen=True)
class Layer:
    """One container of a chain."""

    variant: Variant
    blob: Blob
    index: Index


class Chain:
    """The containers that rebuild one variant, its own first."""

    def __init__(self, layers: Sequence[Layer], refuse: Refuse) -> None:
        self.layers = layers
        self._refuse = refuse

    @property
    def index(self) -> Index:
        """The index of the variant itself."""
        return self.layers[0].index

    def content(self) -> Content:
        """Return the model; each chunk is rebuilt when it is asked for."""
        return Content({name: self._tensor(name) for name in self.index.entries}, self.index.metadata)

    def has(self, name: str, like: Tensor) -> bool:
        """Return whether a difference of `like` against the tensor of this name makes sense."""
        entry = self.index.entries.get(name)
        return entry is not None and (entry.dtype, entry.shape) == (like.dtype, like.shape)

    def chunk(self, name: str, number: int) -> Bytes:
        """Return one chunk of one tensor."""
        return join(self.planes(name, number), item_bytes_of(self.index.entries[name].dtype))

    def planes(self, name: str, number: int) -> list[Bytes]:
        """Return the planes of one chunk, as `planes.split` would."""
        entry = self.index.entries[name]
        item_bytes = item_bytes_of(entry.dtype)
        size_bytes = min(CHUNK_BYTES, size_of(entry.dtype, entry.shape) - number * CHUNK_BYTES)
        num_here = num_planes(size_bytes, item_bytes)
        first = number * num_planes(CHUNK_BYTES, item_bytes)
        return [self._plane(name, first + part, size_bytes // num_here) for part in range(num_here)]

    def check(self, name: str, digest: str) -> None:
        """Compare the digest of a rebuilt tensor with that of the tensor that was added."""
        if digest != self.index.entries[name].digest:
            own = self.layers[0].variant
            self._refuse(own, own, f"tensor {name!r} does not have the digest it was added with")

    def _tensor(self, name: str) -> Tensor:
        entry = self.index.entries[name]
        return Tensor(entry.dtype, entry.shape, lambda number: self.chunk(name, number))

    def _plane(self, name: str, at: int, size_bytes: int, depth: int = 0) -> Bytes:
        layer = self.layers[depth]
        try:
            plane = layer.index.entries[name].planes[at]
            if plane.way in (Way.XOR, Way.SAME) and depth + 1 == len(self.layers):
                raise ValueError("a difference without a base")
            data = read_plane(layer.blob, plane)
            return unpack(
                plane.way,
                data,
                size_bytes=size_bytes,
                base=lambda: self._plane(name, at, size_bytes, depth + 1),
            )
        except BROKEN as error:
            self._refuse(self.layers[0].variant, layer.variant, f"tensor {name!r}: {error}")


@contextlib.contextmanager
def opened(variants: Sequence[Variant], blobs: Blobs, refuse: Refuse) -> Iterator[Chain]:
    """Open the files of `variants` (the wanted one first, each followed by its base) and check their indexes.

    Raised: FileNotFoundError when a file is gone, which may be because it was collected a moment ago.
    """
    with contextlib.ExitStack() as stack:
        layers: list[Layer] = []
        for variant in variants:
            blob = blobs.open(variant.blob or "")
            stack.callback(blob.close)
            layers.append(Layer(variant, blob, _checked_index(variant, blob, layers, refuse)))
        yield Chain(layers, refuse)


def _checked_index(variant: Variant, blob: Blob, above: Sequence[Layer], refuse: Refuse) -> Index:
    try:
        index = read_index(blob)
        if index.content != variant.content:
            raise ValueError(f"it holds model {index.content}, not {variant.content}")
        if above and above[-1].index.base != index.content:
            raise ValueError(f"the difference above it is against model {above[-1].index.base}")
        for entry in index.entries.values():
            _check_entry(entry)
    except BROKEN as error:
        refuse(above[0].variant if above else variant, variant, str(error))
    return index


def _check_entry(entry: Entry) -> None:
    """Each reader counts planes by itself: the counts must agree before they are trusted."""
    item_bytes = item_bytes_of(entry.dtype)
    whole, rest = divmod(size_of(entry.dtype, entry.shape), CHUNK_BYTES)
    expected = whole * num_planes(CHUNK_BYTES, item_bytes) + (num_planes(rest, item_bytes) if rest else 0)
    if len(entry.planes) != expected:
        raise ValueError(f"tensor {entry.name!r} has {len(entry.planes)} planes instead of {expected}")
