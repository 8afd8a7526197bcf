"""The state machine: what is pending after which events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import LoopError
from headwater.loop.machine import (
    Action,
    Arrived,
    Chosen,
    Compared,
    Evaluated,
    Event,
    Exhausted,
    Finished,
    Fired,
    Position,
    Scored,
    State,
    Stored,
    Trained,
    fold,
    from_record,
    pending,
    step,
    to_record,
)


def fired(at_us: int, *, settled_us: int = 0) -> Fired:
    return Fired(at_us, "because", Position(0, at_us, at_us), settled_us)


def test_nothing_is_pending_before_anything_arrived() -> None:
    assert pending(State()) == ()


def test_a_round_goes_choose_train_store_watch() -> None:
    state, todo = step(State(), Arrived(99))
    assert todo == (Action("watch"),)
    state, todo = step(state, fired(10))
    assert todo == (Action("choose", 0),)
    state, todo = step(state, Chosen(0, "digest", 5))
    assert todo == (Action("train", 0),)
    state, todo = step(state, Trained(0, "weights"))
    assert todo == (Action("store", 0),)
    state, todo = step(state, Stored(0, "v1"))
    assert todo == (Action("watch"),)


def test_an_empty_selection_ends_the_round_without_a_model() -> None:
    state = fold([Arrived(99), fired(10), Chosen(0, "", 0)])
    assert pending(state) == (Action("watch"),)
    assert state.model_for(0) is None


def test_an_interval_is_evaluated_only_when_its_last_label_is_known() -> None:
    first: list[Event] = [Arrived(99), fired(10), Chosen(0, "d", 5), Trained(0, "w"), Stored(0, "v1")]
    early = fold([*first, fired(20, settled_us=25)])
    assert Action("evaluate", 0) not in pending(early)
    later = fold([*first, fired(20, settled_us=25), Chosen(1, "", 0), fired(30, settled_us=31)])
    assert pending(later)[0] == Action("evaluate", 0)


def test_a_round_without_a_model_is_judged_by_the_model_before_it() -> None:
    events: list[Event] = [Arrived(99), fired(10), Chosen(0, "d", 5), Trained(0, "w"), Stored(0, "v1")]
    state = fold([*events, fired(20), Chosen(1, "", 0), Exhausted(0)])
    serving = state.model_for(1)
    assert serving is not None
    assert serving.variant == "v1"
    assert pending(state) == (Action("evaluate", 0), Action("evaluate", 1), Action("score", 0))


def test_a_replay_scores_models_as_they_come_and_a_followed_stream_when_it_has_ended() -> None:
    trained: list[Event] = [fired(10), Chosen(0, "d", 5), Trained(0, "w"), Stored(0, "v1")]
    assert pending(fold([Arrived(99, is_last=True), *trained])) == (Action("score", 0), Action("watch"))
    assert pending(fold([Arrived(99), *trained])) == (Action("watch"),)


def test_the_end_is_evaluations_then_matrix_then_finish() -> None:
    state = fold([Arrived(99), fired(10), Chosen(0, "d", 5), Trained(0, "w"), Stored(0, "v1"), Exhausted(0)])
    assert pending(state) == (Action("evaluate", 0), Action("score", 0))
    state, todo = step(state, Evaluated(0))
    assert todo == (Action("score", 0),)
    state, todo = step(state, Scored(0))
    assert todo == (Action("compare"),)
    state, todo = step(state, Compared())
    assert todo == (Action("finish"),)
    state, todo = step(state, Finished())
    assert todo == ()


def test_a_record_of_an_unknown_round_names_the_remedy() -> None:
    with pytest.raises(LoopError, match="only 0 rounds have begun"):
        fold([Chosen(3, "d", 1)])


EVENTS: list[Event] = [
    Arrived(7), fired(10), Chosen(0, "d", 2), Trained(0, "c"), Stored(0, "v"), Evaluated(0), Scored(0),
    Exhausted(3), Compared(), Finished(),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_survives_the_journal(event: Event) -> None:
    kind, fields = to_record(event)
    assert from_record(kind, {**fields, "seconds": 1.0, "kind": kind}) == event


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=30))
def test_any_order_of_doing_what_is_pending_reaches_the_end(choices: list[tuple[bool, int]]) -> None:
    """Evaluations may finish in any order and at any time; the run still ends, each done exactly once."""
    state, todo = step(State(), Arrived(1_000))
    done: list[Action] = []
    plan = iter(choices)
    while todo:
        keep_watching, pick = next(plan, (False, 0))
        action = todo[pick % len(todo)]
        done.append(action)
        state, todo = step(state, _outcome(action, state, keep_watching=keep_watching))
    assert state.finished
    assert len(done) == len(set(done)) + sum(action == Action("watch") for action in done) - (
        Action("watch") in done
    )
    assert all(r.evaluated for r in state.rounds if state.model_for(r.number))


def _outcome(action: Action, state: State, *, keep_watching: bool) -> Event:
    now = 10 * (len(state.rounds) + 1)
    match action.verb:
        case "watch":
            return fired(now, settled_us=now + 5) if keep_watching else Exhausted(now)
        case "choose":
            return Chosen(action.number, "d", action.number % 3)
        case "train":
            return Trained(action.number, "c")
        case "store":
            return Stored(action.number, f"v{action.number}")
        case "evaluate":
            return Evaluated(action.number)
        case "score":
            return Scored(action.number)
        case "compare":
            return Compared()
        case "finish":
            return Finished()
