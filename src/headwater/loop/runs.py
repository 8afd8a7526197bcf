"""The runs of a folder: which there are, how far each has come, and the stream that several share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater import samples
from headwater.core.errors import HeadwaterError, LockedError, LoopError
from headwater.core.registry import did_you_mean
from headwater.loop.folder import RunFolder
from headwater.loop.results import Results

# What reading a journal of another version or with foreign records ends in, beside our own errors.
_UNREADABLE = (HeadwaterError, OSError, ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Damaged:
    """A run whose journal cannot be read, so that it does not hide the others."""

    folder: RunFolder
    problem: str

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name


def find(runs: str | Path) -> list[Results | Damaged]:
    """Return the runs below `runs`, by name. Raised: `LoopError` when there is no such folder."""
    if not Path(runs).is_dir():
        raise LoopError(
            "there is no folder of runs here.",
            where=str(runs),
            remedy="Name the folder with --runs, or start a run with `headwater run FILE.yaml`.",
        )
    return [_open(path) for path in _folders(runs)]


def open_run(name: str, runs: str | Path) -> RunFolder:
    """Return the folder of a run by its name, or by its path.

    Raised: `LoopError` with the nearest name that exists.
    """
    for path in (Path(runs) / name, Path(name)):
        if (path / "journal.log").exists():
            return RunFolder(path)
    known = [path.name for path in _folders(runs)]
    raise LoopError(f"there is no run called {name!r} in {runs}.", remedy=did_you_mean(name, known))


def describe(run: Results | Damaged) -> dict[str, Any]:
    """Return one line about a run, as JSON values.

    Its ``status`` is "running" (some process has it right now), "stopped", "finished" or "damaged"; a damaged
    run has a ``problem`` in place of numbers.
    """
    if isinstance(run, Results):
        try:
            return _summary(run)
        except _UNREADABLE as error:
            run = _damaged(run.folder, error)
    empty = dict.fromkeys(("rounds", "models", "samples_trained", "seconds", "event_time"))
    return {"name": run.name, "status": "damaged", **empty, "problem": run.problem}


def shared_stream(folders: Sequence[RunFolder]) -> samples.Samples:
    """Return the stream that all of these runs are over, opened where the first one's ``run.json`` says.

    Keys are plain numbers of a store, so runs over different stores must never meet in one comparison. Raised:
    `LoopError` naming both streams when they differ, or when another store is now where the run's own was.
    """
    first, *others = [(folder, _stream(folder)) for folder in folders]
    opened = samples.open(first[1][0])
    store = first[1][1] or opened.identity
    if store != opened.identity:
        raise LoopError(
            f"another store is now at {first[1][0]} than the one that the run was over.",
            where=str(first[0].path),
            remedy="Put the run's own store back there, or start the run anew.",
        )
    for folder, (path, known) in others:
        if (known or samples.open(path).identity) != store:
            raise LoopError(
                f"{first[0].name} is over the stream {first[1][0]}, and {folder.name} over another, {path}.",
                remedy="Compare runs over the same samples: a report for each says what it did by itself.",
            )
    return opened


def why_no_model(run: Results, num_samples: int) -> str | None:
    """Return why a run ended without any model; None when it has one, or goes on."""
    rounds = run.rounds()
    if not run.is_finished or any(line.variant for line in rounds):
        return None
    triggers = "1 trigger" if len(rounds) == 1 else f"{len(rounds)} triggers"
    return (
        f"no model was ever trained: {num_samples:,} samples gave {triggers}. "
        "Let the trigger policy fire earlier, or wait for labels to become known."
    )


def _folders(runs: str | Path) -> list[Path]:
    return sorted(path.parent for path in Path(runs).glob("*/journal.log"))


def _open(path: Path) -> Results | Damaged:
    folder = RunFolder(path)
    try:
        return Results(folder)
    except _UNREADABLE as error:
        return _damaged(folder, error)


def _damaged(folder: RunFolder, error: Exception) -> Damaged:
    ours = isinstance(error, HeadwaterError | OSError)
    return Damaged(folder, str(error) if ours else f"its journal cannot be understood ({error!r}).")


def _summary(run: Results) -> dict[str, Any]:
    rounds = run.rounds()
    return {
        "name": run.name,
        "status": "finished" if run.is_finished else "running" if _is_held(run.folder) else "stopped",
        "rounds": len(rounds),
        "models": sum(bool(line.variant) for line in rounds),
        "samples_trained": run.num_trained(),
        "seconds": round(sum(run.seconds().values()), 3),
        "event_time": str(rounds[-1].event_time.astype("datetime64[s]")) if rounds else None,
    }


def _is_held(folder: RunFolder) -> bool:
    """Return whether a process has the run.

    Who holds the lock leaves a note beside it. Only where there is one is the lock tried, since a killed
    process leaves its note behind, and trying every lock could get in the way of a run that is just starting.
    """
    if not (folder.path / ".lock.holder").exists():
        return False
    try:
        with folder.locked():
            return False
    except (LockedError, OSError):  # a lock that may not be tried is another user's
        return True


def _stream(folder: RunFolder) -> tuple[str, str | None]:
    """Return where the stream of a run is, and the store's id if the run has written it down."""
    told = folder.read_json("run.json")
    try:
        return str(told["stream"]), told.get("store")
    except (TypeError, KeyError, AttributeError):
        raise LoopError(
            "run.json does not say which stream the run is over.",
            where=str(folder.path),
            remedy="Start the run anew; its models stay in the zoo.",
        ) from None
