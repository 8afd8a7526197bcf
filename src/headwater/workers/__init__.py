"""Where work runs: the same calls on this process's threads, on local processes, later on clusters."""

from headwater.workers.local import Local, usable_cores
from headwater.workers.workers import Workers

__all__ = ["Local", "Workers", "usable_cores"]
