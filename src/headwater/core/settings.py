"""``--set key.path=value``: one value of a configuration, changed from the command line."""

from __future__ import annotations

from typing import Any

from headwater.core.errors import ConfigError
from headwater.core.yaml import parse

Path = tuple[str | int, ...]


def apply(tree: dict[str, Any], setting: str) -> Path:
    """Change `tree` as `setting` says and return the path that it changed; numbers index lists.

    >>> tree = {"of": [{"every": 1}]}
    >>> apply(tree, "of.0.every=20_000"), tree
    (('of', 0, 'every'), {'of': [{'every': 20000}]})
    """
    words, equals, text = setting.partition("=")
    if not equals or not all(words.split(".")):
        raise ConfigError(f"{setting!r} sets nothing.", remedy="Write --set key.path=value.")
    where = f"--set {setting}"
    at: Any = tree
    path: list[str | int] = []
    *parents, last = words.split(".")
    for word in parents:
        step = _step(at, word, where=where)
        if isinstance(at, dict) and at.get(step) is None:
            at[step] = {}
        at = at[step]
        path.append(step)
        if not isinstance(at, dict | list):
            raise ConfigError(f"`{word}` holds {at!r}, not keys.", where=where, remedy="Set it as a whole.")
    step = _step(at, last, where=where)
    try:
        at[step] = parse(text, name=where)[0]
    except ConfigError as error:  # a setting has no lines
        raise ConfigError(error.problem, where=where, remedy=error.remedy) from error
    return (*path, step)


def _step(at: dict[str, Any] | list[Any], word: str, *, where: str) -> str | int:
    if isinstance(at, dict):
        return word
    if not word.isdecimal() or int(word) >= len(at):
        raise ConfigError(
            f"`{word}` is no place in a list of {len(at)}.",
            where=where,
            remedy=f"Count from 0 to {len(at) - 1}." if at else "Set the list as a whole.",
        )
    return int(word)
