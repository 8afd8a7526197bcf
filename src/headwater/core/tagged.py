"""How pydantic reads and writes a family's members: ``{word: {parameters}}``, or the bare word."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_open: ContextVar[frozenset[str]] = ContextVar("_open", default=frozenset())
_BARE = "a word"  # the tag of a member named without parameters


def family_schema(family: str, known: Mapping[str, type[Any]], handler: GetCoreSchemaHandler) -> CoreSchema:
    """A family is one of ``{word: member}``; members may hold further members of the same family."""
    from pydantic_core import core_schema

    ref = f"headwater.{family}"
    if ref in _open.get():
        return core_schema.definition_reference_schema(ref)
    token = _open.set(_open.get() | {ref})
    try:
        choices = {word: _wrapped(word, cls, handler) for word, cls in known.items()}
    finally:
        _open.reset(token)
    bare = core_schema.literal_schema(list(known) or [""])
    choices[_BARE] = core_schema.no_info_after_validator_function(lambda word: {word: known[word]()}, bare)
    return core_schema.no_info_after_validator_function(
        lambda value: next(iter(value.values())),
        core_schema.tagged_union_schema(choices, discriminator=_tag),
        ref=ref,
        serialization=core_schema.plain_serializer_function_ser_schema(_dump),
    )


def _tag(value: Any) -> str | None:
    if isinstance(value, str):
        return _BARE
    return next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None


def _wrapped(word: str, cls: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
    from pydantic_core import core_schema

    field = core_schema.typed_dict_field(handler.generate_schema(cls), required=True)
    return core_schema.typed_dict_schema({word: field}, extra_behavior="forbid")


def _dump(member: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter

    return {member.kind: TypeAdapter(type(member)).dump_python(member, mode="json")}
