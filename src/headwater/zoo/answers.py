"""What a zoo answers: small immutable records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.zoo.variant import Variant


@dataclass(frozen=True)
class Lineage:
    """Where a variant comes from and what came of it; deleted variants are in it and say so."""

    variant: Variant
    ancestors: tuple[Variant, ...]
    """Its parent first, the root last."""
    children: tuple[Variant, ...]
    """The variants that were trained from it, oldest first."""


@dataclass(frozen=True)
class Seen:
    """The answer to "which models saw this sample?". No variant is in two of the three."""

    key: int
    direct: tuple[Variant, ...]
    """Their own training set holds the key."""
    inherited: tuple[Variant, ...]
    """They were trained from a variant that saw it, at any distance."""
    unknown: tuple[Variant, ...]
    """Nothing says so, but they or an ancestor were added without a training set: silence is not a no."""

    def describe(self) -> dict[str, Any]:
        """Return the ids as JSON values."""
        groups = {"direct": self.direct, "inherited": self.inherited, "unknown": self.unknown}
        return {"key": self.key, **{word: [v.id for v in group] for word, group in groups.items()}}


@dataclass(frozen=True)
class Collected:
    """What a collection did."""

    freed_bytes: int
    num_files: int
    """Models' files removed."""
    held: tuple[str, ...]
    """Ids of deleted variants whose bytes stay, because visible ones are built on them."""
    rebased: tuple[str, ...]
    """Ids of variants that were stored anew."""


@dataclass(frozen=True)
class Damage:
    """One file of the zoo that is not what was written."""

    file: str
    problem: str
    affected: tuple[str, ...]
    """Ids of the visible variants that need the file."""
