"""Options say how, never what."""

from __future__ import annotations

import json

import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.options import Options


def test_options_are_no_part_of_what_a_dataset_is() -> None:
    dataset = data.range(9).map(str)
    other = dataset.with_options(parallel="threads", num_workers=3, prefetch=False)
    assert other.fingerprint == dataset.fingerprint
    assert list(other.restore(dataset.iterate().state())) == list(dataset)
    assert other.with_options(num_workers=2).graph.options.parallel == "threads"
    assert other.batch(2).graph.options.num_workers == 3


def test_an_unknown_option_is_told_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no option 'num_worker'. Did you mean `num_workers`"):
        data.range(3).with_options(num_worker=2)
    assert data.Options(num_workers=2) == Options(num_workers=2)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"parallel": "gpu"}, "none of auto, inline, threads, processes"),
        ({"num_workers": 0}, "at least 1 worker"),
        ({"ahead_bytes": 0}, "positive"),
    ],
)
def test_wrong_options_are_refused(fields: dict[str, object], match: str) -> None:
    with pytest.raises(DataError, match=match):
        Options(**fields)  # type: ignore[arg-type]


def test_cores_follow_what_is_asked_for() -> None:
    assert Options(num_workers=5).cores == 5
    assert Options().cores >= 1


def test_a_state_is_read_with_the_rules_that_it_was_written_with() -> None:
    dataset = data.range(60).map(str).shuffle(9).skip(3).batch(4)
    wanted = [batch.tolist() for batch in dataset]
    plain = dataset.with_options(rules=())
    for first, second in ((dataset, plain), (plain, dataset)):
        with first.iterate() as run:
            next(run)
            state = json.loads(json.dumps(run.state()))
        assert [batch.tolist() for batch in second.restore(state)] == wanted[1:]
    with pytest.raises(DataError, match=r"no rule `reodrer`.*reorder"):
        iter(dataset.with_options(rules=("reodrer",)))
