"""The rows of the catalogue, read and written inside one transaction. SQL that every engine speaks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from headwater.zoo.variant import Variant, id_of, number_of

tables = sa.MetaData()

about = sa.Table(
    "zoo_about",
    tables,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("identity", sa.String(32), nullable=False),
)
training_sets = sa.Table(
    "zoo_training_sets",
    tables,
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("num_keys", sa.BigInteger, nullable=False),
    sa.Column("first_key", sa.BigInteger),
    sa.Column("last_key", sa.BigInteger),
)
variants = sa.Table(
    "zoo_variants",
    tables,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200)),
    sa.Column("claim", sa.String(200), unique=True),  # the name, while visible: deleting frees it
    sa.Column("parent", sa.Integer, sa.ForeignKey("zoo_variants.number"), index=True),
    sa.Column("base", sa.Integer, sa.ForeignKey("zoo_variants.number"), index=True),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("blob", sa.String(32), index=True),  # null once collected
    sa.Column("stored_bytes", sa.BigInteger, nullable=False),
    sa.Column("full_bytes", sa.BigInteger, nullable=False),
    sa.Column("content", sa.String(32), nullable=False, index=True),
    sa.Column("training_set", sa.String(32), sa.ForeignKey("zoo_training_sets.digest"), index=True),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("deleted_us", sa.BigInteger),
)


@dataclass(frozen=True)
class TrainingSet:
    """What the catalogue knows of a training set, so that most need not be opened."""

    digest: str
    num_keys: int
    first_key: int | None
    last_key: int | None


class Records:
    """The catalogue inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @staticmethod
    def create(connection: sa.Connection) -> None:
        """Create the tables that are missing."""
        tables.create_all(connection)

    def take_turn(self) -> None:
        """Wait for other writers (PostgreSQL; SQLite has done so at the beginning of the transaction)."""
        self._connection.execute(sa.select(about.c.id).with_for_update()).all()

    def identity(self) -> tuple[int, str] | None:
        """Return format and identity of the zoo, None before `identify`."""
        row = self._connection.execute(sa.select(about.c.format, about.c.identity)).one_or_none()
        return None if row is None else (row.format, row.identity)

    def identify(self, version: int, identity: str) -> None:
        """Give the zoo its identity, once."""
        self._connection.execute(sa.insert(about).values(id=1, format=version, identity=identity))

    def get(self, variant_id: str) -> Variant | None:
        """Return a variant, deleted or not."""
        return self._one(variants.c.number == number_of(variant_id))

    def named(self, name: str) -> Variant | None:
        """Return the visible variant of this name."""
        return self._one(variants.c.claim == name)

    def all(self, *, deleted: bool = False) -> list[Variant]:
        """Return the variants in the order of adding."""
        query = sa.select(variants).order_by(variants.c.number)
        rows = self._connection.execute(query if deleted else query.where(variants.c.deleted_us.is_(None)))
        return [_variant(row) for row in rows]

    def names(self) -> list[str]:
        """Return the names in use, for suggestions."""
        return [str(name) for name in self._connection.scalars(sa.select(variants.c.claim)) if name]

    def add(self, *, facts: str, created_us: int, **known: Any) -> Variant:
        """Write a new variant under the next number. Numbers of deleted variants are never used again."""
        last = self._connection.scalar(sa.select(sa.func.max(variants.c.number)))
        number = (last or 0) + 1
        for word in ("parent", "base"):
            known[word] = None if known[word] is None else number_of(known[word])
        self._connection.execute(
            sa.insert(variants).values(
                number=number, claim=known["name"], facts=facts, created_us=created_us, **known
            )
        )
        added = self.get(id_of(number))
        if added is None:
            raise LookupError(f"this is a bug in headwater: variant {number} is not where it was written")
        return added

    def hide(self, variant_id: str, *, deleted_us: int) -> None:
        """Mark as deleted and free the name."""
        self._update(variant_id, deleted_us=deleted_us, claim=None)

    def forget_blobs(self, variant_ids: Iterable[str]) -> None:
        """Say that the bytes of these variants are gone."""
        for variant_id in variant_ids:
            self._update(variant_id, blob=None)

    def rebase(self, variant_id: str, *, base: Variant | None, blob: str, stored_bytes: int) -> None:
        """Point a variant at its new file; the depths of all that is built on it follow."""
        number = None if base is None else number_of(base.id)
        self._update(variant_id, base=number, blob=blob, stored_bytes=stored_bytes)
        built_on = defaultdict[str | None, list[str]](list)
        for variant in self.all(deleted=True):
            built_on[variant.base].append(variant.id)
        todo = [(variant_id, 0 if base is None else base.depth + 1)]
        while todo:
            reached, depth = todo.pop()
            self._update(reached, depth=depth)
            todo.extend((above, depth + 1) for above in built_on[reached])

    def blobs(self) -> set[str]:
        """Return the digests of all files that a variant refers to."""
        rows = self._connection.scalars(sa.select(variants.c.blob).where(variants.c.blob.is_not(None)))
        return {str(digest) for digest in rows}

    def remember(self, known: TrainingSet) -> None:
        """Write down a training set, unless it is known."""
        query = sa.select(training_sets.c.digest).where(training_sets.c.digest == known.digest)
        if self._connection.scalar(query) is None:
            self._connection.execute(sa.insert(training_sets).values(**vars(known)))

    def training_sets(self, *, key: int | None = None) -> list[TrainingSet]:
        """Return the training sets; with `key`, those whose range includes it."""
        query = sa.select(training_sets).order_by(training_sets.c.digest)
        if key is not None:
            query = query.where(training_sets.c.first_key <= key, training_sets.c.last_key >= key)
        return [TrainingSet(**row._mapping) for row in self._connection.execute(query)]

    def _one(self, condition: sa.ColumnElement[bool]) -> Variant | None:
        row = self._connection.execute(sa.select(variants).where(condition)).one_or_none()
        return None if row is None else _variant(row)

    def _update(self, variant_id: str, **values: Any) -> None:
        query = sa.update(variants).where(variants.c.number == number_of(variant_id))
        self._connection.execute(query.values(**values))


def _variant(row: sa.Row[Any]) -> Variant:
    return Variant(
        id=id_of(row.number),
        name=row.name,
        parent=None if row.parent is None else id_of(row.parent),
        base=None if row.base is None else id_of(row.base),
        depth=row.depth,
        stored_bytes=row.stored_bytes,
        full_bytes=row.full_bytes,
        content=row.content,
        created=np.datetime64(row.created_us, "us"),
        training_set=row.training_set,
        facts=json.loads(row.facts),
        blob=row.blob,
        deleted=row.deleted_us is not None,
    )
