"""The protocol of all workers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Workers(Protocol):
    """Somewhere that functions run. Close it, or use it in a ``with``."""

    @property
    def num_workers(self) -> int:
        """How many calls run at the same time."""
        ...

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call and return at once; its error is raised by ``result()``."""
        ...

    def close(self) -> None:
        """Wait for calls that have started and drop the rest."""
        ...

    def __enter__(self) -> Workers: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
