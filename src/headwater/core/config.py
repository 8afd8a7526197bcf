"""Configuration is the objects: YAML, JSON and ``--set`` load strictly into frozen dataclasses.

The one place that knows pydantic. An unknown key, a wrong type or an unknown word is a `ConfigError` that
names the file, the line, the key, and the nearest right one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from headwater.core.errors import ConfigError
from headwater.core.registry import did_you_mean

T = TypeVar("T")
_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")


def load(kind: type[T], path: Path, *, settings: Iterable[str] = ()) -> T:
    """Read a YAML or JSON file into `kind`, then apply ``key.path=value`` settings.

    Raised: `ConfigError` with file and line.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise ConfigError("there is no such file.", where=str(path)) from None
    return loads(kind, text, settings=settings, name=str(path))


def loads(kind: type[T], text: str, *, settings: Iterable[str] = (), name: str = "<text>") -> T:
    """Read a YAML or JSON text into `kind`; `name` stands in error messages for the file."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {' '.join(str(error).split())}", where=name) from error
    if not isinstance(tree, dict):
        raise ConfigError("a configuration is a mapping of keys to values.", where=name)
    for setting in settings:
        _apply_setting(tree, setting)
    return validate(kind, tree, name=name, node=node)


def validate(kind: type[T], tree: Mapping[str, Any], *, name: str = "<value>", node: Any = None) -> T:
    """Turn plain dicts, lists and scalars into `kind`; numbers stay numbers and texts stay texts."""
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[T] = TypeAdapter(kind)
    try:
        return adapter.validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        # A misspelt key also makes the right one missing: the misspelling is what the user wants to hear of.
        first = min(error.errors(include_url=False), key=lambda found: found["type"] not in _UNKNOWN_KEY)
        raise _explain(first, kind, name, node, more=error.error_count() - 1) from error


def to_tree(value: Any) -> Any:
    """Return dicts, lists and scalars that `validate` turns back into an equal value."""
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")


def dumps(value: Any) -> str:
    """Return the YAML text that `loads` reads back."""
    return yaml.safe_dump(to_tree(value), sort_keys=False)


def schema(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of `kind`, for editors."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).json_schema()


def _apply_setting(tree: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    if not equals:
        raise ConfigError(f"{setting!r} sets nothing.", remedy="Write --set key.path=value.")
    *parents, last = path.split(".")
    at: Any = tree
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        if not isinstance(at, dict | list):
            raise ConfigError(f"`{part}` holds a value, not keys.", where=f"--set {setting}")
    value = yaml.safe_load(text)
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value


def _explain(error: Any, kind: type[Any], name: str, node: Any, *, more: int) -> ConfigError:
    path = _without_tags(error["loc"])
    line = _line_of(node, path)
    where = f"{name}{f', line {line}' if line else ''}"
    shown = ".".join(str(part) for part in path) or "the whole"
    remedy = f"({more} more problems follow it.)" if more else ""
    if error["type"] in _UNKNOWN_KEY:
        hint = did_you_mean(str(path[-1]), _siblings(schema(kind), path[:-1]))
        return ConfigError(f"unknown key `{shown}`.", where=where, remedy=f"{hint} {remedy}".strip())
    if error["type"] == "union_tag_invalid":
        known = error["ctx"]["expected_tags"].replace("'", "").split(", ")
        hint = did_you_mean(error["ctx"]["tag"], [word for word in known if " " not in word])
        return ConfigError(f"`{shown}`: there is no `{error['ctx']['tag']}`.", where=where, remedy=hint)
    if error["type"] == "union_tag_not_found":
        return ConfigError(
            f"`{shown}` takes one word with its parameters, found {error['input']!r}.", where=where
        )
    if error["type"] in ("missing", "missing_argument"):
        return ConfigError(f"`{shown}` is missing.", where=where, remedy=remedy)
    return ConfigError(f"`{shown}`: {error['msg']} (found {error['input']!r}).", where=where, remedy=remedy)


def _without_tags(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Drop the repeated word that a tagged union puts into pydantic's location."""
    kept: list[Any] = []
    skip = False
    for part, after in zip(path, (*path[1:], None)):
        if not skip and isinstance(part, str) and part == after:
            skip = True
            continue
        skip = False
        kept.append(part)
    return tuple(kept)


def _line_of(node: Any, path: tuple[Any, ...]) -> int | None:
    """Return the line of the deepest node of `path` that the text really has."""
    line: int | None = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                return line
            key, node = pairs[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _siblings(root: dict[str, Any], path: tuple[Any, ...]) -> set[str]:
    """Return the property names that `root` (a JSON Schema) knows at `path`."""
    nodes = [root]
    for part in path:
        opened = [option for node in nodes for option in _options(node, root)]
        if isinstance(part, int):
            nodes = [option["items"] for option in opened if isinstance(option.get("items"), dict)]
        else:
            nodes = [option["properties"][part] for option in opened if part in option.get("properties", {})]
    return {word for node in nodes for option in _options(node, root) for word in option.get("properties", {})}


def _options(node: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _options(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    branches = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    return [node, *(option for branch in branches for option in _options(branch, root))]
