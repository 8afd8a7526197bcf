"""Laws that every policy and every composition of them keeps."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.core import config
from headwater.core.errors import ConfigError, HeadwaterError, TriggersError
from headwater.core.key import Keys
from headwater.triggers import (
    AllOf,
    Amount,
    AmountWindow,
    AnyOf,
    Arrivals,
    AtLeast,
    Drift,
    Interval,
    Policy,
    Quantile,
    Rolling,
    Static,
    TimeWindow,
    View,
    Warmup,
    replay,
)
from headwater.triggers.threshold import Threshold
from headwater.triggers.window import Window


@dataclass(frozen=True)
class Model:
    """The scorer of one generation, and a view's features: noise that drifts from key 30 on."""

    generation: int

    @property
    def digest(self) -> str:
        return f"model {self.generation}"

    def embeddings(self, keys: Keys) -> Any:
        mixed = (keys * 2_654_435_761 + 40_503 * self.generation) % 2**32 / 2**32
        return np.stack((mixed, mixed + (keys >= 30)), axis=1).astype(np.float32)

    def probabilities(self, keys: Keys) -> Any:
        share = self.embeddings(keys)[:, :1]
        return np.hstack((share, 1 - share))

    def losses(self, keys: Keys) -> Any:
        return self.embeddings(keys)[:, 0]


def view_of(num_models: int) -> View:
    return View(scorer=Model(num_models) if num_models else None, features=Model(0).embeddings)


windows: st.SearchStrategy[Window] = st.one_of(
    st.builds(AmountWindow, st.integers(2, 12), st.integers(2, 12), overlap=st.booleans()),
    st.builds(TimeWindow, st.integers(5, 90), st.integers(5, 90), overlap=st.booleans()),
)
thresholds: st.SearchStrategy[Threshold] = st.one_of(
    st.builds(Static, st.sampled_from([0.0, 0.2, 0.5])),
    st.builds(Quantile, st.sampled_from([0.1, 0.5]), past=st.integers(1, 4)),
    st.builds(Rolling, st.sampled_from([0.0, 0.3]), absolute=st.booleans(), past=st.integers(1, 4)),
)
leaves: st.SearchStrategy[Policy] = st.one_of(
    st.builds(Amount, st.integers(1, 25)),
    st.builds(Interval, st.integers(1, 60), start=st.sampled_from([None, "1970-01-01", "1970-01-01T00:01:40"])),
    st.builds(
        Drift,
        st.sampled_from(["mmd", "ks", "hellinger"]),
        threshold=thresholds,
        every=st.integers(1, 12),
        window=windows,
        sample_size=st.integers(3, 8),
        on=st.sampled_from(["embeddings", "probabilities", "features"]),
    ),
)


def composed(of: st.SearchStrategy[Policy]) -> st.SearchStrategy[Policy]:
    several = st.lists(of, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda many, restart: AnyOf(*many, restart=restart), several, st.booleans()),
        st.builds(lambda many, restart: AllOf(*many, restart=restart), several, st.booleans()),
        several.flatmap(lambda many: st.builds(lambda n: AtLeast(n, *many), st.integers(1, len(many)))),
        st.builds(Warmup, of, evaluations=st.integers(1, 4), meanwhile=of),
    )


policies = st.recursive(leaves, composed, max_leaves=5)
gaps_s = st.lists(st.sampled_from([0, 0, 1, 1, 3, 20, 150]), min_size=1, max_size=80)


def arrivals_after(gaps: list[int]) -> Arrivals:
    return Arrivals.of(range(len(gaps)), np.cumsum(gaps) * np.timedelta64(1, "s") + np.datetime64(0, "s"))


def run(policy: Policy, pieces: Iterator[Arrivals], *, reload: bool = False) -> tuple[Any, ...]:
    """Observe piece by piece; a model is trained at each trigger. Return all that anyone could notice."""
    state, position = policy.begin(), 0
    fired: list[Any] = []
    readings: list[Any] = []
    for whole in pieces:
        piece, is_done = whole, False
        while not is_done:
            state = policy.load(json.loads(json.dumps(policy.dump(state)))) if reload else state
            seen = policy.observe(state, piece, view_of(len(fired)))
            assert 0 <= seen.num_consumed <= len(piece)
            state, position = seen.state, position + seen.num_consumed
            readings += seen.readings
            if seen.trigger is not None:
                fired.append((position, seen.trigger))
            piece = piece[seen.num_consumed :]
            is_done = seen.trigger is None
        assert len(piece) == 0, "without a trigger every arrival is consumed"
    return fired, readings, policy.dump(state)


@settings(max_examples=300, deadline=None)
@given(policies, gaps_s, st.sets(st.integers(0, 80), max_size=10))
def test_one_lump_or_many_pieces_give_the_same_triggers_readings_and_state(
    policy: Policy, gaps: list[int], cuts: set[int]
) -> None:
    arrivals = arrivals_after(gaps)
    edges = [0, *sorted(cuts), len(arrivals)]
    pieces = (arrivals[a:b] for a, b in itertools.pairwise(edges) if a <= b)
    assert run(policy, iter([arrivals])) == run(policy, pieces)


@settings(max_examples=40, deadline=None)
@given(policies, gaps_s)
def test_sample_by_sample_with_the_state_saved_and_loaded_each_time_changes_nothing(
    policy: Policy, gaps: list[int]
) -> None:
    arrivals = arrivals_after(gaps)
    singles = (arrivals[i : i + 1] for i in range(len(arrivals)))
    assert run(policy, iter([arrivals])) == run(policy, singles, reload=True)


@settings(max_examples=40, deadline=None)
@given(policies, gaps_s)
def test_observing_changes_neither_the_state_nor_the_arrivals(policy: Policy, gaps: list[int]) -> None:
    arrivals = arrivals_after(gaps)
    half = policy.observe(policy.begin(), arrivals[: len(arrivals) // 2], view_of(0))
    rest = arrivals[half.num_consumed :]
    before = json.dumps(policy.dump(half.state)), rest.keys.copy(), rest.times.copy()
    first = policy.observe(half.state, rest, view_of(1))
    again = policy.observe(half.state, rest, view_of(1))
    assert policy.dump(first.state) == policy.dump(again.state)
    assert (first.num_consumed, first.trigger, first.readings) == (
        again.num_consumed,
        again.trigger,
        again.readings,
    )
    assert json.dumps(policy.dump(half.state)) == before[0]
    assert np.array_equal(rest.keys, before[1])
    assert np.array_equal(rest.times, before[2])


@dataclass(frozen=True)
class Run:
    """A configuration that holds a policy, as a loop's does."""

    when: Policy


@settings(max_examples=40, deadline=None)
@given(policies)
def test_every_policy_survives_yaml(policy: Policy) -> None:
    assert config.loads(Run, config.dumps(Run(policy))) == Run(policy)


def test_a_configuration_reads_as_the_objects_do() -> None:
    text = """
    when:
      any_of:
        of:
          - amount: {every: 20000}
          - drift: {distance: mmd, above: 0.05, window: {time: {ref: 7d, cur: 1d}}}
          - warmup: {policy: {drift: {threshold: quantile}}, evaluations: 2, meanwhile: {interval: {every: 7d}}}
    """
    assert config.loads(Run, text).when == AnyOf(
        Amount(20_000),
        Drift("mmd", above=0.05, window=TimeWindow("7d", "1d")),
        Warmup(Drift("mmd", threshold=Quantile()), evaluations=2, meanwhile=Interval("7d")),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("when: {amount: {evry: 3}}", "Did you mean `every`?"),
        ("when: {amont: {every: 3}}", "Did you mean `amount`?"),
        ("when: {any_of: {of: [{drift: {abov: 0.1}}]}}", "Did you mean `above`?"),
        ("when: {drift: {above: 0.1, window: {tme: {ref: 7d, cur: 7d}}}}", "Did you mean `time`?"),
    ],
)
def test_a_misspelt_configuration_is_told_the_right_word(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match="line 1") as caught:
        config.loads(Run, text)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda: Amount(0), "every=0"),
        (lambda: Amount(2.5), "every=2.5"),  # type: ignore[arg-type]
        (lambda: Interval(0), "every=0"),
        (lambda: Interval("a week"), "a week"),
        (lambda: Interval("7d", start="yesterday"), "yesterday"),
        (lambda: Drift("mmd"), "exactly one"),
        (lambda: Drift("mmd", above=0.1, threshold=Static(0.1)), "exactly one"),
        (lambda: Drift("mmmd", above=0.1), "mmmd"),  # type: ignore[arg-type]
        (lambda: Drift("ks", above=0.1, every=0), "not 0"),
        (lambda: Drift("ks", above=0.1, sample_size=1), "not 1"),
        (lambda: Drift("ks", above=0.1, on="images"), "images"),  # type: ignore[arg-type]
        (lambda: Drift("ks", above=float("nan")), "nan"),
        (lambda: AmountWindow(1, 100), "ref=1"),
        (lambda: TimeWindow("7d", "0s"), "0s"),
        (lambda: TimeWindow("7 moons", "1d"), "7 moons"),
        (lambda: Quantile(1.0), "1.0"),
        (lambda: Quantile(0.1, past=0), "past=0"),
        (lambda: Rolling(-1.0), "-1.0"),
        (lambda: AnyOf(), "AnyOf()"),
        (lambda: AllOf([Amount(1), Amount(2)]), "Amount(every=1)"),  # type: ignore[arg-type]
        (lambda: AtLeast(3, Amount(1), Amount(2)), "n=3"),
        (lambda: AtLeast(Amount(1), Amount(2)), "Amount(every=1)"),  # type: ignore[arg-type]
        (lambda: Warmup(Amount(1), evaluations=0, meanwhile=Amount(2)), "evaluations=0"),
    ],
)
def test_a_bad_parameter_is_refused_with_its_value_and_a_remedy(make: Callable[[], object], value: str) -> None:
    with pytest.raises(TriggersError) as caught:
        make()
    assert value in str(caught.value)
    assert caught.value.remedy


def test_a_bad_parameter_in_a_configuration_is_refused_too() -> None:
    with pytest.raises(HeadwaterError, match="To train on each arrival use every=1"):
        config.loads(Run, "when: {any_of: {of: [{amount: {every: 0}}]}}")


@pytest.mark.parametrize(
    ("policy", "other"),
    [
        (Amount(5), Interval("7d")),
        (Drift(above=0.1), Amount(5)),
        (AnyOf(Amount(5), Amount(6)), AnyOf(Amount(5))),
        (Warmup(Amount(5), meanwhile=Amount(6)), AnyOf(Amount(5))),
    ],
)
def test_a_state_of_another_policy_is_refused(policy: Policy, other: Policy) -> None:
    with pytest.raises(TriggersError, match="Resume with the configuration"):
        policy.load(other.dump(other.begin()))
    if type(policy) is not type(other):
        with pytest.raises(TriggersError, match="Start from policy"):
            policy.observe(other.begin(), arrivals_after([1, 1]), View())


@pytest.mark.parametrize("policy", [Amount(5), Drift(above=0.1, every=5)])
def test_a_count_that_should_have_fired_shows_that_every_was_changed(policy: Policy) -> None:
    tree = {**policy.to_tree(policy.begin()), "num_since": 7}
    with pytest.raises(TriggersError, match="7 arrivals were counted"):
        policy.load({policy.kind: tree})


def test_arrivals_are_checked_where_they_enter() -> None:
    times = np.array(["2013-01-02", "2013-01-01"], "datetime64[us]")
    keys = np.array([1, 2])
    bad: dict[str, Callable[[], Arrivals]] = {
        "ascend": lambda: Arrivals(keys, times),
        "NaT": lambda: Arrivals(keys, np.array(["2013-01-01", "NaT"], "datetime64[us]")),
        r"datetime64\[D\]": lambda: Arrivals(keys, times[::-1].astype("datetime64[D]")),
        "shape": lambda: Arrivals(keys, times[:1]),
    }
    for problem, make in bad.items():
        with pytest.raises(TriggersError, match=problem):
            make()
    assert Arrivals.of(keys, times).keys.tolist() == [2, 1]
    with pytest.raises(TriggersError, match="2 keys"):
        Arrivals.of(keys, times[:1])


def test_replay_shows_each_model_the_arrivals_it_was_trained_on() -> None:
    trained: list[list[int]] = []

    def train(_: object, consumed: Arrivals) -> View:
        trained.append(consumed.keys.tolist())
        return View()

    done = replay(Amount(2), arrivals_after([1] * 5), after=train)
    assert trained == [[0, 1], [2, 3]]
    further = replay(Amount(2), arrivals_after([1] * 5), state=done.state)
    assert [fired.position for fired in further.fired] == [1, 3, 5]
