"""``headwater config schema | check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater import loop
from headwater.cli.output import AsJson, print_json
from headwater.core import config
from headwater.core.errors import ConfigError
from headwater.core.registry import resolve

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
    """Read a file strictly, follow its import paths, and print it back with every default filled in."""
    loaded = loop.load(file, settings=settings)
    _refuse_missing(loaded, file)
    print_json(config.to_tree(loaded)) if as_json else typer.echo(config.dumps(loaded).rstrip())


def _refuse_missing(loaded: loop.LoopConfig, file: Path) -> None:
    """Follow every import path, so that one `ConfigError` names all that lead nowhere."""
    named = {"prepare": loaded.prepare, "flow": loaded.flow, "learn.model": loaded.learn.model}
    missing: dict[str, ConfigError] = {}
    for key, path in named.items():
        if isinstance(path, str):
            try:
                resolve(path)
            except ConfigError as error:
                missing[key] = error
    if missing:
        told = [f"`{key}: {named[key]}`: {error.problem}" for key, error in missing.items()]
        remedies = dict.fromkeys(error.remedy for error in missing.values() if error.remedy)
        raise ConfigError(" ".join(told), where=str(file), remedy=" ".join(remedies))
