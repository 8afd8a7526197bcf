"""The loop as a state machine without I/O: ``step(state, event) -> (state, [action])``.

    Arrived ─▶ Watch ─▶ Fired ─▶ Choose ─▶ Chosen ─▶ Train ─▶ Trained ─▶ Store ─▶ Stored ─▶ Watch ...
                 │        ├─▶ Evaluate (each interval that is closed and whose labels are all known)
                 │        └─▶ Score (each model on every interval, once all samples are there)
                 └─▶ Exhausted ─▶ Evaluate, Score (the rest) ─▶ Compare ─▶ Finished

What is still to be done is a function of the state alone (`pending`), so a run that was killed is resumed by
folding its journal: every action whose event is missing is done again, and every action is idempotent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from headwater.core.errors import LoopError

# -- nouns ------------------------------------


@dataclass(frozen=True, order=True)
class Position:
    """A place in the stream that survives deletions: the last sample up to and including it.

    Samples are ordered by (batch of arrival, event time in microseconds, key).
    """

    batch: int
    time_us: int
    key: int


START = Position(-1, 0, -1)


@dataclass(frozen=True)
class Round:
    """One pass through the loop, as far as it has come."""

    number: int
    at_us: int
    """Event time of the trigger."""
    reason: str
    position: Position
    """The last sample that had arrived when the trigger fired."""
    settled_us: int
    """The latest label time of the interval that this trigger closed, which ends at `position`."""
    selection: str = ""
    num_selected: int = -1
    """-1 before the choice; 0 means that nothing was known to train on, and the round is over."""
    checkpoint: str = ""
    variant: str = ""
    evaluated: bool = False
    scored: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do in this round but its evaluation."""
        return self.num_selected == 0 or bool(self.variant)


@dataclass(frozen=True)
class State:
    """Everything the loop knows; rebuilt from the journal after a crash."""

    batches: tuple[int, ...] = ()
    """The highest key of each batch of arrivals: samples with keys up to it, and above the one before."""
    is_complete: bool = False
    """Whether all samples have arrived: a replay from its beginning, a followed stream when it has ended."""
    rounds: tuple[Round, ...] = ()
    last_settled_us: int = 0
    exhausted: bool = False
    has_matrix: bool = False
    finished: bool = False

    def model_for(self, number: int) -> Round | None:
        """Return the round whose model serves after trigger `number`: itself, or the last that has one."""
        stored = [r for r in self.rounds[: number + 1] if r.variant]
        return stored[-1] if stored else None


# -- events: what happened; each is one record of the journal ------------------------------------


@dataclass(frozen=True)
class Arrived:
    """Samples with keys up to `up_to_key` have arrived; in a replay nothing comes after them."""

    up_to_key: int
    is_last: bool = False


@dataclass(frozen=True)
class Fired:
    """A trigger policy said: train now."""

    at_us: int
    reason: str
    position: Position
    settled_us: int


@dataclass(frozen=True)
class Chosen:
    """A selection was made and saved."""

    number: int
    selection: str
    num_selected: int


@dataclass(frozen=True)
class Trained:
    """A checkpoint was written."""

    number: int
    checkpoint: str


@dataclass(frozen=True)
class Stored:
    """The model has become a variant in the zoo."""

    number: int
    variant: str


@dataclass(frozen=True)
class Evaluated:
    """The interval after trigger `number` was scored by the model that served it."""

    number: int


@dataclass(frozen=True)
class Scored:
    """The model of round `number` has its row of the matrix."""

    number: int


@dataclass(frozen=True)
class Exhausted:
    """The stream has ended; `settled_us` closes the last interval."""

    settled_us: int


@dataclass(frozen=True)
class Compared:
    """The rows were joined to the matrix."""


@dataclass(frozen=True)
class Finished:
    """Nothing is left to do."""


Event: TypeAlias = (
    Arrived | Fired | Chosen | Trained | Stored | Evaluated | Scored | Exhausted | Compared | Finished
)
EVENTS: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (Arrived, Fired, Chosen, Trained, Stored, Evaluated, Scored, Exhausted, Compared, Finished)
}


def to_record(event: Event) -> tuple[str, dict[str, Any]]:
    """Return the journal's word for `event` and its fields."""
    return type(event).__name__.lower(), asdict(event)


def from_record(kind: str, fields: dict[str, Any]) -> Event:
    """Return the event that `to_record` took apart; extra fields, such as durations, are left out."""
    if kind not in EVENTS:
        raise LoopError(
            f"the journal speaks of {kind!r}, which this version does not know.",
            remedy="Upgrade headwater to the version that wrote it, or start over with --fresh.",
        )
    cls = EVENTS[kind]
    known = {name: fields[name] for name in cls.__dataclass_fields__}
    if "position" in known:
        known["position"] = Position(**known["position"])
    return cls(**known)


# -- actions: what is to be done ------------------------------------

Verb = Literal["watch", "choose", "train", "store", "evaluate", "score", "compare", "finish"]
BESIDE: tuple[Verb, ...] = ("evaluate", "score")
"""What only reads models and samples, and may run beside the rest in any order."""


@dataclass(frozen=True)
class Action:
    """One thing to do, of round `number` (the newest when the verb is about the whole loop)."""

    verb: Verb
    number: int = -1


# -- the machine ------------------------------------


def step(state: State, event: Event) -> tuple[State, tuple[Action, ...]]:
    """Return the state after `event`, and everything that could be done then."""
    after = _apply(state, event)
    return after, pending(after)


def fold(events: Iterable[Event]) -> State:
    """Return the state after all of `events`."""
    state = State()
    for event in events:
        state = _apply(state, event)
    return state


def pending(state: State) -> tuple[Action, ...]:
    """Return every action that could be done now: those that may run beside the next stage, and that stage."""
    if state.finished:
        return ()
    evaluations = [Action("evaluate", number) for number in _due(state)]
    unscored = [r.number for r in state.rounds if r.variant and not r.scored] if state.is_complete else []
    beside = (*evaluations, *(Action("score", number) for number in unscored))
    return (*beside, *_next_stage(state, idle=not beside))


def _next_stage(state: State, *, idle: bool) -> tuple[Action, ...]:
    last = state.rounds[-1] if state.rounds else None
    if last is not None and not last.is_over:
        if last.num_selected < 0:
            return (Action("choose", last.number),)
        return (Action("store", last.number),) if last.checkpoint else (Action("train", last.number),)
    if not state.exhausted:
        return (Action("watch"),) if state.batches else ()
    if not idle:
        return ()
    return (Action("finish"),) if state.has_matrix else (Action("compare"),)


def _due(state: State) -> list[int]:
    """Return the rounds whose interval is closed, settled, served by a model, and not yet evaluated."""
    due = []
    for this, following in zip(state.rounds, (*state.rounds[1:], None)):
        if this.evaluated or not this.is_over or state.model_for(this.number) is None:
            continue
        if state.exhausted or (following is not None and following.settled_us <= state.rounds[-1].at_us):
            due.append(this.number)
    return due


def _apply(state: State, event: Event) -> State:
    match event:
        case Arrived(up_to_key, is_last):
            return replace(state, batches=(*state.batches, up_to_key), is_complete=is_last)
        case Fired(at_us, reason, position, settled_us):
            fresh = Round(len(state.rounds), at_us, reason, position, settled_us)
            return replace(state, rounds=(*state.rounds, fresh))
        case Chosen(number, selection, num_selected):
            return _with_round(state, number, selection=selection, num_selected=num_selected)
        case Trained(number, checkpoint):
            return _with_round(state, number, checkpoint=checkpoint)
        case Stored(number, variant):
            return _with_round(state, number, variant=variant)
        case Evaluated(number):
            return _with_round(state, number, evaluated=True)
        case Scored(number):
            return _with_round(state, number, scored=True)
        case Exhausted(settled_us):
            return replace(state, exhausted=True, is_complete=True, last_settled_us=settled_us)
        case Compared():
            return replace(state, has_matrix=True)
        case Finished():
            return replace(state, finished=True)


def _with_round(state: State, number: int, **changes: Any) -> State:
    if not 0 <= number < len(state.rounds):
        raise LoopError(
            f"the journal speaks of round {number}, but only {len(state.rounds)} rounds have begun.",
            remedy="The journal belongs to another run; start a new one under another name.",
        )
    changed = replace(state.rounds[number], **changes)
    return replace(state, rounds=(*state.rounds[:number], changed, *state.rounds[number + 1 :]))
