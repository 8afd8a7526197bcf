"""How pydantic reads and writes a family's members: ``{word: {parameters}}``, or the bare word."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from headwater.core.errors import HeadwaterError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema
    from pydantic_core import CoreSchema

_open: ContextVar[frozenset[str]] = ContextVar("_open", default=frozenset())
_BARE = "<bare>"  # no member's word, as those are put between < and >, which keeps locations unambiguous


def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return pydantic's reader and writer of a tuple of one `kind`.

    The tuple is there because a plain dataclass takes its settings from what it stands in: without "forbid"
    a misspelt key of it would be swallowed, without "constants" infinity would be written as null.
    """
    return _adapter(kind)


def forget_adapters() -> None:
    """Have adapters made anew: they list the words that were known."""
    _adapter.cache_clear()


@functools.lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic_core import SchemaValidator

    alone: Any = GenericAlias(tuple, (kind,))
    made = TypeAdapter(alone, config=ConfigDict(extra="forbid", ser_json_inf_nan="constants"))
    made.validator = SchemaValidator(_located(made.core_schema), config={"extra_fields_behavior": "forbid"})
    return made


def _located(schema: Any) -> Any:
    """Return `schema` in which what a ``__post_init__`` refuses is found at the place of its value."""
    if isinstance(schema, list):
        return [_located(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {"default", "metadata", "serialization"} if isinstance(schema.get("type"), str) else set()
    copied = {key: one if key in own else _located(one) for key, one in schema.items()}
    if copied.get("type") != "dataclass" or not copied.get("post_init") or not _checks_alone(copied):
        return copied
    # Who refers to the dataclass must come by the check. A wrapper would do too, but for it JSON turns into
    # Python's values, where strictness takes no list for a tuple.
    ref = {"ref": copied.pop("ref")} if "ref" in copied else {}
    inner = {**copied, "post_init": False, "schema": {**copied["schema"], "collect_init_only": False}}
    check = {"type": "function-after", "function": {"type": "no-info", "function": _check}, "schema": inner}
    return check | ref


def _checks_alone(schema: Mapping[str, Any]) -> bool:
    fields = schema["schema"].get("fields")
    return fields is not None and not any(one.get("init_only") for one in fields)


def _check(value: Any) -> Any:
    from pydantic_core import PydanticCustomError

    try:
        value.__post_init__()
    except HeadwaterError as error:
        raise PydanticCustomError("refused", "refused", {"error": error}) from error
    return value


def family_schema(family: str, known: Mapping[str, type[Any]], handler: GetCoreSchemaHandler) -> CoreSchema:
    """A family is one of ``{word: member}``; members may hold further members of the same family."""
    from pydantic_core import core_schema

    ref = f"headwater.{family}"
    if ref in _open.get():
        return core_schema.definition_reference_schema(ref)
    token = _open.set(_open.get() | {ref})
    try:
        choices = {f"<{word}>": _wrapped(word, cls, handler) for word, cls in known.items()}
    finally:
        _open.reset(token)
    choices[_BARE] = _bare(known)
    return core_schema.no_info_after_validator_function(
        lambda value: next(iter(value.values())),
        core_schema.tagged_union_schema(choices, discriminator=_tag),
        ref=ref,
        serialization=core_schema.plain_serializer_function_ser_schema(dump),
    )


def dump(value: Any) -> Any:
    """Return ``{word: {parameters}}`` of a member, and the same of members in a tuple or list."""
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    if not (getattr(value, "family", "") and getattr(value, "kind", "")):
        return value
    return {value.kind: adapter(type(value)).dump_python((value,), mode="json")[0]}


def _tag(value: Any) -> str | None:
    if isinstance(value, str):
        return _BARE
    return f"<{next(iter(value))}>" if isinstance(value, dict) and len(value) == 1 else None


def _wrapped(word: str, cls: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
    from pydantic_core import core_schema

    field = core_schema.typed_dict_field(handler.generate_schema(cls), required=True)
    return core_schema.typed_dict_schema({word: field}, extra_behavior="forbid")


def _bare(known: Mapping[str, type[Any]]) -> CoreSchema:
    """A member whose parameters all have defaults may stand as its word alone."""
    from pydantic_core import PydanticCustomError, core_schema

    wanting = {word: _required(cls) for word, cls in known.items()}

    def build(word: str, _: Callable[[Any], Any]) -> dict[str, Any]:
        if word not in known:
            raise PydanticCustomError("unknown_word", "no such word", {"word": word, "known": list(known)})
        if wanting[word]:
            raise PydanticCustomError(
                "needs_parameters",
                "`{word}` needs `{wanting}`",
                {"word": word, "wanting": ", ".join(wanting[word])},
            )
        return {word: known[word]()}

    alone = [word for word in known if not wanting[word]]
    inner = core_schema.literal_schema(alone) if alone else core_schema.str_schema(min_length=1, max_length=0)
    return core_schema.no_info_wrap_validator_function(build, inner)


def _required(cls: type[Any]) -> list[str]:
    named = inspect.signature(cls).parameters.values()
    return [
        one.name
        for one in named
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]


def generator() -> type[GenerateJsonSchema]:
    """Return pydantic's generator of JSON Schema, taught to show a default member with its word."""
    from pydantic.json_schema import GenerateJsonSchema

    class WithWords(GenerateJsonSchema):
        def encode_default(self, dft: Any) -> Any:
            return super().encode_default(dump(dft))

    return WithWords
