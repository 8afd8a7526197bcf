"""Where a run keeps what it needs to be resumed and reported: one folder, plain files.

runs/flights/
  run.json                  what was asked: policies, trainer, seed, where the stream and the zoo are
  journal.log               what happened, one line an event
  rounds/0003/policy.json   the trigger policy's state after it fired
  rounds/0003/selection.arrow
  rounds/0003/training/     checkpoints while it trains; afterwards the result
  rounds/0003/predictions.arrow   what the model said of the interval that it served
  matrix.json               model x interval
  report.html
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headwater.core.errors import LoopError
from headwater.core.files import exclusive, write_atomic


class RunFolder:
    """The files of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def name(self) -> str:
        """The run's name: the folder's."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """The file of what happened."""
        return self.path / "journal.log"

    @property
    def has_begun(self) -> bool:
        """Whether a run was ever started here."""
        return self.journal.exists()

    def round(self, number: int) -> Path:
        """Return the folder of a round, made when missing."""
        path = self.path / "rounds" / f"{number:04d}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def selection(self, number: int) -> Path:
        """Return the file of a round's selection."""
        return self.round(number) / "selection.arrow"

    def predictions(self, number: int) -> Path:
        """Return the file of what a round's model said of the interval that it served."""
        return self.round(number) / "predictions.arrow"

    def training(self, number: int) -> Path:
        """Return the folder of a round's checkpoints."""
        return self.round(number) / "training"

    def drop_training(self, number: int) -> None:
        """Delete a round's checkpoints, which the next round's training no longer needs."""
        shutil.rmtree(self.round(number) / "training", ignore_errors=True)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file of the run, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(value, default=str).encode())

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the run."""
        try:
            return json.loads((self.path / name).read_text())
        except FileNotFoundError:
            raise LoopError(
                f"there is no {name}.",
                where=str(self.path),
                remedy="See `headwater runs ls` for the runs that exist.",
            ) from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; a second one is refused with a `LockedError`."""
        self.path.mkdir(parents=True, exist_ok=True)
        with exclusive(self.path / ".lock", doing=f"running the loop {self.name}"):
            yield

    def clear(self) -> None:
        """Forget an earlier run of this name, its report included."""
        # The journal goes first: a kill in between must not leave one whose files are gone.
        self.journal.unlink(missing_ok=True)
        for file in ("run.json", "matrix.json", "metrics.prom", "report.html"):
            (self.path / file).unlink(missing_ok=True)
        shutil.rmtree(self.path / "rounds", ignore_errors=True)
