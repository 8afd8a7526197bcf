"""How a trainer's fields are written in YAML where Python callers may give more: words and import paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from headwater.core.errors import ConfigError
from headwater.core.registry import Registered, did_you_mean, members, resolve

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

M = TypeVar("M", bound=Registered)


@dataclass(frozen=True)
class WrittenAs:
    """A note for ``Annotated``: configuration writes the field as `kind`, whatever Python accepts besides."""

    kind: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.kind)


@dataclass(frozen=True)
class WrittenAsPath:
    """A note for ``Annotated``: a function that configuration names by import path.

    One without a path is written by the name it has, which tells it from others and cannot be read back.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.str_schema(serialization=core_schema.plain_serializer_function_ser_schema(name_of))


def as_member(root: type[M], value: M | str) -> M:
    """Return the member of `root`'s family that a bare word names; a member is returned as it is."""
    if not isinstance(value, str):
        return value
    known = members(root.family)
    if value not in known:
        raise ConfigError(f"there is no `{value}` among {root.family}.", remedy=did_you_mean(value, known))
    found = known[value]()
    if not isinstance(found, root):
        raise ConfigError(f"`{value}` is a {type(found).__name__}, which is no {root.__name__}.")
    return found


def as_function(value: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that an import path names; a function is returned as it is."""
    found = resolve(value) if isinstance(value, str) else value
    if not callable(found):
        raise ConfigError(
            f"{found!r} cannot be called.", where=str(value), remedy="Name a function or a class."
        )
    return found


def name_of(value: str | Callable[..., Any]) -> str:
    """Return what to call a function in messages and fingerprints, also when it has no import path."""
    if isinstance(value, str):
        return value
    return f"{getattr(value, '__module__', '?')}:{getattr(value, '__qualname__', type(value).__qualname__)}"
