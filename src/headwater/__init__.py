"""Headwater takes a growing stream of data to served models, again and again.

     records     keys      events    keys+weights   batches    checkpoint   variant
        │          │          │           │            │            │          │
     samples ─▶ triggers ─▶ selection ─▶ data ─▶ trainer ─▶ zoo
     what we    when to     which ones   how they    how and     what we
     have       act                      flow        where       kept
                          loop drives the line, again and again

Every capability turns one noun into the next, works alone (``from headwater import zoo``), and is imported
only when it is used.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

LINE = ("samples", "triggers", "selection", "data", "trainer", "zoo", "loop")
GROUND = ("core", "workers", "cli")

__all__ = ["__version__", *LINE, *GROUND]


def __getattr__(name: str) -> ModuleType:
    if name in LINE or name in GROUND:
        return importlib.import_module(f"headwater.{name}")
    raise AttributeError(f"module 'headwater' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
