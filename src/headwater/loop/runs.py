"""The runs of a folder: which there are, and how far each has come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headwater.core.errors import LoopError
from headwater.core.registry import did_you_mean
from headwater.loop.folder import RunFolder
from headwater.loop.results import Results


def find(runs: str | Path) -> list[Results]:
    """Return the runs below `runs`, by name."""
    folders = sorted(Path(runs).glob("*/journal.log"))
    return [Results(RunFolder(path.parent)) for path in folders]


def open_run(name: str, runs: str | Path) -> RunFolder:
    """Return the folder of a run by its name, or by its path.

    Raised: `LoopError` with the nearest name that exists.
    """
    for path in (Path(runs) / name, Path(name)):
        if (path / "journal.log").exists():
            return RunFolder(path)
    known = [results.name for results in find(runs)]
    raise LoopError(f"there is no run called {name!r} in {runs}.", remedy=did_you_mean(name, known))


def describe(results: Results) -> dict[str, Any]:
    """Return one line about a run, as JSON values."""
    rounds = results.rounds()
    return {
        "name": results.name,
        "status": "finished" if results.is_finished else "unfinished",
        "rounds": len(rounds),
        "models": sum(bool(line.variant) for line in rounds),
        "samples_trained": results.num_trained(),
        "seconds": round(sum(results.seconds().values()), 3),
        "event_time": str(rounds[-1].event_time) if rounds else None,
    }
