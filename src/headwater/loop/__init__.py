"""Who orders the steps? The loop: a stream in, published models out, again and again."""

from headwater.loop.config import LoopConfig, load, of_run
from headwater.loop.driver import Audience
from headwater.loop.folder import RunFolder
from headwater.loop.loop import Loop
from headwater.loop.options import Options
from headwater.loop.progress import Bars
from headwater.loop.results import Results
from headwater.loop.runs import describe, find, open_run

__all__ = [
    "Audience",
    "Bars",
    "Loop",
    "LoopConfig",
    "Options",
    "Results",
    "RunFolder",
    "describe",
    "find",
    "load",
    "of_run",
    "open_run",
]
