"""Plans explain themselves with one table; a ledger says how good they were."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.budget import Budget, Estimate
from headwater.core.plan import Entry, Ledger, Plan, Step, table

plan = Plan(
    "tune",
    (
        Step(
            step="map",
            why="four copies",
            before=Estimate(time_s=8.0, memory_bytes=2**20),
            after=Estimate(time_s=2.0, memory_bytes=2**22),
            bound_by="cpu",
        ),
        Step(step="prefetch", why="hide reading", after=Estimate(time_s=1.0, memory_bytes=2**21)),
    ),
)


def test_a_plan_explains_every_step_and_the_total() -> None:
    lines = plan.explain().splitlines()
    assert lines[0] == "tune"
    assert lines[1].split() == ["step", "why", "cost", "before", "cost", "after", "bound", "by"]
    assert lines[2].split("  ")[0] == "map"
    assert lines[-1].startswith("total")
    assert lines[-1].rstrip().endswith("3s, 4 MiB")
    assert {line.index(cell) for line, cell in zip(lines[1:4], ("cost after", "2s, 4 MiB", "1s, 2 MiB"))} == {
        lines[1].index("cost after")
    }


def test_a_plan_that_does_not_fit_says_by_how_much() -> None:
    assert plan.overruns(Budget(memory_bytes=2**21, time_s=10)) == ["memory: needs 4 MiB, may use 2 MiB"]


def test_a_plan_can_be_written_as_json() -> None:
    tree = json.loads(json.dumps(plan.to_json()))
    assert tree["steps"][0]["before"]["time_s"] == 8.0
    assert [step["step"] for step in tree["steps"]] == ["map", "prefetch"]


def test_an_empty_plan_costs_nothing_known() -> None:
    assert Plan("nothing", ()).after == Estimate()
    assert "total" in Plan("nothing", ()).explain()


def test_a_ledger_compares_what_was_said_with_what_was() -> None:
    ledger = Ledger()
    assert ledger.error() is None
    ledger.record("train", predicted_s=10, actual_s=20)
    ledger.record("store", predicted_s=4, actual_s=1)
    ledger.record("ingest", predicted_s=1, actual_s=1)
    assert ledger.error() == 2
    assert ledger.explain().splitlines()[1].split() == ["train", "10s", "20s", "2.00"]


def test_predictions_of_nothing_do_not_break_the_ledger() -> None:
    ledger = Ledger()
    assert ledger.record("a", predicted_s=0, actual_s=1).ratio == math.inf
    ledger.record("b", predicted_s=1, actual_s=0)
    assert ledger.error() is None
    assert "inf" in ledger.explain()


@given(actual=st.floats(1e-3, 1e3), predicted=st.floats(1e-3, 1e3))
def test_too_high_and_too_low_by_the_same_factor_are_equally_wrong(actual: float, predicted: float) -> None:
    one = Ledger([Entry("x", predicted, actual)]).error()
    other = Ledger([Entry("x", actual, predicted)]).error()
    assert one == pytest.approx(other)
    assert one is not None
    assert one >= 1


def test_columns_of_a_table_are_as_wide_as_their_widest_cell() -> None:
    assert table(("a", "bb"), [("ccc", "d")]) == "a    bb\nccc  d"
    assert table(("a", "bb"), []) == "a  bb"
