"""D4: 6 of 60 Parquet columns -> a fifth of the rows -> hash a column -> shuffle all -> batches of 4,096."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import dataset, parquet

from inputs.digest import digest

BATCH = 4_096
THRESHOLD = 0.2
"""Rows with a `score` below it are used. Scores are uniform, so no row group can be skipped."""
USED = ("label", "user", "score", "time", "f00", "f01")
MULTIPLIER = 0x9E3779B97F4A7C15
"""Fibonacci hashing: the upper bits of ``user * MULTIPLIER`` modulo 2**64 are the bucket."""
SHIFT = 50
NUM_FILES = 8
NUM_COLUMNS = 60
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Clicks:
    """`num_rows` rows in Parquet files; `time` grows with the row's place."""

    folder: str
    num_rows: int
    unit: str = "rows"

    @property
    def elements(self) -> int:
        """The rows read, of which a fifth is used."""
        return self.num_rows

    @property
    def files(self) -> list[str]:
        """The Parquet files in order."""
        return [str(path) for path in sorted(Path(self.folder).glob("clicks-*.parquet"))]

    def check(self, batches: Iterable[Any]) -> str:
        """The right rows came once, each with its bucket, in batches of 4,096, and well shuffled."""
        found, rows, times, sizes = 0, 0, [], []
        for batch in batches:
            sizes.append(len(batch["label"]))
            found, rows = (found + self.digest(batch)) % 2**64, rows + sizes[-1]
            times.append(np.asarray(batch["time"]))
        expected = json.loads(Path(f"{self.folder}/expected.json").read_text())
        if [rows, found] != expected:
            return f"{rows:,} rows with digest {found:x}, not {expected[0]:,} with {expected[1]:x}"
        short = sum(size != BATCH for size in sizes)
        if short > 2:
            return f"{short} batches of {len(sizes)} are not of {BATCH}"
        return _order(np.concatenate(times))

    def digest(self, batch: Any) -> int:
        """The digest of a batch's rows."""
        return digest_of_rows({name: np.asarray(column) for name, column in batch.items()})


def _order(times: NDArray[Any]) -> str:
    """Complain unless each tenth of the output is drawn from the whole input."""
    for part in np.array_split(times, 10):
        # A tenth of 400,000 uniform values has a mean of 0.5 +- 0.0015; of the quick form's 40,000, 0.005.
        if abs(float(part.mean()) - 0.5) > 0.03 or float(part.std()) < 0.27:
            return (
                f"not shuffled globally: a tenth of the output has times {part.mean():.2f} +- {part.std():.2f}"
            )
    return ""


def bucket_of(user: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket of each user, of 16,384."""
    return ((user.astype(np.uint64) * np.uint64(MULTIPLIER)) >> np.uint64(SHIFT)).astype(np.int64)


def digest_of_rows(columns: Columns) -> int:
    """The digest of rows as a multiset: what belongs together must have stayed together."""
    row = np.zeros(len(columns["label"]), np.uint64)
    for place, name in enumerate(("label", "bucket", "score", "time", "f00", "f01")):
        column = columns[name]
        whole = column.view(np.uint32) if column.dtype == np.float32 else column
        row += whole.astype(np.uint64) * np.uint64(MULTIPLIER + 2 * place)
    return digest(row)


def load(files: list[str]) -> Columns:
    """What a peer without Parquet does first: Arrow reads six columns of the rows asked for, in its threads."""
    table = dataset.dataset(files).to_table(columns=list(USED), filter=pc.field("score") < THRESHOLD)
    columns = {name: table.column(name).to_numpy() for name in USED}
    columns["bucket"] = bucket_of(columns.pop("user"))
    return columns


def make(folder: Path, *, num_rows: int) -> Clicks:
    """Write the files, and what must come of them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = digests = 0
    for number in range(NUM_FILES):
        columns = _columns(number, num_rows // NUM_FILES, num_rows)
        parquet.write_table(pa.table(columns), folder / f"clicks-{number:03}.parquet", row_group_size=1 << 17)
        columns["bucket"] = bucket_of(columns["user"])
        used = columns["score"] < THRESHOLD
        rows += int(used.sum())
        digests = (digests + digest_of_rows({name: column[used] for name, column in columns.items()})) % 2**64
    (folder / "expected.json").write_text(json.dumps([rows, digests]))
    return Clicks(str(folder), num_rows)


def _columns(number: int, count: int, num_rows: int) -> Columns:
    rng = np.random.default_rng((5, number))
    columns: Columns = {
        "label": (rng.random(count) < 0.03).astype(np.int8),
        "user": rng.zipf(1.2, count).clip(0, 2**40),
        "score": rng.random(count, np.float32),
        "time": ((number * count + np.arange(count)) / num_rows).astype(np.float32),
    }
    for name in range(NUM_COLUMNS - len(columns)):
        columns[f"f{name:02}"] = rng.random(count, np.float32)
    return columns
