"""``headwater samples ingest | ls | show | delete | compact``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from headwater import samples
from headwater.cli.output import AsJson, print_facts, print_json, print_table
from headwater.core import config
from headwater.core.errors import SamplesError
from headwater.core.key import as_keys

app = typer.Typer(help="What data is there, as of when?", no_args_is_help=True)
Store = Annotated[Path, typer.Argument(help="Path of the store.")]


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
    as_json: AsJson = False,
) -> None:
    """Add the rows of files; a file that was ingested before changes nothing."""
    opened = _open_or_create(store, schema)
    lines = []
    for file in files:
        done = opened.ingest(file, max_rejects=max_rejects)
        lines.append({"file": str(file), "new": done.num_new, "known": done.num_known, "version": done.version,
                      "rejects": str(done.rejects) if done.rejects else None})  # fmt: skip
        if not as_json:
            tail = f", bad rows in {done.rejects}" if done.rejects else ""
            typer.echo(f"{file}: {done.num_new:,} new, {done.num_known:,} known, version {done.version}{tail}")
    if as_json:
        print_json(lines)


@app.command("ls")
def list_versions(store: Store, as_json: AsJson = False) -> None:
    """Describe the store and list its versions."""
    opened = samples.open(store)
    facts = opened.describe()
    versions = [_plain(version) for version in opened.versions()]
    if as_json:
        print_json({**facts, "versions": versions})
        return
    print_facts(facts)
    if versions:
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
    rows = [{name: _cell(column[i]) for name, column in block.items()} for i in range(len(wanted))]
    if as_json:
        print_json(rows)
    else:
        print_table(str(store), tuple(block), [tuple(row.values()) for row in rows])


@app.command()
def delete(
    store: Store, keys: Annotated[list[int], typer.Argument(help="Keys to delete.")], as_json: AsJson = False
) -> None:
    """Hide rows from now on; `compact` then removes their bytes for good."""
    version = samples.open(store).delete(as_keys(keys))
    print_json({"version": version}) if as_json else typer.echo(f"deleted {len(keys)} rows, version {version}")


@app.command()
def compact(store: Store, as_json: AsJson = False) -> None:
    """Rewrite the store without its deleted rows; older versions that need them can no longer be read."""
    version = samples.open(store).compact()
    print_json({"version": version}) if as_json else typer.echo(f"compacted, version {version}")


def _open_or_create(path: Path, schema: Path | None) -> samples.Samples:
    if path.exists():
        return samples.open(path)
    if schema is None:
        raise SamplesError(
            "there is no store here yet.",
            where=str(path),
            remedy="Name its schema: --schema schema.yaml creates it.",
        )
    return samples.create(path, config.load(samples.Schema, schema))


def _plain(version: Any) -> dict[str, Any]:
    return {name: _cell(value) for name, value in vars(version).items()}


def _cell(value: Any) -> Any:
    if hasattr(value, "as_py"):
        value = value.as_py()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if len(value) <= 40 else f"<{len(value):,} bytes>"
    if isinstance(value, np.datetime64):
        return str(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
