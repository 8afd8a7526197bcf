"""Families of plug-ins that a configuration names by a word, and objects named by import path.

A family is a base class; a member says its word once, where it is defined:

    class Policy(Registered, family="triggers"): ...

    @dataclass(frozen=True)
    class Amount(Policy, kind="amount"): ...

In YAML that member is ``amount: {every: 20000}``. Other packages add members through the entry-point
group ``headwater.<family>``; they are loaded when a word is looked up.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import os
import sysconfig
import traceback
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.core.errors import ConfigError, HeadwaterError
from headwater.core.tagged import family_schema, forget_adapters

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_FAMILIES: dict[str, dict[str, type[Registered]]] = {}


class Registered:
    """Base of a family's root and, through it, of each member."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid", "ser_json_inf_nan": "constants"}
    family: ClassVar[str] = ""
    kind: ClassVar[str] = ""

    def __init_subclass__(cls, *, family: str = "", kind: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        kind = kind or vars(cls).get("kind", "")  # dataclass(slots=True) makes a class anew, without words
        if family:
            cls.family = family
            _FAMILIES.setdefault(family, {})
        if kind:
            forget_adapters()
            cls.kind = kind
            taken = _FAMILIES[cls.family].setdefault(kind, cls)
            if not _is_same(taken, cls):
                raise ConfigError(
                    f"{cls.family} already has a {kind!r}, and it is {taken.__module__}:{taken.__qualname__}.",
                    where=f"{cls.__module__}:{cls.__qualname__}",
                    remedy="Choose another word.",
                )
            _FAMILIES[cls.family][kind] = cls

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if cls.kind:
            if not hasattr(cls, "__dataclass_fields__"):
                raise TypeError(f"{cls.__qualname__} must be a dataclass to be read from a configuration")
            return handler(source)
        known = {word: found for word, found in members(cls.family).items() if issubclass(found, cls)}
        is_root = "family" in vars(cls)
        return family_schema(cls.family if is_root else f"{cls.family}.{cls.__name__}", known, handler)


def members(family: str) -> dict[str, type[Registered]]:
    """Return the members of `family` by word, those of installed plug-ins included."""
    _load_plugins(family)
    return dict(sorted(_FAMILIES.get(family, {}).items()))


@functools.cache
def _load_plugins(family: str) -> None:
    for point in entry_points(group=f"headwater.{family}"):
        try:
            point.load()
        except Exception as error:  # a stranger's module may raise anything
            raise ConfigError(
                f"the plug-in {point.name!r} cannot be imported ({type(error).__name__}: {error}).",
                where=point.value,
                remedy="Mend or uninstall the package that brought it.",
            ) from error


def _is_same(one: type[Any], other: type[Any]) -> bool:
    """Whether a class was only defined anew: by ``dataclass(slots=True)``, a reload, or as ``__main__``."""
    modules = {one.__module__, other.__module__} - {"__main__"}
    return one.__name__ == other.__name__ and len(modules) <= 1  # slots: anew, and not yet a __qualname__


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests the nearest of `known`, or lists them.

    >>> did_you_mean("evry", ["every", "above"])
    'Did you mean `every`?'
    """
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Known here: {', '.join(choices)}." if choices else ""


def resolve(path: str) -> Any:
    """Return the object that ``"package.module:name"`` names.

    Raised: `ConfigError` naming the part that is missing, or the line at which its module cannot be imported.

    >>> resolve("math:floor")(2.5)
    2
    """
    module_name, _, name = path.partition(":")
    if not all(name.split(".")) or not all(module_name.split(".")):
        raise ConfigError(f"{path!r} is not an import path.", remedy="Write 'package.module:name'.")
    found = _imported(module_name, path)
    for part in name.split("."):
        if not hasattr(found, part):
            known = [word for word in dir(found) if not word.startswith("_")]
            raise ConfigError(f"{module_name} has no {part!r}.", where=path, remedy=did_you_mean(part, known))
        found = getattr(found, part)
    return found


def _imported(module_name: str, path: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # a user's module may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            raise ConfigError(
                f"there is no module {missing!r}.",
                where=path,
                remedy="Run from the folder that holds it, or install the package it is in.",
            ) from error
        said, remedy = str(error), "Install it, or mend the import." if missing else "Mend that line."
        if isinstance(error, SyntaxError):
            said = error.msg
        elif isinstance(error, HeadwaterError):
            said, remedy = error.problem, error.remedy or remedy
        last = ": ".join([type(error).__name__, *said.strip().splitlines()[-1:]])
        raise ConfigError(
            f"{module_name} cannot be imported: {last.rstrip('.')}.",
            where=_line_at_fault(error) or path,
            remedy=remedy,
        ) from error


def _line_at_fault(error: Exception) -> str:
    """Return file and line of the innermost frame that is not in Python, here, or in an installed package."""
    if isinstance(error, SyntaxError) and error.filename and not error.filename.startswith("<"):
        return f"{error.filename}:{error.lineno}"
    installed = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    strangers = ("<", *(f"{folder}{os.sep}" for folder in (*installed, str(Path(__file__).parents[1]))))
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if not frame.filename.startswith(strangers)]
    return f"{users[-1].filename}:{users[-1].lineno}" if users else ""


def path_of(value: Any) -> str:
    """Return the import path that `resolve` takes back to `value` (a function or class of a module)."""
    path = f"{getattr(value, '__module__', '')}:{getattr(value, '__qualname__', '')}"
    try:
        is_found = "__main__" not in path and resolve(path) is value
    except ConfigError:
        is_found = False
    if not is_found:
        raise ConfigError(
            f"{value!r} has no import path, so another process could not find it.",
            remedy="Define it at the top of a module and name it as 'package.module:name'.",
        )
    return path
