"""What all workers promise, and the family that a configuration chooses them from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import ParamSpec, TypeVar

from headwater.core.registry import Registered

P = ParamSpec("P")
R = TypeVar("R")


class Workers(Registered, ABC, family="workers"):
    """Somewhere that functions run. Close it, or use it in a ``with``.

    In a configuration: ``on: {local: {num_workers: 4}}``, or ``on: local``.
    """

    num_workers: int
    """How many calls run at the same time."""

    @abstractmethod
    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call and return at once; its error is raised by ``result()``."""

    @abstractmethod
    def close(self) -> None:
        """Wait for calls that have started and drop the rest; a call after it starts anew."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
