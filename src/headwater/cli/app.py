"""The command ``headwater``: its verbs in the order of the line, and how errors end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import headwater
from headwater.cli import config, loop, samples, zoo
from headwater.cli.output import complain
from headwater.core.errors import HeadwaterError

app = typer.Typer(
    help="From a growing stream of data to served models, again and again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
loop.register(app)
app.add_typer(loop.runs_app, name="runs")
app.add_typer(samples.app, name="samples")
app.add_typer(zoo.app, name="zoo")
app.command("which-models")(zoo.which_models)
app.add_typer(config.app, name="config")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(headwater.__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """From a growing stream of data to served models, again and again."""


def main() -> None:
    """Run the command line.

    A problem that a user can mend ends with one message and exit code 1, Ctrl-C with 130.
    """
    # Import paths in a configuration are relative to where the command is called, as with `python -m`.
    sys.path.insert(0, str(Path.cwd()))
    try:
        app()
    except HeadwaterError as error:
        complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
