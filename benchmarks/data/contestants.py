"""What is compared: a case, its contestants, and what one measurement of one of them found."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

Batch = Any
"""An array, a tensor, or a dict of them: what a training step would take."""

OURS = "headwater"


class Inputs(Protocol):
    """What a pipeline reads: a dataclass of JSON values, so that it can be handed to another process."""

    @property
    def elements(self) -> int:
        """How many elements one pass has; rates are per element, in `unit`."""
        ...

    @property
    def unit(self) -> str:
        """What an element is: photos, tokens, rows."""
        ...

    def check(self, batches: Iterable[Batch]) -> str:
        """Return what is wrong with what a contestant gave, "" if it is what the pipeline asks for."""
        ...


@dataclass(frozen=True)
class Contestant:
    """`function` of `module`, called with the inputs and `options`; it returns the batches of one pass.

    What it does before it returns (imports, a cluster's start, tracing) is not measured: the clock runs from
    ``iter(batches)`` to the last batch. `share` of the elements is enough where a pass would take minutes;
    the rate is per element all the same. `variant` contestants are left out by ``--quick``.
    """

    name: str
    module: str
    function: str
    options: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0
    variant: bool = False


@dataclass(frozen=True)
class Case:
    """One pipeline, the same for all `contestants`; `inputs` makes what they read, for a share of it."""

    name: str
    inputs: Any
    contestants: tuple[Contestant, ...]

    def inputs_for(self, contestant: Contestant) -> Any:
        """The inputs, or a `share` of them where the inputs can be cut."""
        return self.inputs if contestant.share == 1.0 else self.inputs.part(contestant.share)


@dataclass(frozen=True)
class Measurement:
    """One pass of one contestant in a process of its own."""

    elements: int
    seconds: float
    first_batch_s: float
    steady_rate: float
    """Elements per second in the second half of the batches."""
    cpu_s: float
    peak_bytes: int = 0
    problem: str = ""
    """What was wrong with the elements; "" also where a round did not check."""

    @property
    def rate(self) -> float:
        """Elements per second of the whole pass."""
        return self.elements / self.seconds


@dataclass
class Standing:
    """What the rounds found about one contestant of one case."""

    contestant: Contestant
    rounds: list[Measurement] = field(default_factory=list)
    out: str = ""
    """Why it takes no part (any more)."""
    failed: bool = False
    num_batches: int = 0
    process_s: float = 0.0
    """How long its last process took, start and end included."""

    @property
    def name(self) -> str:
        """That of the contestant."""
        return self.contestant.name

    @property
    def counts(self) -> bool:
        """Whether it stands in the comparison: measured, and right."""
        return bool(self.rounds) and not self.out

    def median(self, what: str) -> float:
        """The median of one figure over the rounds; figures that a round could not have are left out."""
        values: list[float] = [getattr(measured, what) for measured in self.rounds]
        return statistics.median([value for value in values if value == value] or [float("nan")])
