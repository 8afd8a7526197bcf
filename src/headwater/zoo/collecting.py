"""Freeing what nobody needs: deleted variants' bytes, files of killed writers. A child never breaks.

A deleted variant's bytes stay while a visible one is built on them; `rebase` builds those anew instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from headwater.zoo import rebuilding
from headwater.zoo.adding import base_for
from headwater.zoo.answers import Collected
from headwater.zoo.packing import Sizes, pack
from headwater.zoo.store import Store, VariantDeletedError
from headwater.zoo.variant import Variant


def collect(store: Store, *, rebase: bool = False) -> Collected:
    """Free what no visible variant needs; safe at any moment, also while others add."""
    rebased = tuple(_rebase_all(store)) if rebase else ()
    # Two transactions: rows first let go of files, and only files that no row holds are removed. A kill between
    # the two leaves files without rows, which the next collection removes; never a row without its file.
    with store.catalogue.writing() as records:
        every = records.all(deleted=True)
        needed = needed_by_visible(every)
        deleted = [v for v in every if v.deleted and v.blob is not None]
        records.forget_blobs(v.id for v in deleted if v.id not in needed)
    with store.catalogue.writing() as records:
        referred, kept_sets = records.blobs(), {known.digest for known in records.training_sets()}
        files = [digest for digest in store.blobs.list() if digest not in referred]
        freed_bytes = sum(map(store.blobs.delete, files)) + store.blobs.sweep()
        orphans = [digest for digest in store.training_sets.list() if digest not in kept_sets]
        freed_bytes += sum(map(store.training_sets.delete, orphans)) + store.training_sets.sweep()
    held = tuple(v.id for v in deleted if v.id in needed)
    return Collected(freed_bytes, len(files), held, rebased)


def needed_by_visible(variants: Iterable[Variant]) -> set[str]:
    """Return the ids of the visible variants and of all that their chains go through."""
    by_id = {variant.id: variant for variant in variants}
    needed: set[str] = set()
    for variant in by_id.values():
        step: Variant | None = None if variant.deleted else variant
        while step is not None and step.id not in needed:
            needed.add(step.id)
            step = None if step.base is None else by_id[step.base]
    return needed


def _rebase_all(store: Store) -> Iterable[str]:
    """Store anew each visible variant that is built directly on a deleted one, the shallow ones first."""
    with store.catalogue.reading() as records:
        by_id = {variant.id: variant for variant in records.all(deleted=True)}
    for variant in sorted(by_id.values(), key=lambda v: v.depth):
        if not variant.deleted and variant.base is not None and by_id[variant.base].deleted:
            with contextlib.suppress(VariantDeletedError):  # by someone else, a moment ago
                if _rebase(store, variant):
                    yield variant.id


def _rebase(store: Store, variant: Variant) -> bool:
    with contextlib.ExitStack() as stack:
        chain = stack.enter_context(store.opened(variant))
        rebuilding.check(chain)  # the old bytes are about to go: they must have been right
        content = chain.content()
        digests = {name: entry.digest for name, entry in chain.index.entries.items()}
        with store.catalogue.reading() as records:
            base = base_for(records, records.get(variant.base or ""), store.max_chain)
        against = None if base is None else stack.enter_context(store.opened(base))
        draft = stack.enter_context(store.blobs.draft())
        blob, sizes = pack(content, digests, draft, against=against)
        if base is not None and not _saves(sizes):
            draft, base = stack.enter_context(store.blobs.draft()), None
            blob, sizes = pack(content, digests, draft, against=None)
        with store.catalogue.writing() as records:
            now, base_now = records.get(variant.id), None if base is None else records.get(base.id)
            lost_base = base is not None and (base_now is None or base_now.blob is None)
            if now != variant or lost_base:
                return False  # changed by someone else meanwhile; it stays as it is
            store.blobs.put(draft, blob)
            records.rebase(variant.id, base=base_now, blob=blob, stored_bytes=sizes.stored_bytes)
    return True


def _saves(sizes: Sizes) -> bool:
    return sizes.num_against > 0 and sizes.stored_bytes < sizes.alone_bytes
