from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from headwater.core.spec import Block
from headwater.loop import table
from headwater.loop.comparison import Comparison, compare
from headwater.loop.results import Results

Made = Callable[..., Results]
METRICS = {"accuracy": 0.7511, "auroc": 0.69512, "log_loss": None}
ROUNDS = [
    {"at": "2013-01-08T05:00", "num_new": 20_000, "num_selected": 10_000, "size_bytes": 2_048},
    {"at": "2013-02-08T05:30", "reason": "drift: mmd 0.0612 is above 0.05", "keys": [0, 1], "metrics": METRICS}
    | {"probabilities": [0.2, 0.8]},
]


def printed(shown: Any, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(shown)
    return out.getvalue().splitlines()


def one_run(made_run: Made) -> Results:
    return made_run("drift", ROUNDS)


def two_runs(made_run: Made, made_index: Callable[..., Block]) -> Comparison:
    said = {"at": "2013-01-01", "keys": range(4), "probabilities": [0.1, 0.4, 0.35, 0.8]}
    runs = [made_run("drift", [said]), made_run("once", [said])]
    return compare(runs, made_index(["2013-01-01"] * 4, [0, 0, 1, 1]))


def test_a_wide_terminal_shows_every_column_of_a_round(made_run: Made) -> None:
    lines = printed(table.rounds(one_run(made_run)), 200)
    assert lines[0] == "drift: 2 rounds, 4.1 s in all"
    assert lines[1].split() == [
        *("round", "event", "time", "reason", "new", "selected", "watch", "s", "choose", "s", "train", "s"),
        *("store", "s", "evaluate", "s", "stored", "accuracy", "AUC", "log-loss", "scored"),
    ]
    assert lines[2].split() == [
        *("0", "2013-01-08", "05:00", "amount:", "100", "samples", "20,000", "10,000"),
        *("0.10", "0.20", "1.00", "0.30", "-", "2", "KiB", "-", "-", "-", "-"),
    ]
    assert "drift: mmd 0.0612 is above 0.05" in lines[3]
    assert lines[3].split()[-4:] == ["0.7511", "0.6951", "-", "2"]


def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(made_run: Made) -> None:
    shown = table.rounds(one_run(made_run))
    for width in range(43, 220, 7):  # 43: the columns that always stay
        lines = printed(shown, width)
        assert max(map(len, lines)) <= width
        (row,) = [line.split() for line in lines if line.split()[:1] == ["1"]]
        assert row[1:3] == ["2013-02-08", "05:30"]
        assert {"100", "0.6951"} <= set(row)


def test_a_narrow_terminal_says_what_it_leaves_out(made_run: Made) -> None:
    text = " ".join(" ".join(printed(table.rounds(one_run(made_run)), 60)).split())
    assert "too narrow for: " in text
    assert "evaluate s" in text.split("too narrow for: ")[1]


def test_the_least_important_columns_go_first(made_run: Made) -> None:
    fitted = table.rounds(one_run(made_run))
    kept = [{column.head for column in fitted.fit(width)} for width in range(30, 200, 5)]
    assert all(narrow <= wide for narrow, wide in pairwise(kept))
    assert {"round", "event time", "selected", "AUC"} <= kept[0]


def test_a_long_reason_is_cut_and_numbers_are_not(made_run: Made) -> None:
    results = made_run(
        "drift", [{"at": "2013-01-08", "reason": "drift: " + "x" * 500, "num_selected": 123_456}]
    )
    (line,) = [line for line in printed(table.rounds(results), 100) if "drift: x" in line]
    assert "…" in line
    assert "123,456" in line


def test_reasons_are_text_and_no_markup_or_escape(made_run: Made) -> None:
    results = made_run("drift", [{"at": "2013-01-08", "reason": "[red]x[/red] \x1b[31m\n[/nope]"}])
    text = "\n".join(printed(table.rounds(results), 200))
    assert "[red]x[/red] \ufffd[31m\ufffd[/nope]" in text


def test_an_empty_run_has_an_empty_table(made_run: Made) -> None:
    lines = printed(table.rounds(made_run("drift", [], finished=False)), 120)
    assert lines[0] == "drift: 0 rounds, not finished"


def test_runs_side_by_side_with_the_gain_over_a_baseline(
    made_run: Made, made_index: Callable[..., Block]
) -> None:
    compared = two_runs(made_run, made_index)
    lines = printed(table.comparison(compared, against="once"), 200)
    assert lines[0] == "4 samples in 1 interval of 7d"
    assert "better than once by" in lines[1]
    assert lines[2].split()[:3] == ["drift", "0.7500", "+0.0000"]
    assert lines[3].split()[:3] == ["once", "0.7500", "-"]


def test_a_comparison_is_printed_with_its_verdict(
    made_run: Made, made_index: Callable[..., Block], capsys: pytest.CaptureFixture[str]
) -> None:
    table.print_comparison(two_runs(made_run, made_index), against="once")
    assert "drift: mean AUC 0.7500 against 0.7500 of once" in " ".join(capsys.readouterr().out.split())


def test_what_is_not_a_terminal_gets_every_column(made_run: Made, capsys: pytest.CaptureFixture[str]) -> None:
    table.print_rounds(one_run(made_run))
    out = capsys.readouterr().out
    assert "too narrow" not in out
    assert "log-loss" in out


def test_a_run_that_was_not_judged_has_dashes(made_run: Made, made_index: Callable[..., Block]) -> None:
    said = {"at": "2013-01-01", "keys": range(4), "probabilities": np.full(4, 0.5)}
    runs = [made_run("a", [said]), made_run("b", [], finished=False)]
    compared = compare(runs, made_index(["2013-01-01"] * 4, [0, 0, 1, 1]))
    lines = printed(table.comparison(compared, against="a"), 200)
    assert lines[3].split()[:5] == ["b", "-", "-", "-", "-"]
