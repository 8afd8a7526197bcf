"""Laws that every policy and every composition of them keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.core import config
from headwater.core.errors import ConfigError, HeadwaterError, SelectionError
from headwater.core.key import Keys
from headwater.core.selection import Selection
from headwater.selection import (
    All,
    Balanced,
    Freshness,
    Margin,
    New,
    Old,
    Policy,
    Pool,
    Recent,
    Uniform,
    Union,
)


@dataclass(frozen=True)
class Model:
    """Probabilities by key, computed in `num_pieces` pieces as that many workers would."""

    num_pieces: int = 1

    @property
    def digest(self) -> str:
        return "f0f1"

    def probabilities(self, keys: Keys) -> Any:
        return np.concatenate([self._some(piece) for piece in np.array_split(keys, self.num_pieces)])

    def _some(self, keys: Keys) -> Any:
        raw = (keys[:, None] * 7_919 + np.arange(3) * 104_729) % 11 + 1  # few values: many equal margins
        return (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)

    embeddings = probabilities

    def losses(self, keys: Keys) -> Any:
        return self._some(keys)[:, 0]


shares: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, fraction=st.sampled_from([0.01, 0.29, 0.5, 1.0])),
    st.builds(dict, limit=st.integers(1, 30)),
    st.builds(dict, fraction=st.sampled_from([0.1, 0.7]), limit=st.integers(1, 30)),
)
limits = st.one_of(st.none(), st.integers(1, 30))
leaves: st.SearchStrategy[Policy] = st.one_of(
    st.just(All()),
    st.builds(New, tail=st.one_of(st.none(), st.integers(0, 4)), limit=limits),
    st.builds(Old, tail=st.integers(0, 4)),
)


def wrapped(of: st.SearchStrategy[Policy]) -> st.SearchStrategy[Policy]:
    switch = st.booleans()
    return st.one_of(
        st.builds(lambda how, within, fix: Uniform(**how, within=within, corrected=fix), shares, of, switch),
        st.builds(
            lambda by, how, within, equal, fix: Balanced(
                by, **how, within=within, force_equal=equal, corrected=fix
            ),
            st.sampled_from(["label", "round"]),
            shares,
            of,
            switch,
            switch,
        ),
        st.builds(Recent, st.integers(1, 30), duration=st.sampled_from([None, 90, "3m"]), within=of),
        st.builds(Freshness, st.sampled_from([0.2, 0.5, 0.8]), limit=limits, within=of),
        st.builds(lambda how, within: Margin(**how, within=within), shares, of),
        st.lists(of, min_size=1, max_size=3).map(lambda parts: Union(*parts)),
        st.lists(of, min_size=2, max_size=2).map(lambda parts: Union(*parts, weights=(1.0, 0.5))),
    )


policies = st.recursive(leaves, wrapped, max_leaves=4)


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    num = draw(st.integers(0, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    return Pool(
        keys=rng.choice(1_000, num, replace=False),
        times=np.datetime64("2013-01-01", "us") + rng.integers(0, 20, num) * np.timedelta64(30, "s"),
        labels=rng.choice(["early", "late", "never"], num, p=[0.7, 0.2, 0.1]),
        arrived_round=rng.integers(0, 6, num),
        last_used_round=rng.integers(-1, 5, num),
        round=5,
    )


def choose(policy: Policy, pool: Pool, *, model: Model | None = None, seed: int = 0) -> Selection:
    return policy.choose(pool, rng=np.random.default_rng(seed), scorer=model)


@settings(max_examples=200, deadline=None)
@given(policies, pools(), st.sampled_from([None, Model()]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_and_the_number_of_workers_do_not_matter(
    policy: Policy, pool: Pool, model: Model | None, random: Any
) -> None:
    order = list(range(len(pool)))
    random.shuffle(order)
    columns = ("keys", "times", "labels", "arrived_round", "last_used_round")
    mixed = Pool(round=pool.round, **{name: getattr(pool, name)[order] for name in columns})
    chosen = choose(policy, pool, model=model)
    other = choose(policy, mixed, model=Model(num_pieces=5) if model else None)
    assert chosen.digest == other.digest
    assert chosen.why == other.why


@settings(max_examples=100, deadline=None)
@given(policies, pools(), st.sampled_from([None, Model()]))
def test_nothing_outside_the_pool_is_chosen_and_the_pool_stays_as_it_was(
    policy: Policy, pool: Pool, model: Model | None
) -> None:
    before = {name: np.copy(column) for name, column in vars(pool).items()}
    chosen = choose(policy, pool, model=model)
    assert set(chosen.keys.tolist()) <= set(pool.keys.tolist())
    assert all(np.array_equal(column, before[name]) for name, column in vars(pool).items())
    assert chosen.why["num_chosen"] == len(chosen)
    assert choose(policy, pool, model=model) == chosen, "the same seed gives the same choice"


@dataclass(frozen=True)
class Run:
    """A configuration that holds a policy, as a loop's does."""

    which: Policy


@settings(max_examples=50, deadline=None)
@given(policies)
def test_every_policy_survives_yaml(policy: Policy) -> None:
    assert config.loads(Run, config.dumps(Run(policy))) == Run(policy)


@settings(max_examples=20, deadline=None)
@given(policies, pools())
def test_the_reason_is_json_and_names_a_policy_that_chooses_the_same(policy: Policy, pool: Pool) -> None:
    chosen = choose(policy, pool, model=Model())
    why = json.loads(json.dumps(dict(chosen.why)))
    again = config.loads(Run, json.dumps({"which": why["policy"]})).which
    assert choose(again, pool, model=Model()) == chosen


def test_the_reason_says_from_what_and_by_which_model(pool_of: Callable[..., Pool], tmp_path: Path) -> None:
    chosen = choose(Margin(0.5, within=All()), pool_of(10), model=Model())
    assert chosen.why == {
        "policy": {"margin": {"fraction": 0.5, "limit": None, "within": {"all": {}}}},
        "round": 4,
        "num_pool": 10,
        "num_chosen": 5,
        "scorer": "f0f1",
        "notes": [],
    }
    chosen.save(tmp_path / "selection.arrow")
    assert Selection.load(tmp_path / "selection.arrow").why == chosen.why


def test_a_configuration_reads_as_the_objects_do() -> None:
    text = """
    which:
      union:
        of:
          - margin: {fraction: 0.5}
          - uniform: {limit: 5000, within: old}
        weights: [1, 2]
    """
    expected = Union(Margin(0.5), Uniform(limit=5_000, within=Old()), weights=(1.0, 2.0))
    assert config.loads(Run, text).which == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("which: {margn: {fraction: 0.5}}", "Did you mean `margin`?"),
        ("which: {uniform: {fractoin: 0.5}}", "Did you mean `fraction`?"),
        ("which: {margin: {fraction: 0.5, within: {new: {tial: 1}}}}", "Did you mean `tail`?"),
    ],
)
def test_a_misspelt_configuration_is_told_the_right_word(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.loads(Run, text)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda: Uniform(), "Uniform()"),
        (lambda: Uniform(0.0), "fraction=0.0"),
        (lambda: Uniform(50), "fraction=50"),
        (lambda: Uniform(float("nan")), "fraction=nan"),
        (lambda: Uniform(limit=0), "limit=0"),
        (lambda: Margin(), "Margin()"),
        (lambda: Margin(1.5), "fraction=1.5"),
        (lambda: Balanced(), "Balanced()"),
        (lambda: Balanced("class", limit=5), "class"),  # type: ignore[arg-type]
        (lambda: New(-1), "tail=-1"),
        (lambda: New(limit=0), "limit=0"),
        (lambda: Old(-1), "tail=-1"),
        (lambda: Recent(), "limit=None"),
        (lambda: Recent(duration="a month"), "a month"),
        (lambda: Recent(duration=0), "duration=0"),
        (lambda: Freshness(1.0), "unused=1.0"),
        (lambda: Freshness(0.5, limit=0), "limit=0"),
        (lambda: Union(), "at least one"),
        (lambda: Union([All(), New()]), "All()"),  # type: ignore[arg-type]
        (lambda: Union(All(), New(), weights=(1.0,)), "(1.0,)"),
        (lambda: Union(All(), weights=(-1.0,)), "(-1.0,)"),
    ],
)
def test_a_bad_parameter_is_refused_with_its_value_and_a_remedy(make: Callable[[], object], value: str) -> None:
    with pytest.raises(SelectionError) as caught:
        make()
    assert value in str(caught.value)
    assert caught.value.remedy


def test_a_bad_parameter_in_a_configuration_is_refused_too() -> None:
    with pytest.raises(HeadwaterError, match=r"A half is fraction=0\.5"):
        config.loads(Run, "which: {union: {of: [{margin: {fraction: 50}}]}}")
