"""A chain of containers back into tensors in memory, or into a plain safetensors file.

Besides the checksum of each plane that is read, the digest of each whole tensor is compared with that of the
tensor that was added: what comes out is bit for bit what went in, or an error.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from headwater.workers import Local
from headwater.zoo import safetensors
from headwater.zoo.chain import Chain
from headwater.zoo.packing import in_order
from headwater.zoo.tensor import CHUNK_BYTES, Bytes, Content, Tensor, of_bytes


def load(chain: Chain) -> dict[str, tuple[Tensor, Bytes]]:
    """Return each tensor's kind and bytes, rebuilt on all cores."""
    tensors = chain.content().tensors
    whole = {name: np.empty(tensor.size_bytes, np.uint8) for name, tensor in tensors.items()}

    def fill(at: tuple[str, int]) -> None:
        name, number = at
        piece = tensors[name].chunk(number)
        whole[name][number * CHUNK_BYTES :][: piece.size] = piece

    def digest(name: str) -> str:
        return of_bytes(tensors[name].dtype, tensors[name].shape, whole[name]).digest()

    with Local() as workers:
        for _ in in_order(workers, fill, [(n, i) for n, t in tensors.items() for i in range(t.num_chunks)]):
            pass
        for name, found in zip(tensors, in_order(workers, digest, tensors)):
            chain.check(name, found)
    return {name: (tensor, whole[name]) for name, tensor in tensors.items()}


def export(chain: Chain, path: Path) -> None:
    """Write a safetensors file, a chunk in memory at a time; it appears only when every digest was right."""
    content = chain.content()
    watched = {name: _watched(chain, name, tensor) for name, tensor in content.tensors.items()}
    safetensors.write(Content(watched, content.metadata), path)


def check(chain: Chain) -> None:
    """Rebuild each tensor and compare its digest."""
    for name, tensor in chain.content().tensors.items():
        chain.check(name, tensor.digest())


def _watched(chain: Chain, name: str, tensor: Tensor) -> Tensor:
    """Return `tensor`, checked when its last chunk is taken; chunks must be taken once and in order."""
    state = hashlib.blake2b(digest_size=16)

    def chunk(number: int) -> Bytes:
        piece = tensor.chunk(number)
        state.update(piece.data)
        if number + 1 == tensor.num_chunks:
            chain.check(name, state.hexdigest())
        return piece

    return Tensor(tensor.dtype, tensor.shape, chunk)
