"""``headwater zoo ls | show | export | lineage`` and ``headwater which-models KEY``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater import zoo
from headwater.cli.output import AsJson, print_facts, print_json, print_table
from headwater.core.unit import format_bytes

app = typer.Typer(help="How to keep many models small?", no_args_is_help=True)
Keep = Annotated[Path, typer.Argument(help="Path of the zoo.")]
Name = Annotated[str, typer.Argument(help="Id or name of a variant.")]


@app.command("ls")
def list_variants(keep: Keep, as_json: AsJson = False) -> None:
    """List the variants with their parents and what they take on disk."""
    variants = zoo.open(keep).ls()
    if as_json:
        print_json([variant.describe() for variant in variants])
        return
    rows = [
        (
            v.id,
            v.name,
            v.parent,
            format_bytes(v.stored_bytes),
            format_bytes(v.full_bytes),
            v.facts.get("event_time"),
        )
        for v in variants
    ]
    print_table(str(keep), ("id", "name", "parent", "stored", "full", "event time"), rows)


@app.command()
def show(keep: Keep, name: Name, as_json: AsJson = False) -> None:
    """Print everything that is known about a variant."""
    facts = zoo.open(keep).show(name).describe()
    print_json(facts) if as_json else print_facts(facts)


@app.command()
def export(
    keep: Keep,
    name: Name,
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    as_json: AsJson = False,
) -> None:
    """Write a variant as a plain .safetensors file."""
    zoo.open(keep).export(name, file)
    print_json({"file": str(file)}) if as_json else typer.echo(f"wrote {file}")


@app.command()
def lineage(
    keep: Keep,
    name: Annotated[str | None, typer.Argument(help="Id or name; the whole tree when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print which model was trained from which."""
    opened = zoo.open(keep)
    if name is None:
        print_json([v.describe() for v in opened.ls()]) if as_json else typer.echo(opened.tree())
        return
    family = opened.lineage(name)
    if as_json:
        print_json(
            {
                "ancestors": [v.id for v in family.ancestors],
                "variant": opened.show(name).id,
                "children": [v.id for v in family.children],
            }
        )
        return
    for depth, variant in enumerate(family.ancestors):
        typer.echo(f"{'  ' * depth}{variant}")
    typer.echo(f"{'  ' * len(family.ancestors)}{opened.show(name)}  ◀")
    for child in family.children:
        typer.echo(f"{'  ' * (len(family.ancestors) + 1)}{child}")


def which_models(
    key: Annotated[int, typer.Argument(help="Key of a sample, deleted or not.")],
    keep: Annotated[Path, typer.Option("--zoo", help="Path of the zoo.")] = Path("zoo.hw"),
    as_json: AsJson = False,
) -> None:
    """Say which models were trained on a sample, directly or through the model they started from."""
    saw = zoo.open(keep).which_models(key)
    if as_json:
        print_json(
            {"key": key, "direct": [v.id for v in saw.direct], "inherited": [v.id for v in saw.inherited]}
        )
        return
    rows = [(v.id, v.name, "direct") for v in saw.direct] + [(v.id, v.name, "inherited") for v in saw.inherited]
    print_table(f"models that saw key {key}", ("id", "name", "how"), rows)
