"""YAML as people mean it: a key once, the words and numbers of version 1.2, and the line of each value.

PyYAML follows version 1.1, in which the key ``on`` is true, ``1e-3`` is a text, ``1:30`` is ninety and
``2013-01-01`` is a date. Here they are a text, a number, a text and a text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from headwater.core.errors import ConfigError

Node = yaml.Node | None

# Besides the core schema of YAML 1.2, underscores may group digits (20_000), as in Python.
_INT = r"[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+"
_FLOAT = (
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (_INT, "-+0123456789"),
    "float": (_FLOAT, "-+0123456789."),
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": ("<<", "<"),
}


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own shape


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own shape

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Unquoted, these three are read back as line breaks.
        style = '"' if any(sign in data for sign in "\x85\u2028\u2029") else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)

for _tag, (_pattern, _first) in _WORDS.items():
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))


def parse(text: str, *, name: str) -> tuple[Any, Node]:
    """Return the value of a YAML (or JSON) text and the node that knows its lines.

    Raised: `ConfigError` for what is not YAML, and for a key that stands twice in one mapping.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _refuse_repetitions(node, name=name, seen=set())
        return (None if node is None else loader.construct_document(node)), node
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said, line = _fault(error, text)
        where = f"{name}, line {line}" if line else name
        raise ConfigError(f"not YAML: {said.rstrip('.')}.", where=where) from error


def _fault(error: Exception, text: str) -> tuple[str, int | None]:
    """Return what PyYAML found, without its own excerpt of the text, and the line."""
    if isinstance(error, yaml.reader.ReaderError):
        return error.reason, text.count("\n", 0, error.position) + 1
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split()), None
    said = ", ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    return said, mark.line + 1 if mark else None


def dump(value: Any) -> str:
    """Return the text that `parse` reads back."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def line_of(node: Node, path: tuple[str | int, ...]) -> int | None:
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


def _refuse_repetitions(node: Node, *, name: str, seen: set[int]) -> None:
    if node is None or id(node) in seen:  # an alias stands for a node that was looked at
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repetitions(item, name=name, seen=seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value in lines:
                raise ConfigError(
                    f"`{key.value}` stands here again, first in line {lines[key.value]}.",
                    where=f"{name}, line {line}",
                    remedy="Keep one of the two.",
                )
            lines[key.value if isinstance(key, yaml.ScalarNode) else ""] = line
            _refuse_repetitions(value, name=name, seen=seen)
