"""Configuration is the objects: YAML, JSON and ``--set`` load strictly into frozen dataclasses.

The one place, with `tagged`, that knows pydantic. An unknown key, a key twice, a wrong type or an unknown
word is a `ConfigError` that names the file, the line, the key, and the nearest right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from headwater.core import settings as command_line
from headwater.core.complaint import Origin, complain, said_by
from headwater.core.errors import ConfigError, HeadwaterError
from headwater.core.plain import to_json
from headwater.core.registry import Registered
from headwater.core.yaml import dump, parse

T = TypeVar("T")


def load(kind: type[T], path: Path, *, settings: Iterable[str] = ()) -> T:
    """Read a YAML or JSON file into `kind`, then apply ``key.path=value`` settings.

    Raised: `ConfigError` with file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file.", where=str(path), remedy=f"Relative paths start from {Path.cwd()}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read as a text ({error}).", where=str(path)) from error
    return loads(kind, text, settings=settings, name=str(path))


def loads(kind: type[T], text: str, *, settings: Iterable[str] = (), name: str = "<text>") -> T:
    """Read a YAML or JSON text into `kind`; `name` stands in error messages for the file."""
    tree, node = parse(text, name=name)
    if not isinstance(tree, dict):
        raise ConfigError("a configuration is a mapping of keys to values.", where=name)
    changed = {command_line.apply(tree, setting): setting for setting in settings}
    return _validate(kind, tree, Origin(name, node, changed))


def validate(kind: type[T], tree: Mapping[str, Any] | str, *, name: str = "<value>") -> T:
    """Turn plain dicts, lists and scalars into `kind`; numbers stay numbers and texts stay texts."""
    return _validate(kind, tree, Origin(name))


def to_tree(value: Any) -> Any:
    """Return dicts, lists and scalars that `validate` turns back into an equal value.

    A member of a family comes out without its word, as its own class reads it; `to_family_tree` keeps the word.
    """
    from headwater.core.tagged import adapter

    return adapter(type(value)).dump_python((value,), mode="json")[0]


def to_family_tree(member: Registered) -> dict[str, Any]:
    """Return ``{word: {parameters}}``, which `validate` reads as the family of `member`."""
    return {member.kind: to_tree(member)}


def dumps(value: Any) -> str:
    """Return the YAML text that `loads` reads back."""
    return dump(to_tree(value))


def schema(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of `kind`, for editors."""
    from headwater.core.tagged import adapter, generator

    whole = adapter(kind).json_schema(schema_generator=generator())
    (inner,) = whole["prefixItems"]
    return {**inner, "$defs": whole.get("$defs", {})}


def _validate(kind: type[T], tree: Any, origin: Origin) -> T:
    from pydantic import ValidationError

    from headwater.core.tagged import adapter

    try:
        text = to_json([tree])
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"holds what JSON cannot say ({error}).", where=origin.name) from error
    try:
        (value,) = adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        found = [{**one, "loc": one["loc"][1:]} for one in error.errors(include_url=False)]
        raise complain(found, tree=tree, schema=schema(kind), origin=origin) from error
    except HeadwaterError as error:  # of no dataclass, so nothing knows at which key
        raise ConfigError(said_by(error), where=origin.where(()), remedy=error.remedy) from error
    checked: T = value
    return checked
