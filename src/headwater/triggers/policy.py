"""A trigger policy watches arrivals and says when to train; it is a pure function of state and input.

    state, arrivals, view ──▶ observe ──▶ Observed(state, num_consumed, trigger, readings)

`observe` stops at the first trigger. The caller trains and calls again with the arrivals that are left, so
cutting a stream into other pieces never changes when a policy fires.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import TriggersError
from headwater.core.key import Keys
from headwater.core.registry import Registered
from headwater.core.scorer import Scorer
from headwater.triggers.arrivals import Arrivals


@dataclass(frozen=True)
class State:
    """What a policy remembers between two calls; every policy refines it, `Policy.dump` writes it as JSON."""


@dataclass(frozen=True)
class Trigger:
    """Train now, because. `at` is an event time, `policy` the word of who fired."""

    reason: str
    at: np.datetime64
    policy: str

    def to_tree(self) -> dict[str, Any]:
        """Return JSON values; `at` as microseconds since 1970."""
        return {"reason": self.reason, "at": microseconds(self.at), "policy": self.policy}

    @staticmethod
    def from_tree(tree: Mapping[str, Any]) -> Trigger:
        """Return the trigger that `to_tree` wrote."""
        return Trigger(tree["reason"], np.datetime64(tree["at"], "us"), tree["policy"])


@dataclass(frozen=True)
class Reading:
    """One evaluation of drift, for reports; `threshold` is None while there is no past to derive it from."""

    at: np.datetime64
    metric: str
    distance: float
    threshold: float | None
    fired: bool

    def to_tree(self) -> dict[str, Any]:
        """Return JSON values; `at` as microseconds since 1970."""
        return {**vars(self), "at": microseconds(self.at)}


@dataclass(frozen=True)
class View:
    """What a policy may look at. It must stay the same between two triggers.

    `scorer` is the newest model, None before the first; `features` gives inputs ``[N, D]`` for keys, for drift
    that looks at the data instead of through the model.
    """

    scorer: Scorer | None = None
    clock: Clock = field(default_factory=WallClock)
    features: Callable[[Keys], NDArray[Any]] | None = None


@dataclass(frozen=True)
class Observed:
    """What came of a call.

    `num_consumed` arrivals are used up; with a trigger, the last of them is the last that it covers. A policy
    that fires on seeing a *later* sample says so in `looked_ahead`: that sample is not consumed.
    """

    state: State
    num_consumed: int
    trigger: Trigger | None = None
    readings: tuple[Reading, ...] = ()
    looked_ahead: bool = False


class Policy(Registered, ABC, family="triggers"):
    """Decides when to train. Members are frozen dataclasses; their fields are their parameters."""

    @abstractmethod
    def begin(self) -> State:
        """The state before the first arrival."""

    @abstractmethod
    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:
        """Take arrivals up to the first trigger, or all of them. Pure: equal arguments, equal answer."""

    @abstractmethod
    def to_tree(self, state: State) -> dict[str, Any]:
        """Return `state` as JSON values; called by `dump`."""

    @abstractmethod
    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Return the state that `to_tree` wrote; called by `load`."""

    def dump(self, state: State) -> dict[str, Any]:
        """Return `state` as JSON values under this policy's word."""
        return {self.kind: self.to_tree(state)}

    def load(self, tree: Mapping[str, Any]) -> State:
        """Return the state that `dump` wrote. Raised: `TriggersError` when another policy wrote it."""
        try:
            return self.from_tree(tree[self.kind])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TriggersError(
                f"the saved state does not fit this policy ({type(error).__name__}: {error}).",
                where=str(self),
                remedy="Resume with the configuration that the run was started with, or start a new run.",
            ) from error

    def restarted(self, state: State) -> State:
        """The state once somebody else's trigger has made the loop train; unchanged unless a policy counts."""
        return state

    def num_until_scoring(self, state: State) -> int | None:  # noqa: ARG002
        """How many arrivals may pass, the last included, until a model is asked; None: never.

        Composites use it to ask models once per evaluation, however often they step back.
        """
        return None


S = TypeVar("S", bound=State)


def expect(kind: type[S], state: State) -> S:
    """Return `state` if it is of this policy's `kind`."""
    if not isinstance(state, kind):
        raise TriggersError(
            f"this policy remembers a {kind.__name__}, but was given a {type(state).__name__}.",
            remedy="Start from policy.begin() or policy.load(tree) of the same policy.",
        )
    return state


def microseconds(time: np.datetime64) -> int:
    """Return microseconds since 1970-01-01 UTC."""
    return int(time.astype("datetime64[us]").astype(np.int64))
