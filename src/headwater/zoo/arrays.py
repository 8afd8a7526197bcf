"""Numpy arrays and torch tensors into contents, and bytes back into numpy arrays."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import ZooError
from headwater.zoo.tensor import Bytes, Content, Tensor, of_bytes

NUMPY = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "I16": "<i2", "U16": "<u2", "F16": "<f2", "I32": "<i4", "U32": "<u4",
    "F32": "<f4", "C64": "<c8", "F64": "<f8", "I64": "<i8", "U64": "<u8",
}  # fmt: skip
_WORDS = {np.dtype(code): word for word, code in NUMPY.items()}


def of_mapping(tensors: Mapping[str, Any]) -> Content:
    """Return the content of a dict of numpy arrays or torch tensors, e.g. a state dict."""
    return Content({_checked(name): _of_value(name, value) for name, value in tensors.items()})


def to_numpy(name: str, tensor: Tensor, flat: Bytes) -> NDArray[Any]:
    """Return the bytes of `tensor` as a numpy array; they are not copied."""
    if tensor.dtype not in NUMPY:
        raise ZooError(
            f"numpy has no {tensor.dtype}.", where=f"tensor {name!r}", remedy='Load it with framework="torch".'
        )
    return flat.view(NUMPY[tensor.dtype]).reshape(tensor.shape)


def _checked(name: Any) -> str:
    if not isinstance(name, str) or name == "__metadata__":
        raise ZooError(
            f"{name!r} cannot be the name of a tensor.", remedy="Names are strings, as in a state dict."
        )
    return name


def _of_value(name: str, value: Any) -> Tensor:
    if isinstance(value, np.ndarray | np.generic):
        return _of_numpy(name, np.asarray(value))
    torch = sys.modules.get("torch")  # a torch tensor can only exist where torch was imported
    if torch is not None and isinstance(value, torch.Tensor):
        from headwater.zoo.torch import of_torch

        return of_bytes(*of_torch(name, value))
    raise ZooError(
        f"a {type(value).__name__} is not a tensor.",
        where=f"tensor {name!r}",
        remedy="Pass numpy arrays or torch tensors; flatten nested dicts into names like 'optimizer.step'.",
    )


def _of_numpy(name: str, array: NDArray[Any]) -> Tensor:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype not in _WORDS:
        raise ZooError(
            f"arrays of {array.dtype} cannot be stored.",
            where=f"tensor {name!r}",
            remedy=f"Convert it to one of {', '.join(str(dtype) for dtype in _WORDS)}.",
        )
    flat = np.ascontiguousarray(little).reshape(-1).view(np.uint8)
    return of_bytes(_WORDS[little.dtype], array.shape, flat)
