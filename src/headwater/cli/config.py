"""``headwater config schema | check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater import loop
from headwater.cli.output import AsJson, print_json
from headwater.core import config

app = typer.Typer(help="Configuration files.", no_args_is_help=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a loop's YAML, for editors."""
    print_json(config.schema(loop.LoopConfig))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A loop as YAML.")],
    settings: Annotated[list[str], typer.Option("--set", help="Change a key of the file.")] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Read a file strictly and print it back with every default filled in."""
    tree = config.to_tree(loop.load(file, settings=settings))
    print_json(tree) if as_json else typer.echo(config.dumps(loop.load(file, settings=settings)).rstrip())
