"""``headwater zoo ls | show | export | lineage | delete | collect | verify`` and ``headwater which-models``."""

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
    variants = zoo.open(keep, create=False).ls()
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
    facts = zoo.open(keep, create=False).show(name).describe()
    print_json(facts) if as_json else print_facts(facts)


@app.command()
def export(
    keep: Keep,
    name: Name,
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    as_json: AsJson = False,
) -> None:
    """Write a variant as a plain .safetensors file."""
    zoo.open(keep, create=False).export(name, file)
    print_json({"file": str(file)}) if as_json else typer.echo(f"wrote {file}")


@app.command()
def lineage(
    keep: Keep,
    name: Annotated[str | None, typer.Argument(help="Id or name; the whole tree when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print which model was trained from which."""
    opened = zoo.open(keep, create=False)
    if name is None:
        print_json([v.describe() for v in opened.ls()]) if as_json else typer.echo(opened.tree())
        return
    family = opened.lineage(name)
    line = (*reversed(family.ancestors), family.variant)
    if as_json:
        ids = {"ancestors": [v.id for v in line[:-1]], "variant": line[-1].id}
        print_json({**ids, "children": [v.id for v in family.children]})
        return
    for depth, variant in enumerate(line):
        typer.echo(f"{'  ' * depth}{variant}{'  ◀' if variant is family.variant else ''}")
    for child in family.children:
        typer.echo(f"{'  ' * len(line)}{child}")


@app.command()
def delete(keep: Keep, name: Name, as_json: AsJson = False) -> None:
    """Hide a variant; its bytes stay while a child is a difference from it."""
    opened = zoo.open(keep, create=False)
    variant = opened.show(name)
    opened.delete(variant)
    print_json({"deleted": variant.id}) if as_json else typer.echo(f"deleted {variant}")


@app.command()
def collect(
    keep: Keep,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="Store children anew, so that their bases go too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Free the bytes that no variant needs any more."""
    done = zoo.open(keep, create=False).collect(rebase=rebase)
    if as_json:
        print_json(vars(done))
    else:
        typer.echo(f"freed {format_bytes(done.freed_bytes)} in {done.num_files} files")


@app.command()
def verify(keep: Keep, as_json: AsJson = False) -> None:
    """Read every byte and say what is damaged, and whom it affects; exit code 1 if anything is."""
    damages = zoo.open(keep, create=False).verify()
    if as_json:
        print_json([vars(damage) for damage in damages])
    else:
        print_table("damage", ("file", "problem", "affected"), [tuple(vars(each).values()) for each in damages])
        typer.echo(f"{len(damages)} damaged files")
    if damages:
        raise typer.Exit(1)


def which_models(
    key: Annotated[int, typer.Argument(help="Key of a sample, deleted or not.")],
    keep: Annotated[Path, typer.Option("--zoo", help="Path of the zoo.")] = Path("zoo.hw"),
    as_json: AsJson = False,
) -> None:
    """Say which models were trained on a sample, directly or through the model they started from."""
    saw = zoo.open(keep, create=False).which_models(key)
    if as_json:
        print_json(saw.describe())
        return
    if not (saw.direct or saw.inherited or saw.unknown):
        typer.echo(f"no model in {keep} was trained on key {key}")
        return
    rows = [(v.id, v.name, "direct") for v in saw.direct] + [(v.id, v.name, "inherited") for v in saw.inherited]
    rows += [(v.id, v.name, "unknown: its training set was not recorded") for v in saw.unknown]
    print_table(f"models that saw key {key}", ("id", "name", "how"), rows)
