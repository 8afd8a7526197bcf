"""How the command line prints: tables for people, JSON for programs, errors with their remedy."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.core.errors import HeadwaterError

_MOST_LISTED = 10
_TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


def print_json(value: Any) -> None:
    """Print `value` as indented JSON."""
    typer.echo(json.dumps(value, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` below `columns`; nothing in a cell is read as markup, and in a pipe nothing is folded."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    texts = [[_text(cell) for cell in row] for row in rows]
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in texts:
        table.add_row(*(Text(cell) for cell in row))
    typer.echo(title)
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width
        widths = [max(map(cell_len, column)) for column in zip(columns, *texts)]
        console = Console(width=sum(widths) + 2 * len(widths))
    console.print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values in two columns, what is inside a value indented below its name.

    A list too long for a line is only counted; JSON has it whole.
    """
    for line in _lines(facts):
        typer.echo(line)


def fields_of(error: HeadwaterError) -> dict[str, str]:
    """Return what an error says as JSON values."""
    return {
        "type": type(error).__name__,
        "problem": error.problem,
        "where": error.where,
        "remedy": error.remedy,
    }


def complain(error: HeadwaterError) -> None:
    """Print what is wrong and what to do, as JSON too when the command was asked for JSON."""
    if "--json" in sys.argv:
        print_json({"error": fields_of(error)})
        return
    text = Text.assemble(
        (f"{type(error).__name__}: ", "bold red"), (f"{error.where}: " if error.where else "", "bold")
    )
    text.append(error.problem)
    if error.remedy:
        text.append(f"\n  → {error.remedy}", "green")
    Console(stderr=True, soft_wrap=True).print(text)


def _lines(facts: Mapping[str, object], indent: str = "") -> Iterable[str]:
    width = max((len(name) for name, value in facts.items() if not _is_tree(value)), default=0)
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif indent:
            yield f"{indent}{name}: {_text(value) or '-'}"
        else:
            yield f"{name.ljust(width)}  {_text(value) or '-'}"


def _is_tree(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _text(value: object) -> str:
    """Return a value in words that need no Python: times to the second, lists by their members."""
    if value is None or (isinstance(value, np.datetime64) and np.isnat(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        if len(value) > _MOST_LISTED or any(isinstance(inner, list | tuple) for inner in value):
            return f"({len(value):,} values, see --json)"
        return ", ".join(map(_text, value))
    if isinstance(value, float) and not isinstance(value, np.generic):
        return f"{value:.6g}"
    return _TIME.sub(r"\1", str(value))
