"""Questions about where models come from: ancestors, children, and which of them saw a sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from headwater.core.unit import format_bytes
from headwater.zoo.answers import Lineage, Seen
from headwater.zoo.store import Store
from headwater.zoo.variant import Variant


def lineage(store: Store, wanted: Variant | str) -> Lineage:
    """Return a variant's ancestors up to the root, and its children."""
    with store.catalogue.reading() as records:
        variant = store.find(records, wanted, deleted=True)
        every = records.all(deleted=True)
    by_id = {v.id: v for v in every}
    ancestors: list[Variant] = []
    step = variant
    while step.parent is not None:
        step = by_id[step.parent]
        ancestors.append(step)
    return Lineage(variant, tuple(ancestors), tuple(v for v in every if v.parent == variant.id))


def which_models(store: Store, key: int, *, deleted: bool) -> Seen:
    """Return the variants that saw a sample, themselves or through an ancestor."""
    with store.catalogue.reading() as records:
        candidates = records.training_sets(key=key)
        every = records.all(deleted=True)
    holding = {known.digest for known in candidates if store.training_sets.holds(known, key)}
    groups: dict[str, str] = {}
    for variant in every:  # in the order of adding, so a parent comes before its children
        above = groups.get(variant.parent or "", "never")
        if variant.training_set in holding:
            groups[variant.id] = "direct"
        elif above in ("direct", "inherited"):
            groups[variant.id] = "inherited"
        else:
            groups[variant.id] = "unknown" if variant.training_set is None or above == "unknown" else "never"
    shown = [v for v in every if deleted or not v.deleted]
    return Seen(
        key, *(tuple(v for v in shown if groups[v.id] == g) for g in ("direct", "inherited", "unknown"))
    )


def tree(variants: Sequence[Variant]) -> str:
    """Return the lineage as text: a line of descent goes straight down, a branch is indented.

    Deleted variants are shown where a visible one descends from them.
    """
    children = defaultdict[str | None, list[Variant]](list)
    kept: set[str | None] = set()
    for variant in reversed(variants):
        if not variant.deleted or variant.id in kept:
            kept.update((variant.id, variant.parent))
            children[variant.parent].append(variant)  # newest first: the stack below gives the oldest first
    lines: list[str] = []
    todo = [(root, "", "") for root in children[None]]
    while todo:
        variant, first, rest = todo.pop()
        lines.append(f"{first}{_label(variant)}")
        below = children[variant.id]
        for place, child in enumerate(below):
            alone, last = len(below) == 1, place == 0
            branch, trunk = ("", "") if alone else ("└─ ", "   ") if last else ("├─ ", "│  ")
            todo.append((child, rest + branch, rest + trunk))
    return "\n".join(lines)


def _label(variant: Variant) -> str:
    kept = "full" if variant.base is None else f"difference to {variant.base}"
    size = "deleted" if variant.deleted else f"{format_bytes(variant.stored_bytes)} {kept}"
    return "  ".join(word for word in (variant.id, variant.name, size) if word)
