"""A user's function: what it is called, where it is written, what identifies it, and what went wrong in it."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import DataError


@dataclass(frozen=True, eq=False)
class Function:
    """A callable with its name, place and fingerprint.

    >>> def double(x): return 2 * x
    >>> Function(double).name
    'double'
    """

    call: Callable[..., Any]

    def __post_init__(self) -> None:
        if not callable(self.call):
            raise DataError(f"{self.call!r} is not a function.", remedy="Pass a function, not its result.")

    @property
    def name(self) -> str:
        """The name it was defined with; ``lambda`` for those without."""
        inner = _unwrapped(self.call)
        return str(getattr(inner, "__name__", type(inner).__name__)).replace("<lambda>", "lambda")

    @cached_property
    def place(self) -> str:
        """The file and line of its definition, or an empty text for built-ins."""
        code = _code_of(self.call)
        return f"{_short(code.co_filename)}:{code.co_firstlineno}" if code else ""

    @cached_property
    def fingerprint(self) -> str:
        """A digest of module, name, code, constants, defaults and closed-over values; not of globals."""
        return digest_of(_identity(self.call, ()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Take along what another process cannot find out: where the function was written, and what it was."""
        return _elsewhere, (self.call, self.place, self.fingerprint)

    def where(self, operator: str, at: str = "") -> str:
        """Operator, name, place and element, as errors begin."""
        place = f" ({self.place})" if self.place else ""
        return f".{operator}({self.name}){place}{f', {at}' if at else ''}"

    def failed(self, operator: str, error: Exception, at: str) -> DataError:
        """The error that tells which function failed in which operator at which element."""
        raised = _line_raised(error, self.call)
        return DataError(
            f"{type(error).__name__}: {error}{raised}.",
            where=self.where(operator, at),
            remedy="Mend the function, or drop such elements with .filter() before it.",
        )


def _elsewhere(call: Callable[..., Any], place: str, fingerprint: str) -> Function:
    function = Function(call)
    vars(function).update(place=place, fingerprint=fingerprint)
    return function


def _unwrapped(call: Any) -> Any:
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)


def _code_of(call: Any) -> CodeType | None:
    inner = _unwrapped(call)
    inner = getattr(inner, "__func__", inner)
    if not hasattr(inner, "__code__"):
        inner = vars(type(inner)).get("__call__")  # an object that is called as a function
    return getattr(inner, "__code__", None)


def _line_raised(error: Exception, call: Any) -> str:
    """Say at which line of the function's own file the error came out."""
    code = _code_of(call)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if code and frame.filename == code.co_filename]
    return f" (raised at line {lines[-1]})" if lines and code and lines[-1] != code.co_firstlineno else ""


def _short(path: str) -> str:
    """The path from the current folder, where it lies below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _identity(value: Any, seen: tuple[int, ...]) -> Any:
    """Turn a function and what it holds into JSON values that change when it does."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return ["array", digest_of(value)]
    if id(value) in seen:
        return "itself"
    inner = (*seen, id(value))
    if isinstance(value, functools.partial):
        return ["partial", *(_identity(part, inner) for part in (value.func, value.args, value.keywords))]
    if isinstance(value, CodeType):
        return ["code", value.co_code.hex(), list(value.co_names), _identity(value.co_consts, inner)]
    if isinstance(value, tuple | list):
        return [_identity(part, inner) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(repr(part) for part in value)
    if isinstance(value, dict):
        return [[repr(name), _identity(part, inner)] for name, part in value.items()]
    if inspect.isfunction(value):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        parts = (value.__code__, value.__defaults__, value.__kwdefaults__, cells)
        return [value.__module__, value.__qualname__, *(_identity(part, inner) for part in parts)]
    if inspect.ismethod(value):
        return ["method", _identity(value.__func__, inner), _identity(value.__self__, inner)]
    return _identity_of_object(value, inner)


def _identity_of_object(value: Any, seen: tuple[int, ...]) -> Any:
    kind = value if inspect.isclass(value) or inspect.isbuiltin(value) else type(value)
    name = [getattr(kind, "__module__", ""), getattr(kind, "__qualname__", ""), getattr(value, "__name__", "")]
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is None or inspect.isclass(value):
        return name
    return [*name, *(_identity(getattr(value, field), seen) for field in fields)]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
