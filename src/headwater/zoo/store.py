"""What the parts of a zoo share: the catalogue, the blobs, the training sets, and how to find a variant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from headwater.core.clock import Clock
from headwater.core.errors import ZooError
from headwater.core.registry import did_you_mean
from headwater.zoo import chain
from headwater.zoo.blobs import Blobs
from headwater.zoo.catalogue import Catalogue
from headwater.zoo.damage import corrupt
from headwater.zoo.records import Records
from headwater.zoo.training_sets import TrainingSets
from headwater.zoo.variant import Variant, number_of


class VariantDeletedError(ZooError):
    """Raised when a variant is asked for that was deleted."""


@dataclass(frozen=True)
class Store:
    """The places and limits of one zoo."""

    path: Path
    catalogue: Catalogue
    blobs: Blobs
    training_sets: TrainingSets
    max_chain: int
    clock: Clock

    def find(self, records: Records, wanted: Variant | str, *, deleted: bool = False) -> Variant:
        """Return a variant by id or name. Raised: `ZooError` when there is none, or it was deleted."""
        text = wanted.id if isinstance(wanted, Variant) else wanted
        if not isinstance(text, str):
            raise ZooError(f"{wanted!r} is neither a variant nor its id or name.", where=str(self.path))
        found = records.get(text) if number_of(text) is not None else records.named(text)
        if found is None:
            hint = did_you_mean(text, [*records.names(), *(v.id for v in records.all()[-5:])])
            raise ZooError(f"there is no variant {text!r}.", where=str(self.path), remedy=hint)
        if found.deleted and not deleted:
            raise VariantDeletedError(
                f"{found} was deleted.", where=str(self.path), remedy="Use one of those that zoo ls shows."
            )
        return found

    @contextlib.contextmanager
    def opened(self, wanted: Variant | str) -> Iterator[chain.Chain]:
        """Open the files that rebuild a visible variant."""
        with contextlib.ExitStack() as stack:
            yield self._open(wanted, stack)

    def _open(
        self, wanted: Variant | str, stack: contextlib.ExitStack, before: list[Variant] | None = None
    ) -> chain.Chain:
        layers = self._layers(wanted)
        try:
            return stack.enter_context(chain.opened(layers, self.blobs, self._refuse))
        except FileNotFoundError:
            # A collection may have moved the variant to another file after we read its row: look once more.
            if layers != before:
                return self._open(wanted, stack, layers)
            there = set(self.blobs.list())
            missing = next((layer for layer in layers if layer.blob not in there), layers[0])
            self._refuse(layers[0], missing, "it is missing")

    def _layers(self, wanted: Variant | str) -> list[Variant]:
        with self.catalogue.reading() as records:
            layers = [self.find(records, wanted)]
            while layers[-1].base is not None:
                layers.append(self.find(records, layers[-1].base, deleted=True))
        return layers

    def _refuse(self, wanted: Variant, broken: Variant, problem: str) -> NoReturn:
        with self.catalogue.reading() as records:
            variants = records.all(deleted=True)
        blob = broken.blob or ""
        raise corrupt(wanted, problem=problem, blob=blob, file=self.blobs.where(blob), variants=variants)
