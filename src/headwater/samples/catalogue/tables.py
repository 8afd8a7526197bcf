"""The tables. All carry the store's id, so that one PostgreSQL database serves many stores.

Segments are what lies on disk now; a version is a horizon of keys and the deletions up to it, so old
versions need no rows of their own here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData()

stores = Table(
    "samples_stores",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("format", BigInteger, nullable=False),
    Column("schema", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("next_key", BigInteger, nullable=False),
    Column("next_segment", BigInteger, nullable=False),
    Column("oldest_version", BigInteger, nullable=False),
)


def _of_store(name: str, *columns: Column[int] | Column[str] | Column[bytes], key: tuple[str, ...]) -> Table:
    return Table(
        name,
        metadata,
        Column("store", String(32), nullable=False),
        *columns,
        PrimaryKeyConstraint("store", *key),
        ForeignKeyConstraint(["store"], ["samples_stores.id"]),
    )


versions = _of_store(
    "samples_versions",
    Column("version", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("operation", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("next_key", BigInteger, nullable=False),
    Column("num_rows", BigInteger, nullable=False),
    key=("version",),
)

segments = _of_store(
    "samples_segments",
    Column("number", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_key", BigInteger, nullable=False),
    Column("stop_key", BigInteger, nullable=False),
    Column("num_rows", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("payload_name", Text),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("purged_version", BigInteger, nullable=False),
    key=("number",),
)

files = _of_store(
    "samples_files",
    Column("digest", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("first_key", BigInteger, nullable=False),
    Column("num_rows", BigInteger, nullable=False),
    Column("num_rejected", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    key=("digest",),
)
Index("samples_files_by_name", files.c.store, files.c.name)

deletions = _of_store(
    "samples_deletions",
    Column("version", BigInteger, nullable=False),
    Column("num_keys", BigInteger, nullable=False),
    Column("ranges", LargeBinary, nullable=False),  # int64 [R, 2], zlib: a run of keys costs a few bytes
    key=("version",),
)
