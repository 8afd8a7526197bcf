"""The zoo: versions of models, what each was trained from and on, in little space.

Start here. A variant's life: `add` (adding.py: digest, choose a base, compress, one transaction), `load`
(rebuilding.py: undo the differences, check), `delete` (hidden at once), `collect` (collecting.py: bytes freed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, get_args

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import ZooError
from headwater.core.selection import Selection
from headwater.zoo.answers import Collected, Damage, Lineage, Seen
from headwater.zoo.variant import Variant

if TYPE_CHECKING:
    from headwater.zoo.adding import Storage
    from headwater.zoo.store import Store
    from headwater.zoo.tensor import Bytes, Tensor

MAX_CHAIN = 4
"""Differences between a variant and the one stored in full; loading reads at most this many files more."""


def open(  # noqa: A001 - it reads as zoo.open(...)
    path: str | Path,
    *,
    catalogue: str | None = None,
    max_chain: int = MAX_CHAIN,
    create: bool = True,
    clock: Clock | None = None,
) -> Zoo:
    """Open the zoo in a folder, or begin one there.

    `catalogue` is the URL of a database for the lineage instead of the SQLite file in the folder.
    Raised: `ZooError` when there is none and ``create=False``, or when folder and catalogue are of two zoos.
    """
    from headwater.zoo.opening import open_store

    if max_chain < 0:
        raise ZooError(f"max_chain={max_chain} is below 0.", where="zoo.open", remedy="0 stores all in full.")
    return Zoo(
        open_store(Path(path), catalogue, max_chain=max_chain, create=create, clock=clock or WallClock())
    )


class Zoo:
    """A store of model versions with their lineage.

    Several processes may use one zoo at once, also to add. Variants are named by id, unique name, or `Variant`.

    >>> import numpy as np, tempfile
    >>> keep = open(tempfile.mkdtemp())
    >>> first = keep.add({"weight": np.ones((3, 4), np.float32)}, name="january")
    >>> second = keep.add({"weight": np.zeros((3, 4), np.float32)}, parent=first, facts={"auc": 0.7})
    >>> keep.load(second, framework="numpy")["weight"].sum(), keep.lineage(second).ancestors[0].name
    (np.float32(0.0), 'january')
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        """The zoo's folder."""
        return self._store.path

    def add(
        self,
        tensors: Mapping[str, Any] | str | Path,
        *,
        name: str | None = None,
        parent: Variant | str | None = None,
        selection: Selection | None = None,
        facts: Mapping[str, Any] | None = None,
        storage: Storage = "auto",
    ) -> Variant:
        """Keep a model: a dict of numpy arrays or torch tensors, or the path of a safetensors file.

        Adding the same content under the same name again returns the variant that is there, so a crashed
        caller simply repeats itself. ``storage="auto"`` keeps the difference to the parent where that is
        smaller, ``"delta"`` wherever the chain's bound allows one, ``"full"`` never.

        Raised: `ZooError` when the name is taken by another model, the parent is unknown or `facts` is not
        JSON; `StorageFullError` when the disk is full (nothing becomes visible).
        """
        from headwater.zoo import adding, safetensors
        from headwater.zoo.arrays import of_mapping
        from headwater.zoo.packing import digests_of

        adding.check_name(name)
        if storage not in get_args(adding.Storage):
            words = ", ".join(map(repr, get_args(adding.Storage)))
            raise ZooError(f"storage={storage!r} is unknown.", where="zoo.add", remedy=f"Use one of {words}.")
        with ExitStack() as stack:
            if isinstance(tensors, str | Path):
                content = stack.enter_context(safetensors.opened(Path(tensors)))
            else:
                content = of_mapping(tensors)
            digests = digests_of(content)
            wanted = adding.Wanted(
                content=content,
                digests=digests,
                digest=content.digest(digests),
                name=name,
                parent=parent,
                selection=selection,
                facts=adding.facts_text(facts),
                storage=storage,
            )
            return adding.add(self._store, wanted)

    def load(self, variant: Variant | str, *, framework: Literal["torch", "numpy"] = "torch") -> dict[str, Any]:
        """Return the tensors of a variant, in memory of their own, bit for bit as they were added.

        Raised: `VariantCorruptError` (a `CorruptError`) naming the damaged file and what else is lost with it.
        """
        from headwater.zoo import rebuilding

        convert = _converter(framework)
        with self._store.opened(variant) as chain:
            whole = rebuilding.load(chain)
        return {name: convert(name, tensor, flat) for name, (tensor, flat) in whole.items()}

    def export(self, variant: Variant | str, path: str | Path) -> Path:
        """Write a variant as a plain safetensors file that any other tool opens."""
        from headwater.zoo import rebuilding

        if not Path(path).parent.is_dir():
            raise ZooError(
                "the folder to export into is not there.", where=str(path), remedy="Create it first."
            )
        with self._store.opened(variant) as chain:
            rebuilding.export(chain, Path(path))
        return Path(path)

    def ls(self, *, deleted: bool = False) -> list[Variant]:
        """Return the variants in the order of adding; with `deleted`, the deleted ones among them."""
        with self._store.catalogue.reading() as records:
            return records.all(deleted=deleted)

    def show(self, variant: Variant | str) -> Variant:
        """Return one variant as it is now. Raised: `ZooError` when it is unknown or was deleted."""
        with self._store.catalogue.reading() as records:
            return self._store.find(records, variant)

    def lineage(self, variant: Variant | str) -> Lineage:
        """Return the ancestors of a variant up to the root, and its children."""
        from headwater.zoo.lineage import lineage

        return lineage(self._store, variant)

    def tree(self) -> str:
        """Return the lineage of all variants as text, one line each."""
        from headwater.zoo.lineage import tree

        return tree(self.ls(deleted=True))

    def training_set(self, variant: Variant | str) -> Selection | None:
        """Return what a variant (deleted or not) was trained on; None when it was not said."""
        with self._store.catalogue.reading() as records:
            digest = self._store.find(records, variant, deleted=True).training_set
        return None if digest is None else self._store.training_sets.load(digest)

    def which_models(self, key: int, *, deleted: bool = False) -> Seen:
        """Return the variants that saw the sample `key`: in their own training set, or through an ancestor.

        The answer outlives the sample and also the ancestors; `deleted` shows deleted variants too.
        """
        from headwater.zoo.lineage import which_models

        return which_models(self._store, int(key), deleted=deleted)

    def delete(self, variant: Variant | str) -> None:
        """Hide a variant and free its name; its bytes go with the next `collect`. Deleting twice is once."""
        with self._store.catalogue.writing() as records:
            found = self._store.find(records, variant, deleted=True)
            if not found.deleted:
                records.hide(found.id, deleted_us=round(self._store.clock.now() * 1e6))

    def collect(self, *, rebase: bool = False) -> Collected:
        """Free the bytes that no visible variant needs, and what killed writers left.

        With `rebase`, variants that are built on deleted ones are first stored anew, so that these can go.
        """
        from headwater.zoo.collecting import collect

        return collect(self._store, rebase=rebase)

    def verify(self) -> tuple[Damage, ...]:
        """Read everything, and return the files that are not as they were written, with what each affects."""
        from headwater.zoo.verifying import verify

        return verify(self._store)

    def describe(self) -> dict[str, Any]:
        """Return counts and sizes of the zoo as JSON values."""
        variants = self.ls(deleted=True)
        visible = [v for v in variants if not v.deleted]
        stored = {v.blob: v.stored_bytes for v in variants if v.blob is not None}
        return {
            "path": str(self.path),
            "num_variants": len(visible),
            "num_deleted": len(variants) - len(visible),
            "num_training_sets": len({v.training_set for v in visible} - {None}),
            "stored_bytes": sum(stored.values()),
            "full_bytes": sum(v.full_bytes for v in visible),
            "longest_chain": max((v.depth for v in visible), default=0),
            "max_chain": self._store.max_chain,
        }

    def close(self) -> None:
        """Close the catalogue; variants and loaded tensors stay usable."""
        self._store.catalogue.close()

    def __enter__(self) -> Zoo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Zoo({str(self.path)!r})"


def _converter(framework: str) -> Callable[[str, Tensor, Bytes], Any]:
    if framework == "torch":
        from headwater.zoo.torch import to_torch

        return to_torch
    if framework == "numpy":
        from headwater.zoo.arrays import to_numpy

        return to_numpy
    raise ZooError(f"framework={framework!r} is unknown.", where="zoo.load", remedy="Use 'torch' or 'numpy'.")
