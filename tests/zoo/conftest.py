"""A zoo in a temporary folder, and models that descend from each other by small steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater import zoo
from headwater.core.clock import FakeClock

Model = dict[str, NDArray[Any]]
Step = Callable[[Model], Model]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the zoo of a test lies."""
    return tmp_path / "zoo.hw"


@pytest.fixture
def keep(folder: Path) -> Iterator[zoo.Zoo]:
    """An empty zoo whose clock stands at 1,000 s."""
    with zoo.open(folder, clock=FakeClock(1000.0)) as opened:
        yield opened


@pytest.fixture
def model() -> Model:
    """A model whose first tensor is large enough to be split into planes."""
    rng = np.random.default_rng(0)
    return {
        "layer.weight": rng.normal(size=(64, 96)).astype(np.float32),
        "layer.bias": rng.normal(size=64).astype(np.float32),
        "steps": np.array(3),
    }


@pytest.fixture
def finetune() -> Step:
    """Return a model with each float moved a little, as a few steps of training do."""
    rng = np.random.default_rng(1)

    def step(model: Model) -> Model:
        return {
            name: (array + 1e-4 * rng.normal(size=array.shape)).astype(array.dtype)
            if array.dtype.kind == "f"
            else array + 1
            for name, array in model.items()
        }

    return step


@pytest.fixture
def line(keep: zoo.Zoo, model: Model, finetune: Step) -> list[zoo.Variant]:
    """Three versions, each trained from the one before: full, difference, difference."""
    variants: list[zoo.Variant] = []
    for number in range(3):
        parent = variants[-1] if variants else None
        variants.append(keep.add(model, name=f"round-{number}", parent=parent))
        model = finetune(model)
    return variants
