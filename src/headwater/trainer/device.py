"""What the words ``auto`` mean on this machine: the device, and the precision on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from headwater.core.errors import TrainerError


def device_named(word: str) -> torch.device:
    """Return the GPU if there is one for ``"auto"``, else what torch calls `word`."""
    if word == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(word)
    except RuntimeError as error:
        raise TrainerError(
            f"there is no device {word!r}.", remedy='Use "auto", "cpu", "cuda" or "cuda:1".'
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise TrainerError(
            f"device {word!r} was asked for, but torch finds no GPU.", remedy='Use device="auto".'
        )
    return device


def precision_on(word: str, device: torch.device) -> str:
    """Return ``fp32``, ``bf16`` or ``fp16``: ``"auto"`` is mixed precision on a GPU and float32 elsewhere."""
    if word == "fp16" and device.type != "cuda":
        raise TrainerError(
            f"precision='fp16' needs a GPU, this is {device}.", remedy='Use precision="auto" or "fp32".'
        )
    if word != "auto":
        return word
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


@contextlib.contextmanager
def threads_used(num_threads: int | None) -> Iterator[int]:
    """Let torch's operations use `num_threads` while the block runs; None leaves torch's choice."""
    before = torch.get_num_threads()
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    try:
        yield num_threads or before
    finally:
        torch.set_num_threads(before)
