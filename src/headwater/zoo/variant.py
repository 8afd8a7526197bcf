"""A variant is one stored version of a model: what it is, where it comes from, how it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One version of a model. Immutable, except that `collect(rebase=True)` may store the same bytes anew.

    `parent` is lineage (what training started from) and never changes; `base` is storage (what the stored
    difference is against, None when stored in full) and often, not always, the parent.
    """

    id: str
    """Short, never reused, and in the order of adding: ``v000042``."""
    name: str | None
    """What you called it; one visible variant at a time has a name."""
    parent: str | None
    """The id of the variant that training started from."""
    base: str | None
    """The id of the variant that the stored difference is against; None when stored in full."""
    depth: int
    """How many differences are undone to rebuild it; 0 when stored in full."""
    stored_bytes: int
    """What its own file takes on disk (its base's file not counted)."""
    full_bytes: int
    """What its tensors take as plain bytes."""
    content: str
    """Digest of its tensors (names, dtypes, shapes, bytes): equal digest, equal model."""
    created: np.datetime64
    """When it was added (UTC, microseconds)."""
    training_set: str | None
    """Digest of the selection it was trained on; None when it was not said."""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else is known, JSON values: trigger, metrics, event time, trainer configuration."""
    blob: str | None
    """Digest and name of its file; None once a deleted variant's bytes are gone."""
    deleted: bool = False
    """Whether it was deleted. Its line in the lineage remains."""

    @property
    def ratio(self) -> float:
        """Stored bytes over full bytes: 0.3 means that 70 % were saved."""
        return self.stored_bytes / self.full_bytes if self.full_bytes else 1.0

    def describe(self) -> dict[str, Any]:
        """Return the variant as JSON values."""
        return {**vars(self), "facts": dict(self.facts), "created": f"{self.created}Z"}

    def __str__(self) -> str:
        return f"{self.id} ({self.name})" if self.name else self.id


def id_of(number: int) -> str:
    """Return the id of the variant with this catalogue number.

    >>> id_of(42), number_of("v42"), number_of("round-42")
    ('v000042', 42, None)
    """
    return f"v{number:06d}"


def number_of(text: str) -> int | None:
    """Return the number that an id stands for (leading zeros may be left out), None for a name."""
    match = re.fullmatch(r"v(\d{1,9})", text)
    return int(match[1]) if match else None
