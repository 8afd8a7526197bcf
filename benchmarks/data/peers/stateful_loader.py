"""torchdata's StatefulDataLoader: torch's DataLoader with checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torchdata.stateful_dataloader import StatefulDataLoader

from inputs import clicks as d4
from inputs import photos as d1
from peers.torch_loader import PhotoFiles, Table


class Resumed:
    """A loader that a checkpoint is taken of."""

    def __init__(self, loader: Callable[[], Any]) -> None:
        self._make = loader

    def begin(self, folder: Path | None) -> Iterator[Any]:
        """A loader from the start, or from a state."""
        self._loader = self._make()
        if folder:
            self._loader.load_state_dict(torch.load(folder / "state.pt", weights_only=False))
        return iter(self._loader)

    def save(self, folder: Path) -> None:
        """The loader's state."""
        torch.save(self._loader.state_dict(), folder / "state.pt")


def vision_resumed(photos: d1.Photos) -> Resumed:
    """OpenCV in two workers."""
    files = PhotoFiles(photos.files, "opencv")
    return Resumed(partial(StatefulDataLoader, files, batch_size=d1.BATCH, num_workers=2))


class BulkTable(Table):
    """Rows of a table, a batch at once."""

    def __getitems__(self, rows: list[int]) -> dict[str, Any]:
        return self[torch.as_tensor(rows)]


def same(batch: Any) -> Any:
    return batch


def tabular_resumed(clicks: d4.Clicks) -> Resumed:
    """A table in memory, shuffled by its own sampler, which goes on by drawing again."""

    def loader() -> Any:
        rows = BulkTable(d4.load(clicks.files))
        return StatefulDataLoader(rows, batch_size=d4.BATCH, shuffle=True, collate_fn=same)

    return Resumed(loader)
