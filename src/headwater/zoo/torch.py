"""Torch tensors to bytes and back; imported only when torch tensors are handed in or asked for."""

from __future__ import annotations

import torch

from headwater.core.errors import ZooError
from headwater.zoo.tensor import Bytes, Tensor

_TORCH = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "U16": torch.uint16,
    "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "U32": torch.uint32, "F32": torch.float32,
    "F64": torch.float64, "I64": torch.int64, "U64": torch.uint64, "C64": torch.complex64,
    "F8_E5M2": torch.float8_e5m2, "F8_E4M3": torch.float8_e4m3fn,
}  # fmt: skip
if hasattr(torch, "float8_e8m0fnu"):  # since torch 2.7
    _TORCH["F8_E8M0"] = torch.float8_e8m0fnu
_WORDS = {dtype: word for word, dtype in _TORCH.items()}


def of_torch(name: str, tensor: torch.Tensor) -> tuple[str, tuple[int, ...], Bytes]:
    """Return dtype, shape and bytes of a dense tensor; on the CPU and contiguous, nothing is copied."""
    if tensor.dtype not in _WORDS or tensor.layout != torch.strided or tensor.device.type == "meta":
        raise ZooError(
            f"a {tensor.layout} tensor of {tensor.dtype} on {tensor.device} cannot be stored.",
            where=f"tensor {name!r}",
            remedy="Make it dense, of a dtype that safetensors knows, and give it values.",
        )
    flat = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return _WORDS[tensor.dtype], tuple(tensor.shape), flat.view(torch.uint8).numpy()


def to_torch(name: str, tensor: Tensor, flat: Bytes) -> torch.Tensor:
    """Return the bytes of `tensor` as a torch tensor on the CPU; they are not copied."""
    if tensor.dtype not in _TORCH:
        raise ZooError(
            f"torch has no {tensor.dtype}.",
            where=f"tensor {name!r}",
            remedy="Export the variant and read the file with a library that knows this dtype.",
        )
    if tensor.size_bytes == 0:
        return torch.empty(tensor.shape, dtype=_TORCH[tensor.dtype])
    return torch.from_numpy(flat).view(_TORCH[tensor.dtype]).reshape(tensor.shape)
