"""Reading everything that is kept, to find what the disk has changed before somebody needs it."""

from __future__ import annotations

from headwater.core.errors import CorruptError
from headwater.zoo import rebuilding
from headwater.zoo.answers import Damage
from headwater.zoo.damage import VariantCorruptError, affected_by
from headwater.zoo.store import Store
from headwater.zoo.variant import Variant


def verify(store: Store) -> tuple[Damage, ...]:
    """Rebuild every visible variant, load every training set, and return the files that are not whole."""
    with store.catalogue.reading() as records:
        every = records.all(deleted=True)
    damages = [_of_variant(store, variant, every) for variant in every if not variant.deleted]
    sets = sorted({v.training_set for v in every if v.training_set is not None})
    damages += [_of_training_set(store, digest, every) for digest in sets]
    return tuple({damage.file: damage for damage in damages if damage is not None}.values())


def _of_variant(store: Store, variant: Variant, every: list[Variant]) -> Damage | None:
    try:
        with store.opened(variant) as chain:
            rebuilding.check(chain)
    except VariantCorruptError as error:
        blob = next(v.blob for v in every if v.blob is not None and store.blobs.where(v.blob) == error.where)
        return Damage(error.where, error.problem, affected_by(blob, every))
    return None


def _of_training_set(store: Store, digest: str, every: list[Variant]) -> Damage | None:
    try:
        store.training_sets.load(digest)
    except CorruptError as error:
        trained = tuple(v.id for v in every if v.training_set == digest and not v.deleted)
        return Damage(str(store.training_sets.path(digest)), error.problem, trained)
    return None
