"""Adding a variant: digest, choose a base, compress into a draft, then one short transaction makes it visible.

Everything slow happens before the transaction. A kill leaves at most a draft, or a file that no row refers to;
both are invisible and `collect` removes them.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np

from headwater.core.errors import CorruptError, ZooError
from headwater.core.selection import Selection
from headwater.zoo.blobs import Draft
from headwater.zoo.packing import Sizes, pack
from headwater.zoo.records import Records
from headwater.zoo.store import Store, VariantDeletedError
from headwater.zoo.tensor import Content
from headwater.zoo.variant import Variant, number_of

Storage: TypeAlias = Literal["auto", "full", "delta"]
_LATELY = 16  # versions looked back at for the size of a near difference


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `Zoo.add` was asked to add."""

    content: Content
    digests: Mapping[str, str]
    """Digest of each tensor."""
    digest: str
    """Digest of the model."""
    name: str | None
    parent: Variant | str | None
    selection: Selection | None
    facts: str
    storage: Storage


class _BaseGoneError(Exception):
    pass


@dataclass(frozen=True)
class Stored:
    """A finished draft."""

    draft: Draft
    blob: str
    sizes: Sizes
    base: Variant | None


def add(store: Store, wanted: Wanted) -> Variant:
    """Add a variant, or return the one that is there already under this name with this content."""
    while True:
        with store.catalogue.reading() as records:
            parent = None if wanted.parent is None else store.find(records, wanted.parent, deleted=True)
            known = _known(records, wanted, parent)
            base = None if wanted.storage == "full" else base_for(records, parent, store.max_chain)
            near_bytes = _near_bytes(records, parent, store.max_chain)
        if known is not None:
            return known
        # The base may be deleted or collected by someone else while we compress against it: then choose again.
        with (
            contextlib.suppress(_BaseGoneError),
            _stored(store, wanted, base, near_bytes) as stored,
            store.catalogue.writing() as records,
        ):
            return _commit(store, records, wanted, parent, stored)


def base_for(records: Records, parent: Variant | None, max_chain: int) -> Variant | None:
    """Return the nearest variant down the parent's chain that may carry one more difference.

    Deleted ones are passed over: a difference against them would hold their bytes here.
    """
    while parent is not None and (parent.deleted or parent.blob is None or parent.depth >= max_chain):
        parent = None if parent.base is None else records.get(parent.base)
    return parent


def facts_text(facts: Mapping[str, Any] | None) -> str:
    """Return facts as JSON. Raised: `ZooError` naming the value that JSON cannot hold."""
    try:
        return json.dumps(dict(facts or {}), default=_plain)
    except (TypeError, ValueError) as error:
        raise ZooError(
            f"facts are JSON values: {error}.",
            where="zoo.add(facts=...)",
            remedy="Convert it, or leave it out.",
        ) from error


def check_name(name: str | None) -> None:
    """Refuse names that an id or a terminal would trip over."""
    if name is not None and not (0 < len(name) <= 200 and name.isprintable() and number_of(name) is None):
        raise ZooError(
            f"{name!r} cannot be a name.",
            where="zoo.add(name=...)",
            remedy="Use 1 to 200 printable characters that do not look like an id (v000042).",
        )


def _known(records: Records, wanted: Wanted, parent: Variant | None) -> Variant | None:
    """Return what is there under this name, if it is the same. Raised: `ZooError` if it is something else."""
    known = None if wanted.name is None else records.named(wanted.name)
    if known is None:
        return None
    for word, ours, theirs in (
        ("content", wanted.digest, known.content),
        ("parent", parent and parent.id, known.parent),
        ("training set", None if wanted.selection is None else wanted.selection.digest, known.training_set),
    ):
        if ours is not None and ours != theirs:
            raise ZooError(
                f"{known} is there already with another {word} ({theirs}, not {ours}).",
                where=f"zoo.add(name={wanted.name!r})",
                remedy="Variants never change: choose another name, or delete the old one first.",
            )
    return known


@contextlib.contextmanager
def _stored(store: Store, wanted: Wanted, base: Variant | None, near_bytes: int | None) -> Iterator[Stored]:
    """Compress into a draft that is gone after the ``with`` unless it was put."""
    with contextlib.ExitStack() as stack:
        stored = None if base is None else _as_delta(store, wanted, base, stack)
        if stored is None or (
            wanted.storage == "auto" and not _pays(stored.sizes, near_bytes, store.max_chain)
        ):
            draft = stack.enter_context(store.blobs.draft())
            stored = Stored(draft, *pack(wanted.content, wanted.digests, draft, against=None), None)
        yield stored


def _as_delta(store: Store, wanted: Wanted, base: Variant, stack: contextlib.ExitStack) -> Stored | None:
    """Return the difference, or None where there is nothing in common, or no sound base to compare with."""
    try:
        with store.opened(base) as chain:
            draft = stack.enter_context(store.blobs.draft())
            stored = Stored(draft, *pack(wanted.content, wanted.digests, draft, against=chain), base)
    except CorruptError as error:
        if wanted.storage == "delta":
            raise
        # A new model must not be lost because an old one is.
        warnings.warn(f"stored in full, because its base is damaged: {error}", RuntimeWarning, stacklevel=2)
        return None
    except VariantDeletedError as error:
        raise _BaseGoneError from error
    return stored if stored.sizes.num_against else None


def _pays(sizes: Sizes, near_bytes: int | None, max_chain: int) -> bool:
    """Return whether a difference is smaller than storing in full, now and over the versions to come.

    Where the parent's chain is at its bound, the base is further back and differences grow with the distance.
    A full version costs more once and lets the next `max_chain` be near again: compare the averages.
    """
    if near_bytes is None:
        return sizes.stored_bytes < sizes.alone_bytes
    return sizes.stored_bytes < (sizes.alone_bytes + max_chain * near_bytes) / (max_chain + 1)


def _near_bytes(records: Records, parent: Variant | None, max_chain: int) -> int | None:
    """Return what a difference to a near base took lately, if the parent's chain is at its bound."""
    if parent is None or parent.depth < max_chain or max_chain == 0:
        return None
    sizes: list[int] = []
    step: Variant | None = parent
    while step is not None and step.base is not None and len(sizes) < _LATELY:
        sizes.append(step.stored_bytes)
        step = None if step.parent is None else records.get(step.parent)
    return min(sizes, default=None)


def _commit(store: Store, records: Records, wanted: Wanted, parent: Variant | None, stored: Stored) -> Variant:
    """Make it visible; whatever raises here, nothing is."""
    known = _known(records, wanted, parent)
    if known is not None:
        return known
    base = None if stored.base is None else records.get(stored.base.id)
    if stored.base is not None and (base is None or base.blob is None):
        raise _BaseGoneError
    store.blobs.put(stored.draft, stored.blob)
    training_set = None
    if wanted.selection is not None:
        records.remember(store.training_sets.put(wanted.selection))
        training_set = wanted.selection.digest
    return records.add(
        name=wanted.name,
        parent=parent and parent.id,
        base=base and base.id,
        depth=0 if base is None else base.depth + 1,
        blob=stored.blob,
        stored_bytes=stored.sizes.stored_bytes,
        full_bytes=wanted.content.size_bytes,
        content=wanted.digest,
        training_set=training_set,
        facts=wanted.facts,
        created_us=round(store.clock.now() * 1e6),
    )


def _plain(value: Any) -> Any:
    """Numbers and times as they come out of numpy."""
    if isinstance(value, np.generic):
        item = value.item()
        return str(value) if isinstance(value, np.datetime64 | np.timedelta64) else item
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} ({type(value).__name__}) is none")
