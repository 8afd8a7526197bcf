"""Three ways to keep a model of flights up to date, on one stream: ``make demo``.

`drift` trains a little whenever the newest model's view of the flights has moved; `monthly` retrains on everything
known each month; `once` trains in January and never again. All three are judged on flights that they had not seen.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from headwater import loop, samples, selection, trainer, triggers, workers, zoo

report = table = None
# from headwater.loop.comparison import compare

from examples.flights.flow import flow
from examples.flights.records import open_or_ingest

MONTH = "730h"


def strategies(stream: samples.Samples, folder: Path) -> list[loop.Loop]:
    """Return the three loops; they share the stream and the zoo."""
    keep = zoo.open(folder / "zoo.hw")
    on = workers.Local()
    learn = trainer.Trainer("examples.flights.model:build", on=on)
    again = trainer.Trainer("examples.flights.model:build", on=on, epochs=2)
    runs = folder
    return [
        loop.Loop(stream, drift(), newest_and_replay(), flow, learn, keep, name="drift", runs=runs),
        loop.Loop(
            stream,
            triggers.Interval(MONTH),
            selection.All(),
            flow,
            again,
            keep,
            name="monthly",
            runs=runs,
            options=loop.Options(warm_start=False),
        ),
        loop.Loop(
            stream,
            triggers.Interval(MONTH),
            selection.All(),
            flow,
            again,
            keep,
            name="once",
            runs=runs,
            options=loop.Options(max_rounds=1),
        ),
    ]


def drift() -> triggers.Policy:
    """Train when 20,000 flights have come, or sooner when the model's view of them has drifted."""
    return triggers.AnyOf(triggers.Amount(20_000), triggers.Drift("mmd", above=0.05))


def newest_and_replay() -> selection.Policy:
    """Train on the hard half of what is new."""
    return selection.Margin(fraction=0.5)


def main() -> None:
    """Ingest, run the three loops, print the tables, write the report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--folder", type=Path, default=Path("runs/demo"))
    folder = asked.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    stream = open_or_ingest(folder / "flights.hw")
    results = []
    for each in strategies(stream, folder):
        with loop.Bars(each.folder.name) as bars:
            results.append(each.go(audience=bars))
    table.print_rounds(results[0])
    index = stream.index()
    comparison = compare(results, index)
    table.print_comparison(comparison)
    path = report.write(
        results, folder / "report.html", index=index, baseline="monthly", title="Flights of 2013"
    )
    print(f"\nreport: {path}   ({time.perf_counter() - started:.0f} s)")  # noqa: T201


if __name__ == "__main__":
    main()
