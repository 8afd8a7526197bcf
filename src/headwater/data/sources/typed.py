"""The types of columns that a text format has to be told, or finds out from its first lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean

Types: TypeAlias = tuple[tuple[str, Any], ...]
"""Column names and Arrow types."""


def check_types(types: Mapping[str, Any] | None, *, where: str) -> Types:
    """Turn names such as ``"int64"``, ``"string"`` and ``"timestamp[ms]"`` into Arrow types."""
    return tuple((name, _type(name, kind, where)) for name, kind in (types or {}).items())


def check_names(names: Sequence[str] | None, *, argument: str, where: str) -> tuple[str, ...] | None:
    """Refuse one text in place of a list of names, and a name given twice."""
    if isinstance(names, str):
        raise DataError(
            f"{argument}={names!r} is one text.", where=where, remedy=f"Write {argument}=[{names!r}]."
        )
    if names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise DataError(f"{argument} names `{twice}` twice.", where=where, remedy="Name each column once.")
    return None if names is None else tuple(names)


def missing_column(name: str, known: Sequence[str], *, where: str) -> DataError:
    """The error for a column that a file does not have."""
    return DataError(f"there is no column `{name}`.", where=where, remedy=did_you_mean(name, list(known)))


def _type(name: str, kind: Any, where: str) -> Any:
    import pyarrow as pa

    if isinstance(kind, pa.DataType):
        return kind
    try:
        return pa.type_for_alias(str(kind))
    except ValueError:
        raise DataError(
            f"types: {name!r} is {kind!r}, which is no type.",
            where=where,
            remedy="Write 'int64', 'float32', 'string', 'bool', 'date32', 'timestamp[ms]' or a pyarrow type.",
        ) from None
