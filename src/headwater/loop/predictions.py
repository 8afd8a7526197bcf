"""What one model said of many samples, kept as an Arrow file that any reader opens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.core.errors import CorruptError
from headwater.core.files import write_atomic
from headwater.core.key import Keys


@dataclass(frozen=True, eq=False)
class Predictions:
    """Class probabilities ``[N, C]`` by key, ascending."""

    keys: Keys
    probabilities: NDArray[np.float32]

    @staticmethod
    def of(keys: Keys, probabilities: NDArray[np.float32]) -> Predictions:
        """Sort by key, so that equal predictions make equal files."""
        order = np.argsort(keys)
        return Predictions(keys[order], np.ascontiguousarray(probabilities[order], np.float32))

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        width = self.probabilities.shape[1]
        flat = pa.array(self.probabilities.reshape(-1))
        table = pa.table({"key": self.keys, "probability": pa.FixedSizeListArray.from_arrays(flat, width)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        write_atomic(path, sink.getvalue())

    @staticmethod
    def load(path: Path) -> Predictions:
        """Read what `save` wrote."""
        try:
            table = pa.ipc.open_file(path.read_bytes()).read_all()
            nested = table["probability"].combine_chunks()
            width = table.schema.field("probability").type.list_size
        except (pa.ArrowInvalid, KeyError) as error:
            raise CorruptError(f"not a file of predictions ({error}).", where=str(path)) from error
        values = np.asarray(nested.flatten()).reshape(-1, width)
        return Predictions(table["key"].to_numpy(), values)
