"""``headwater samples create | ingest | ls | show | delete | compact``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from headwater import samples
from headwater.cli.output import AsJson, fields_of, print_facts, print_json, print_table
from headwater.core import config
from headwater.core.errors import HeadwaterError, SamplesError
from headwater.core.key import as_keys

app = typer.Typer(help="What data is there, as of when?", no_args_is_help=True)
_NUM_SHOWN = 8
Store = Annotated[Path, typer.Argument(help="Path of the store.")]


@app.command()
def create(
    store: Store,
    schema: Annotated[Path, typer.Option("--schema", help="YAML of the schema.")],
    as_json: AsJson = False,
) -> None:
    """Make an empty store."""
    made = samples.create(store, config.load(samples.Schema, schema))
    print_json({"path": str(store), "version": made.version}) if as_json else typer.echo(f"made {store}")


@app.command()
def ingest(
    store: Store,
    files: Annotated[list[Path], typer.Argument(help="CSV, JSONL, Parquet or Arrow files, or image folders.")],
    schema: Annotated[
        Path | None, typer.Option("--schema", help="YAML of the schema, for a new store.")
    ] = None,
    max_rejects: Annotated[
        int, typer.Option("--max-rejects", help="Bad rows to put aside before refusing.")
    ] = 100,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=INPUT",
            help="The file's column for a name of the schema; several for one name make one field.",
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Format of the files, if their names do not say it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add the rows of files; a file that was ingested before changes nothing."""
    named = _columns(columns or [])
    _check_there(files)
    opened = _open_or_create(store, schema)
    lines: list[dict[str, Any]] = []
    for file in files:
        try:
            done = opened.ingest(file, format=format_, columns=named, max_rejects=max_rejects)
        except HeadwaterError as error:
            if not as_json:
                raise
            # One document: what the files before this one brought is stored.
            print_json({"done": lines, "error": fields_of(error)})
            raise typer.Exit(1) from error
        lines.append({"file": str(file), **_counts(done)})
        if not as_json:
            typer.echo(f"{file}: {_brought(done)}")
    if as_json:
        print_json(lines)


@app.command("ls")
def list_versions(store: Store, as_json: AsJson = False) -> None:
    """Describe the store and list its versions."""
    opened = samples.open(store)
    facts = opened.describe()
    versions = [vars(version) for version in opened.versions()]
    if as_json:
        plain = [{name: _cell(value) for name, value in version.items()} for version in versions]
        print_json({**facts, "versions": plain})
        return
    print_facts(facts)
    typer.echo()
    print_table("versions", tuple(versions[0]), [tuple(version.values()) for version in versions])


@app.command()
def show(
    store: Store,
    keys: Annotated[list[int] | None, typer.Argument(help="Keys; the first ten when left out.")] = None,
    version: Annotated[int | None, typer.Option("--version", help="As of this version.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print rows."""
    opened = samples.open(store, version=version)
    wanted = as_keys(keys) if keys else opened.keys()[:10]
    block = opened.read(wanted)
    if as_json:
        print_json([{name: _cell(column[i]) for name, column in block.items()} for i in range(len(wanted))])
    else:
        rows = [[_short(column[i]) for column in block.values()] for i in range(len(wanted))]
        print_table(str(store), tuple(block), rows)


@app.command()
def delete(
    store: Store, keys: Annotated[list[int], typer.Argument(help="Keys to delete.")], as_json: AsJson = False
) -> None:
    """Hide rows from now on; `compact` then removes their bytes for good."""
    opened = samples.open(store)
    before = len(opened)
    version = opened.delete(as_keys(keys))
    gone = before - len(opened)  # not of the keys: some were named twice, or deleted before
    if as_json:
        print_json({"deleted": gone, "version": version})
    else:
        typer.echo(f"deleted {gone:,} {'row' if gone == 1 else 'rows'}, version {version}")


@app.command()
def compact(store: Store, as_json: AsJson = False) -> None:
    """Rewrite the store without its deleted rows; older versions that need them can no longer be read."""
    version = samples.open(store).compact()
    print_json({"version": version}) if as_json else typer.echo(f"compacted, version {version}")


def _open_or_create(path: Path, schema: Path | None) -> samples.Samples:
    wanted = None if schema is None else config.load(samples.Schema, schema)
    if path.is_file() or (path / "store.json").exists():
        opened = samples.open(path)
        is_same = wanted is None or wanted.to_json() == opened.schema.to_json()
        return opened if wanted is None or is_same else opened.renew(wanted)
    if wanted is None:
        raise SamplesError(
            "there is no store here yet.",
            where=str(path),
            remedy="Name its schema: --schema schema.yaml creates it.",
        )
    return samples.create(path, wanted)


def _check_there(files: Sequence[Path]) -> None:
    """Look before a store is made for them."""
    for file in files:
        if not file.exists():
            raise SamplesError(
                "there is no such file or folder; nothing was ingested.",
                where=str(file),
                remedy=f"Check its name; relative names start at {Path.cwd()}.",
            )


def _columns(words: Sequence[str]) -> dict[str, str | Sequence[str]]:
    """Read ``NAME=INPUT`` words; a name that comes again has several inputs."""
    inputs: dict[str, list[str]] = {}
    for word in words:
        name, equals, given = word.partition("=")
        if not (name and equals and given):
            raise typer.BadParameter(f"{word!r} is not NAME=INPUT.", param_hint="--column")
        inputs.setdefault(name, []).append(given)
    return {name: given[0] if len(given) == 1 else given for name, given in inputs.items()}


def _counts(done: samples.Ingested) -> dict[str, Any]:
    counts = {"new": done.num_new, "known": done.num_known, "bad": done.num_rejected}
    return {**counts, "version": done.version, "rejects": str(done.rejects) if done.rejects else None}


def _brought(done: samples.Ingested) -> str:
    bad = f", {done.num_rejected:,} bad" if done.num_rejected else ""
    place = f" (see {done.rejects})" if done.rejects else ""
    return f"{done.num_new:,} new, {done.num_known:,} known{bad}{place}, version {done.version}"


def _short(value: Any) -> Any:
    """Return a value for a table: a number with the digits of its own type, and a long vector's beginning."""
    if isinstance(value, np.ndarray):
        flat = [str(number) for number in value.ravel()[:_NUM_SHOWN]]
        return f"[{', '.join(flat)}{', …' if value.size > _NUM_SHOWN else ''}]"
    return value if isinstance(value, np.generic) and not isinstance(value, bytes) else _cell(value)


def _cell(value: Any) -> Any:
    if hasattr(value, "as_py"):
        value = value.as_py()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if len(value) <= 40 else f"<{len(value):,} bytes>"
    if isinstance(value, np.datetime64):
        return str(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
