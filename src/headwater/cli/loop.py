"""``headwater run | resume | report | runs ls``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater import loop
from headwater.cli.output import AsJson, print_json, print_table
from headwater.core.errors import HeadwaterError
from headwater.core.spec import Block
from headwater.core.unit import format_duration
from headwater.loop import report, table
from headwater.loop import runs as all_runs

_DEFAULT_RUNS = "runs"
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
    with loop.Bars(config.name) as bars, _resumable(built.folder):
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
    runs: Runs = _DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or killed."""
    config = loop.of_run(loop.open_run(name, runs))
    built = config.build()
    with loop.Bars(config.name) as bars, _resumable(built.folder):
        results = built.resume(more=config.arrivals(built), audience=bars)
    _show(results, built, as_json=as_json)


def write_report(
    name: Annotated[str, typer.Argument(help="Name or folder of the run.")],
    against: Annotated[
        list[str],
        typer.Option("--against", help="Another run to compare with; the last one named is the baseline."),
    ] = [],  # noqa: B006
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; default in the folder of the first run."),
    ] = None,
    runs: Runs = _DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Write one self-contained report.html of a run, or A-against-B.html of several side by side.

    With --against the runs are also compared here, on the samples that all of them predicted. The last run
    named with --against is the baseline: the others are said to be better or worse than it.
    """
    folders = [loop.open_run(each, runs) for each in (name, *against)]
    index = all_runs.shared_stream(folders).index()
    found = [loop.Results(folder) for folder in folders]
    path = output or folders[0].path / _file_name([folder.name for folder in folders])
    if not against:
        report.write(found, path, index=index, baseline=None)
        print_json({"report": str(path)}) if as_json else typer.echo(f"wrote {path}")
        return
    _compare(found, index, path, as_json=as_json)


def _compare(found: list[loop.Results], index: Block, path: Path, *, as_json: bool) -> None:
    baseline = found[-1].name
    compared = report.side_by_side(found, index)
    if not as_json:
        table.print_comparison(compared, against=baseline)
    problem = _try_report(found, path, index=index, baseline=baseline, compared=compared)
    if as_json:
        verdict = list(compared.verdict(baseline))
        print_json({**compared.to_json(), "baseline": baseline, "verdict": verdict, **_told(path, problem)})
    else:
        _say(path, problem)


@runs_app.command("ls")
def list_runs(runs: Runs = _DEFAULT_RUNS, as_json: AsJson = False) -> None:
    """List the runs, how far each has come, and what it cost."""
    lines = [loop.describe(each) for each in loop.find(runs)]
    if as_json:
        print_json(lines)
        return
    heads = ("name", "status", "rounds", "models", "samples trained", "time")
    print_table(f"runs in {runs}", heads, [_row(line) for line in lines])
    for line in lines:
        if "problem" in line:
            typer.echo(f"{line['name']}: {line['problem']}", err=True)


def _row(line: dict[str, Any]) -> tuple[object, ...]:
    if line["status"] == "damaged":
        return (line["name"], line["status"], *"----")
    trained, spent_s = line["samples_trained"], line["seconds"]
    spent = format_duration(spent_s if spent_s < 1 else round(spent_s))
    return (line["name"], line["status"], line["rounds"], line["models"], f"{trained:,}", spent)


def _show(results: loop.Results, built: loop.Loop, *, as_json: bool) -> None:
    """Print what a run found; first the table, since a report that cannot be written must not cost it."""
    index = built.parts.stream.index()
    nothing = all_runs.why_no_model(results, len(index["key"]))
    if not as_json:
        table.print_rounds(results)
        if nothing:
            typer.echo(nothing, err=True)
    path = results.folder.path / "report.html"
    problem = _try_report([results], path, index=index, baseline=None)
    if not as_json:
        _say(path, problem)
        return
    told = {**loop.describe(results), "rounds": [r.to_json() for r in results.rounds()]}
    print_json({**told, **({"problem": nothing} if nothing else {}), **_told(path, problem)})


def _try_report(found: list[loop.Results], path: Path, **more: Any) -> str | None:
    """Write a report; return what kept it from being written."""
    try:
        report.write(found, path, **more)
    except HeadwaterError as error:
        return str(error)
    return None


def _told(path: Path, problem: str | None) -> dict[str, str | None]:
    return {"report": str(path)} if problem is None else {"report": None, "report_problem": problem}


def _say(path: Path, problem: str | None) -> None:
    if problem is None:
        typer.echo(f"report: {path}")
    else:
        typer.echo(f"warning: no report was written: {problem}", err=True)


def _file_name(names: list[str]) -> str:
    first, *others = names
    return f"{first}-against-{'-and-'.join(others)}.html" if others else "report.html"


def _resume_words(folder: loop.RunFolder) -> str:
    """Return the command that goes on with a run from where this one was called."""
    is_default = folder.path.parent == Path(_DEFAULT_RUNS)
    return f"headwater resume {shlex.quote(folder.name if is_default else str(folder.path))}"


class _resumable:  # noqa: N801 - reads as a verb where it is used
    """Says after Ctrl-C how to go on, when there is anything to go on with; what was committed is safe."""

    def __init__(self, folder: loop.RunFolder) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            go_on = f"; go on with {_resume_words(self._folder)}" if self._folder.has_begun else ""
            typer.echo(f"stopped{go_on}", err=True)
            raise typer.Exit(130) from error
