"""What to say when bytes on disk have changed: which file, which variants are lost with it, which are not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from headwater.core.errors import CorruptError, ZooError
from headwater.zoo.variant import Variant

_MOST_NAMED = 6


class VariantCorruptError(ZooError, CorruptError):
    """Raised when a variant cannot be rebuilt bit for bit. It is never given out changed."""


def affected_by(blob: str, variants: Collection[Variant]) -> tuple[str, ...]:
    """Return the ids of the visible variants whose chain of bases goes through `blob`."""
    by_id = {variant.id: variant for variant in variants}
    hit: dict[str, bool] = {}
    for variant in sorted(variants, key=lambda v: v.depth):  # bases come before what is built on them
        through_base = variant.base is not None and hit.get(variant.base, False)
        hit[variant.id] = by_id[variant.id].blob == blob or through_base
    return tuple(v.id for v in sorted(variants, key=lambda v: v.id) if hit[v.id] and not v.deleted)


def corrupt(
    variant: Variant, *, problem: str, blob: str, file: str, variants: Sequence[Variant]
) -> VariantCorruptError:
    """Return the error for `variant`, whose chain goes through the damaged `blob`."""
    lost = affected_by(blob, variants)
    fine = len([v for v in variants if not v.deleted]) - len(lost)
    owners = [v.id for v in variants if v.blob == blob]
    role = "its own file" if variant.id in owners else f"the file of {_some(owners)}, which it is built on,"
    return VariantCorruptError(
        f"{variant} cannot be rebuilt: {role} is damaged ({problem}).",
        where=file,
        remedy=(
            f"Built on this file: {_some(lost)}; the other {fine} variants are fine. "
            f"Restore the file from a copy, or delete what cannot be loaded and add it again."
        ),
    )


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_MOST_NAMED])
    return shown + (f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else "") or "nothing"
