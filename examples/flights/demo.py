"""Three ways to keep a model of flights up to date, on one stream: ``make demo``.

`drift` trains a little whenever the newest model's view of the flights has moved; `monthly` retrains on
everything known each month; `once` trains in January and never again. All three are judged on flights that they
had not seen. Stop it with Ctrl-C and start it again: it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from examples.flights.flow import flow
from examples.flights.records import open_or_ingest
from headwater import loop, samples, selection, trainer, triggers, zoo
from headwater.loop import report, table
from headwater.loop.comparison import compare

THREADS = 1  # a network of this size gains nothing from more, and evaluation runs on the other core
MONTH = "730h"
WEEKS = triggers.TimeWindow(ref="14d", cur="7d")  # whole weeks, so that a Sunday is not taken for a drift


def when() -> triggers.Policy:
    """Train after 20,000 flights, or sooner when the newest model sees last week's unlike those before."""
    drift = triggers.Drift("mmd", above=0.05, every=4_000, window=WEEKS, sample_size=500)
    return triggers.AnyOf(triggers.Amount(20_000), drift, restart=True)


def which() -> selection.Policy:
    """Train on what is new, and on a sample of the old so that it is not forgotten."""
    return selection.Union(selection.New(), selection.Uniform(limit=10_000, within=selection.Old()))


def loops(stream: samples.Samples, folder: Path) -> Iterator[loop.Loop]:
    """Yield the three loops; they share the stream, the flow, the network and the zoo."""
    keep = zoo.open(folder / "zoo.hw")
    learn = trainer.Trainer("examples.flights.model:build", threads=THREADS)
    twice = trainer.Trainer("examples.flights.model:build", threads=THREADS, epochs=2)
    afresh, never_again = loop.Options(warm_start=False), loop.Options(max_rounds=1)
    monthly = triggers.Interval(MONTH), selection.All(), flow, twice, keep
    yield loop.Loop(stream, when(), which(), flow, learn, keep, name="drift", runs=folder)
    yield loop.Loop(stream, *monthly, name="monthly", runs=folder, options=afresh)
    yield loop.Loop(stream, *monthly, name="once", runs=folder, options=never_again)


def main() -> None:
    """Ingest, run the three loops, print the tables, write the report."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--folder", type=Path, default=Path("runs/demo"), help="where everything is kept")
    asked.add_argument("--until", help="leave out flights from this day on, such as 2013-04-01")
    arguments = asked.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    started_s = time.perf_counter()
    stream = open_or_ingest(folder / "flights.hw", until=arguments.until)
    results = []
    for line in loops(stream, folder):
        with loop.Bars(line.folder.name) as bars:
            results.append(line.go(audience=bars))
    index = stream.index()
    table.print_rounds(results[0])
    table.print_comparison(compare(results, index), against="monthly")
    path = report.write(
        results, folder / "report.html", index=index, baseline="monthly", title="Flights of 2013"
    )
    print(f"\n{path}: the same with pictures, after {time.perf_counter() - started_s:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
