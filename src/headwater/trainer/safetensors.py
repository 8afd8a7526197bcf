"""One file of named tensors with JSON beside them: safetensors, written whole or not at all, checked when read.

The header's ``__metadata__`` holds ``headwater`` (JSON) and ``digest`` (of the tensors and that JSON), so a
flipped bit anywhere is noticed. Nothing in the file is ever executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.core.digest import digest_of
from headwater.core.errors import CorruptError, TrainerError
from headwater.core.files import write_atomic

if TYPE_CHECKING:
    import torch

_HEADER_BYTES = 8  # the file begins with the header's length, little-endian


class CheckpointCorruptError(TrainerError, CorruptError):
    """Raised when a checkpoint's bytes are not those that were written."""


def digest_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return the digest of names, dtypes, shapes and bytes, whatever the order of the mapping."""
    import torch

    parts: list[object] = []
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        parts += [
            [name, str(value.dtype), list(value.shape)],
            value.reshape(-1).view(torch.uint8).numpy(),
        ]
    return digest_of(*parts)


def to_bytes(tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any], *, form: str) -> bytes:
    """Return the file's content; `form` names the format and its version."""
    from safetensors.torch import save

    text = json.dumps({**facts, "format": form}, sort_keys=True)
    metadata = {"headwater": text, "digest": digest_of(digest_tensors(tensors), text)}
    content: bytes = save({name: value.contiguous() for name, value in tensors.items()}, metadata)
    return content


def from_bytes(content: bytes, *, form: str, where: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return tensors and facts.

    Raised: `CheckpointCorruptError` when the bytes have changed, `TrainerError` when it is another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors: dict[str, torch.Tensor] = load(content)
        metadata = _metadata(content)
    except (SafetensorError, ValueError) as error:
        raise _corrupt(f"it is no whole safetensors file ({error}).", where) from error
    if "headwater" not in metadata:
        raise TrainerError(
            "a safetensors file, but none that headwater's trainer wrote.",
            where=where,
            remedy="For weights from elsewhere use Checkpoint(model=safetensors.torch.load_file(path)).",
        )
    text = metadata["headwater"]
    if metadata.get("digest") != digest_of(digest_tensors(tensors), text):
        raise _corrupt("its bytes have changed since it was written.", where)
    facts: dict[str, Any] = json.loads(text)
    if facts.get("format") != form:
        raise TrainerError(f"it holds a {facts.get('format')!r}, not a {form!r}.", where=where)
    return tensors, facts


def write(path: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any], *, form: str) -> None:
    """Write the file; a crash leaves the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, to_bytes(tensors, facts, form=form))


def read(path: Path, *, form: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return what `write` wrote."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TrainerError("there is no such checkpoint.", where=str(path)) from None
    return from_bytes(content, form=form, where=str(path))


def _metadata(content: bytes) -> dict[str, str]:
    size = int.from_bytes(content[:_HEADER_BYTES], "little")
    header = json.loads(content[_HEADER_BYTES : _HEADER_BYTES + size])
    found: dict[str, str] = header.get("__metadata__", {})
    return found


def _corrupt(problem: str, where: str) -> CheckpointCorruptError:
    return CheckpointCorruptError(
        problem, where=where, remedy="Restore it from a copy, or delete it and train again from the one before."
    )
