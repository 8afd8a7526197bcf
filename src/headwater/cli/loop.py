"""``headwater run | resume | report | runs ls``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater import loop
from headwater.cli.output import AsJson, print_json, print_table
from headwater.core.errors import LoopError
from headwater.core.unit import format_duration
from headwater.loop import report, table

Runs = Annotated[str, typer.Option("--runs", help="Folder of the runs.")]
Settings = Annotated[list[str], typer.Option("--set", help="Change a key of the file: --set options.seed=1")]

runs_app = typer.Typer(help="The runs that there are.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the verbs that drive the whole line to the root command."""
    app.command()(plan)
    app.command()(run)
    app.command()(resume)
    app.command("report")(write_report)


def run(
    file: Annotated[Path, typer.Argument(help="A loop as YAML.")],
    settings: Settings = [],  # noqa: B006 - typer copies defaults
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier run of the same name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a loop from the beginning of its stream."""
    config = loop.load(file, settings=settings)
    built = config.build()
    with loop.Bars(config.name) as bars, _resumable(built.folder.name):
        results = built.run(fresh=fresh, more=config.arrivals(built), audience=bars)
    _show(results, built, as_json=as_json)


def plan(
    file: Annotated[Path, typer.Argument(help="A loop as YAML.")],
    settings: Settings = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Say what a run would cost before it starts."""
    predicted = loop.load(file, settings=settings).build().plan()
    print_json(predicted.to_json()) if as_json else typer.echo(predicted.explain())


def resume(
    name: Annotated[str, typer.Argument(help="Name or folder of the run.")],
    runs: Runs = "runs",
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or killed."""
    config = loop.of_run(loop.open_run(name, runs))
    built = config.build()
    with loop.Bars(config.name) as bars, _resumable(built.folder.name):
        results = built.resume(more=config.arrivals(built), audience=bars)
    _show(results, built, as_json=as_json)


def write_report(
    name: Annotated[str, typer.Argument(help="Name or folder of the run.")],
    against: Annotated[list[str], typer.Option("--against", help="Another run to compare with.")] = [],  # noqa: B006
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; default in the run.")
    ] = None,
    runs: Runs = "runs",
    as_json: AsJson = False,
) -> None:
    """Write one self-contained report.html, of one run or of several side by side."""
    folders = [loop.open_run(each, runs) for each in (name, *against)]
    config = loop.of_run(folders[0])
    stream = config.build().parts.stream
    path = output or folders[0].path / "report.html"
    report.write(
        [loop.Results(folder) for folder in folders],
        path,
        index=stream.index(),
        baseline=folders[-1].name if against else None,
    )
    print_json({"report": str(path)}) if as_json else typer.echo(f"wrote {path}")


@runs_app.command("ls")
def list_runs(runs: Runs = "runs", as_json: AsJson = False) -> None:
    """List the runs, how far each has come, and what it cost."""
    lines = [loop.describe(results) for results in loop.find(runs)]
    if as_json:
        print_json(lines)
        return
    rows = [
        (
            x["name"],
            x["status"],
            x["rounds"],
            x["models"],
            f"{x['samples_trained']:,}",
            format_duration(x["seconds"]),
        )
        for x in lines
    ]
    print_table(f"runs in {runs}", ("name", "status", "rounds", "models", "samples trained", "time"), rows)


def _show(results: loop.Results, built: loop.Loop, *, as_json: bool) -> None:
    path = report.write(
        [results], results.folder.path / "report.html", index=built.parts.stream.index(), baseline=None
    )
    if as_json:
        print_json(
            {**loop.describe(results), "rounds": [r.to_json() for r in results.rounds()], "report": str(path)}
        )
        return
    table.print_rounds(results)
    typer.echo(f"report: {path}")


class _resumable:  # noqa: N801 - reads as a verb where it is used
    """Says after Ctrl-C how to go on; what was committed is safe."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            raise LoopError(
                "stopped.", where=self._name, remedy=f"Go on with `headwater resume {self._name}`."
            ) from error
