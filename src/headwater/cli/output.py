"""How the command line prints: tables for people, JSON for programs, errors with their remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.core.errors import HeadwaterError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


def print_json(value: Any) -> None:
    """Print `value` as indented JSON."""
    typer.echo(json.dumps(value, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` below `columns`; nothing in a cell is read as markup."""
    table = Table(title=Text(title), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values in two columns."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        typer.echo(f"{name.ljust(width)}  {value}")


def complain(error: HeadwaterError) -> None:
    """Print what is wrong and what to do, as JSON too when the command was asked for JSON."""
    if "--json" in sys.argv:
        fields = {
            "type": type(error).__name__,
            "problem": error.problem,
            "where": error.where,
            "remedy": error.remedy,
        }
        print_json({"error": fields})
        return
    text = Text.assemble(
        (f"{type(error).__name__}: ", "bold red"), (f"{error.where}: " if error.where else "", "bold")
    )
    text.append(error.problem)
    if error.remedy:
        text.append(f"\n  → {error.remedy}", "green")
    Console(stderr=True, soft_wrap=True).print(text)
