"""What the validator found, as one sentence: file, line, key, and the nearest right one."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.core.errors import ConfigError, HeadwaterError
from headwater.core.registry import did_you_mean
from headwater.core.yaml import Node, line_of

Path = tuple[str | int, ...]
_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
_MISSING = ("missing", "missing_argument")
# What would be of the wanted type if its quotes were taken away.
_BARE = {
    "int_type": re.compile(r"[-+]?[0-9][0-9_]*"),
    "float_type": re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"),
    "bool_type": re.compile("true|True|TRUE|false|False|FALSE"),
}
_NEVER = re.compile("(?!)")


@dataclass(frozen=True)
class Origin:
    """Where a tree came from: the file's name, its nodes, and the ``--set`` that changed a path."""

    name: str
    node: Node = None
    settings: Mapping[Path, str] | None = None

    def where(self, path: Path) -> str:
        """Return the setting that wrote `path`, or the file and line."""
        for changed, setting in (self.settings or {}).items():
            if path[: len(changed)] == changed:
                return f"--set {setting}"
        line = line_of(self.node, path)
        return f"{self.name}, line {line}" if line else self.name


def complain(found: Sequence[Any], *, tree: Any, schema: Mapping[str, Any], origin: Origin) -> ConfigError:
    """Return the error for the first of pydantic's findings, and say how many follow it."""
    # A misspelt key also makes the right one missing: the misspelling is what the user wants to hear of.
    # And of a union's branches, the one that took all keys and then refused.
    first = min(found, key=lambda one: (one["type"] not in _UNKNOWN_KEY, one["type"] != "refused"))
    path = _real_path(first["loc"], tree, keep_last=first["type"] in _MISSING)
    problem, hint = _say(first, path, schema)
    more = f"({len(found) - 1} more to mend after it.)" if len(found) > 1 else ""
    return ConfigError(problem, where=origin.where(path), remedy=f"{hint} {more}".strip())


def said_by(error: HeadwaterError) -> str:
    """Return the problem with the place that the error names, and without its remedy."""
    return f"{error.where}: {error.problem}" if error.where else error.problem


def _say(one: Mapping[str, Any], path: Path, schema: Mapping[str, Any]) -> tuple[str, str]:
    key = f"`{'.'.join(map(str, path))}`" if path else "the whole"
    kind, value, context = one["type"], one["input"], one.get("ctx", {})
    if kind == "refused":
        error = context["error"]
        return f"{key}: {said_by(error)}" if path else said_by(error), error.remedy
    if kind in _UNKNOWN_KEY:
        return f"unknown key {key}.", did_you_mean(str(path[-1]), siblings(schema, path[:-1]))
    if kind in _MISSING:
        needed = _written(path, schema)
        return f"{key} is missing.", f"Add `{needed}`." if needed else ""
    if kind == "unknown_word":
        return f"{key}: there is no `{context['word']}`.", did_you_mean(context["word"], context["known"])
    if kind == "union_tag_invalid":
        known = re.findall(r"'<(.*?)>'", context["expected_tags"])
        word = context["tag"].strip("<>")
        return f"{key}: there is no `{word}`.", did_you_mean(word, set(known) - {"bare"})
    if kind == "needs_parameters":
        return (
            f"{key}: {one['msg']}.",
            f"Write {context['word']}: {{{context['wanting'].split(', ')[0]}: ...}}.",
        )
    if kind == "union_tag_not_found":
        return f"{key} takes one word with its parameters, found {reprlib.repr(value)}.", ""
    if kind == "literal_error" and isinstance(value, str):
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"{key}: there is no `{value}`.", did_you_mean(value, known)
    return f"{key}: {one['msg']} (found {reprlib.repr(value)}).", _remedy(kind, value, path, schema)


def _remedy(kind: str, value: Any, path: Path, schema: Mapping[str, Any]) -> str:
    """Return how to write what has the wrong type, if that is known."""
    name = str(path[-1]) if path else ""
    if isinstance(value, str) and _BARE.get(kind, _NEVER).fullmatch(value):
        return "Write it without quotes."
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "Write it in quotes."
    if kind in ("tuple_type", "list_type") and name:
        return f"Write `{name}: [...]`."
    if kind not in ("dataclass_type", "dict_type"):
        return ""
    known = ", ".join(sorted(siblings(schema, path)))
    if _required(schema, path):
        return f"Write `{_written(path, schema)}`."
    return f"It takes: {known}." if known else f"Write `{name}: {{key: value}}`."


def _written(path: Path, schema: Mapping[str, Any]) -> str:
    """Return the last key of `path` with the keys that must stand under it; "" for a place in a list."""
    if not path or isinstance(path[-1], int):
        return ""
    inner = ", ".join(f"{word}: ..." for word in _required(schema, path))
    return f"{path[-1]}: {{{inner}}}" if inner else f"{path[-1]}: ..."


def _real_path(loc: Sequence[str | int], tree: Any, *, keep_last: bool) -> Path:
    """Drop what pydantic puts into a location besides keys: the names of a union's branches."""
    path: list[str | int] = []
    at = tree
    for part in loc:
        if isinstance(at, Mapping) and part in at:
            at = at[part]
        elif isinstance(at, Mapping) and str(part) in map(str, at):
            at = next(value for key, value in at.items() if str(key) == str(part))
        elif isinstance(at, list | tuple) and isinstance(part, int) and part < len(at):
            at = at[part]
        else:
            continue
        path.append(part)
    if keep_last and (not path or len(path) < len(loc)) and loc:
        path.append(loc[-1])
    return tuple(path)


def siblings(root: Mapping[str, Any], path: Path) -> set[str]:
    """Return the property names that `root` (a JSON Schema) knows at `path`."""
    return {word for option in _at(root, path) for word in option.get("properties", {})}


def _required(root: Mapping[str, Any], path: Path) -> list[str]:
    """Return the keys without which no value may stand at `path`; none where there are several forms."""
    wanting = [option["required"] for option in _at(root, path) if option.get("required")]
    return list(wanting[0]) if len(wanting) == 1 else []


def _at(root: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    nodes: list[Any] = [root]
    for part in path:
        nodes = [inner for node in nodes for option in _options(node, root) for inner in _inside(option, part)]
    return [option for node in nodes for option in _options(node, root)]


def _inside(option: Mapping[str, Any], part: str | int) -> list[Any]:
    if part in option.get("properties", {}):
        return [option["properties"][part]]
    prefix = option.get("prefixItems", ())
    if isinstance(part, int) and part < len(prefix):
        return [prefix[part]]
    rest = option.get("items" if isinstance(part, int) else "additionalProperties")
    return [rest] if isinstance(rest, Mapping) else []


def _options(node: Mapping[str, Any], root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "$ref" in node:
        return _options(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    branches = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    return [node, *(option for branch in branches for option in _options(branch, root))]
