"""An Arrow expression as a tree that can be looked at: which columns it reads, what it does with them.

Arrow shows an expression only as a text, which is ambiguous and leaves long lists out. What it writes for
another process is complete: a list of words (``call``, ``field_ref``, ``literal``, ..., ``end``) in the
metadata of a schema, and the constants as columns. The list is read through Arrow's C data interface, because
Python's own `Schema.metadata` is a dict and keeps only the last of several equal words.
"""

from __future__ import annotations

import ctypes
from collections import deque
from dataclasses import dataclass
from typing import Any

_POINTER_BYTES = ctypes.sizeof(ctypes.c_void_p)


@dataclass(frozen=True)
class Term:
    """A column (`name`, and the fields inside it as `path`), a constant, or a function of other terms."""

    kind: str
    name: str = ""
    path: tuple[str, ...] = ()
    arguments: tuple[Term, ...] = ()
    value: Any = None

    def __str__(self) -> str:
        return _shown(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns in it, each once, in the order in which they stand."""
        if self.kind == "column":
            return (self.name,)
        return tuple(dict.fromkeys(name for part in self.arguments for name in part.columns))

    @property
    def identity(self) -> list[Any]:
        """The tree as JSON values."""
        inner = [part.identity for part in self.arguments]
        return [
            self.kind,
            self.name,
            list(self.path),
            inner,
            None if self.value is None else _constant(self.value),
        ]


def read_term(expression: Any) -> Term:
    """Return the tree of a `pyarrow.compute.Expression`.

    Raised by Arrow for what it cannot write, as a column that is numbered instead of named: `ArrowException`.
    """
    import pyarrow as pa

    _, (written,) = expression.__reduce__()
    constants = pa.ipc.open_file(written).get_batch(0)
    return _term(deque(_words(constants.schema)), constants)


_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**",
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
    "and_kleene": "&", "or_kleene": "|", "and": "&", "or": "|",
}  # fmt: skip


def _shown(term: Term, *, inner: bool = False) -> str:
    """The expression as one writes it in Python; options are left out but for what a cast makes."""
    if term.kind == "column":
        return ".".join((term.name or '""', *term.path))
    if term.kind == "constant":
        return _constant(term.value)[1]
    name = term.name.removesuffix("_checked")
    if name in _INFIX and len(term.arguments) == 2:
        left, right = (_shown(part, inner=True) for part in term.arguments)
        text = f"{left} {_INFIX[name]} {right}"
        return f"({text})" if inner else text
    arguments = [_shown(part, inner=name == "invert") for part in term.arguments]
    if name == "invert":
        return f"~{arguments[0]}"
    if name == "cast" and term.value is not None:
        arguments.append(str(term.value["to_type"].type))
    if name == "is_in" and term.value is not None:
        arguments.append(_few(term.value["value_set"]))
    return f"{name}({', '.join(arguments)})"


def _few(values: Any) -> str:
    shown = [_constant(value)[1] for value in values.values[:3]]
    return f"[{', '.join(shown)}{', ...' if len(values) > 3 else ''}]"


def _term(words: deque[tuple[str, str]], constants: Any) -> Term:
    word, value = words.popleft()
    if word == "field_ref":
        return Term("column", value)
    if word == "nested_field_ref":
        name, *path = (words.popleft()[1] for _ in range(int(value)))
        return Term("column", name, tuple(path))
    if word == "literal":
        return Term("constant", value=constants.column(int(value))[0])
    arguments: list[Term] = []
    options = None
    while words[0][0] != "end":
        if words[0][0] == "options":
            options = constants.column(int(words.popleft()[1]))[0]
        else:
            arguments.append(_term(words, constants))
    words.popleft()
    return Term("call", value, arguments=tuple(arguments), value=options)


def _words(schema: Any) -> list[tuple[str, str]]:
    """The metadata of a schema as pairs, in order."""
    capsule = schema.__arrow_c_schema__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    # struct ArrowSchema begins with three pointers: format, name, metadata.
    at = ctypes.c_void_p.from_address(pointer(capsule, b"arrow_schema") + 2 * _POINTER_BYTES).value or 0
    count, at = _int32(at)
    texts = []
    for _ in range(2 * count):
        length, at = _int32(at)
        texts.append(ctypes.string_at(at, length).decode())
        at += length
    return list(zip(texts[::2], texts[1::2]))


def _int32(at: int) -> tuple[int, int]:
    return ctypes.c_int32.from_address(at).value, at + 4


def _constant(value: Any) -> list[str]:
    """Type and value as texts."""
    try:
        return [str(value.type), repr(value.as_py())]
    except ValueError:  # a time with nanoseconds, which Python's own type does not hold
        return [str(value.type), str(value.value)]
