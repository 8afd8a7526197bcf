from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from headwater.core.spec import Block
from headwater.loop import matplotlib
from headwater.loop.comparison import compare
from headwater.loop.figures import Material, Picture, drift, gallery, heat_map, labels, quality
from headwater.loop.results import Results

Made = Callable[..., Results]
MakeIndex = Callable[..., Block]
NUM = 120
TIMES = np.datetime64("2013-01-01", "us") + np.arange(NUM).astype("timedelta64[D]")
LABELS = np.arange(NUM) % 2
NAMES = {"quality", "cost", "labels", "drift", "matrix", "stages", "losses", "stored"}


def a_round(start: int, stop: int, **more: Any) -> dict[str, Any]:
    at = TIMES[start]
    curve = [[1, 0.7], [2, 0.6], [3, None]]
    keys = np.arange(start, stop)
    said = np.where(LABELS[keys] == (keys % 5 > 0), 0.7, 0.4)
    readings = [(at, "mmd", 0.02, 0.05, False), (at, "mmd", 0.06, 0.05, True)]
    return {"at": at, "keys": keys, "probabilities": said, "curve": curve, "readings": readings} | more


def matrix(num_models: int, num_intervals: int) -> dict[str, Any]:
    first = int(TIMES[0].astype(np.int64))
    edges = [first + i * NUM // num_intervals * 86_400_000_000 for i in range(num_intervals + 1)]
    models = [
        {"round": i, "variant": f"v{i}", "at_us": edges[min(i, num_intervals - 1)]} for i in range(num_models)
    ]
    cells = [
        [{"auroc": 0.5 + 0.01 * i, "log_loss": 0.6, "accuracy": None} for i in range(len(edges) - 1)]
        for _ in models
    ]
    return {"models": models, "edges_us": edges, "num_samples": [9] * (len(edges) - 1), "cells": cells}


def material_of(runs: list[Results], index: Block) -> Material:
    return Material(tuple(runs), compare(runs, index), index)


def drawn(runs: list[Results], index: Block) -> dict[str, Picture]:
    return {picture.name: picture for picture in gallery(material_of(runs, index))}


@pytest.fixture(scope="module")
def index(made_index: MakeIndex) -> Block:
    return made_index(TIMES, LABELS)


@pytest.fixture(scope="module")
def runs(make_run: Made, tmp_path_factory: pytest.TempPathFactory) -> list[Results]:
    folder = tmp_path_factory.mktemp("runs")
    drift = make_run(folder / "drift", [a_round(0, 60), a_round(60, NUM)], matrix=matrix(2, 4))
    return [drift, make_run(folder / "once", [a_round(0, NUM, readings=[])])]


@pytest.fixture(scope="module")
def pictures(runs: list[Results], index: Block) -> dict[str, Picture]:
    return drawn(runs, index)


def texts(picture: Picture) -> list[str]:
    root = ElementTree.fromstring(picture.svg)
    return [element.text or "" for element in root.iter() if element.tag.endswith(("text", "title"))]


def test_every_picture_is_drawn_and_well_formed(pictures: dict[str, Picture]) -> None:
    assert set(pictures) == NAMES
    for picture in pictures.values():
        assert not picture.missing
        assert ElementTree.fromstring(picture.svg).tag == "svg"
        assert picture.reading.endswith(".")


def test_pictures_are_the_same_each_time_and_on_any_thread_and_change_no_global_setting(
    pictures: dict[str, Picture], runs: list[Results], index: Block
) -> None:
    before, material = dict(mpl.rcParams), material_of(runs, index)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda draw: draw(material), [quality.over_time, heat_map.maps] * 4))
    assert again == [pictures["quality"], pictures["matrix"]] * 4
    assert dict(mpl.rcParams) == before


def test_ids_do_not_clash_on_one_page_and_all_references_resolve(pictures: dict[str, Picture]) -> None:
    page = "".join(picture.svg for picture in pictures.values())
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)) <= {(i, "") for i in ids} | {
        ("", i) for i in ids
    }


def test_texts_stay_texts_and_colours_follow_the_page(pictures: dict[str, Picture]) -> None:
    picture = pictures["quality"]
    assert {"AUC (higher is better)", "log-loss (lower is better)"} <= set(texts(picture))
    assert "currentColor" in picture.svg
    assert "var(--grid)" in picture.svg
    assert "http" not in picture.svg.replace("http://www.w3.org/", "")


def test_a_strategy_has_the_same_colour_in_every_picture(pictures: dict[str, Picture]) -> None:
    colour = matplotlib.style_of(1).colour
    assert all(colour in pictures[name].svg for name in ("quality", "cost", "losses", "stored"))
    assert all(colour not in pictures[name].svg for name in ("matrix", "labels"))


def test_each_trigger_has_its_reason_as_a_tooltip(made_run: Made, index: Block) -> None:
    material = material_of([made_run("a", [a_round(0, NUM, reason="drift: <b> & 'x'")])], index)
    assert "a, round 0, 2013-01-04 12:00: drift: <b> & 'x'" in texts(quality.over_time(material))
    assert any("drift: <b> & 'x'" in text for text in texts(drift.distances(material)))


@pytest.mark.parametrize(
    "name", ["a$b$", "_hidden", r"$\frac{", "重新训练", "a\x00\x1b[31m", "x" * 200, "<b>&\"'"]
)
def test_names_from_outside_are_drawn_as_they_are(name: str, made_run: Made, index: Block) -> None:
    # The name of a folder can hold no NUL and not 200 of every letter: only the drawing is asked.
    drawing = matplotlib.Drawing([1.0])
    drawing.legend([(name, matplotlib.style_of(0))])
    matplotlib.caption(drawing.panels[0], name)
    root = ElementTree.fromstring(drawing.svg(name))
    shown = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    safe = "".join(c if c.isprintable() else "\ufffd" for c in name)
    assert safe in shown
    assert any(
        text.strip() and safe.startswith(text.strip().rstrip("…")) for text in shown if text.startswith(" ")
    )


def test_without_drift_the_report_says_so(made_run: Made, index: Block) -> None:
    run = made_run("monthly", [a_round(0, NUM, readings=[])])
    assert "no trigger policy here looks at drift" in drift.distances(material_of([run], index)).missing


def test_an_empty_run_says_what_is_missing_in_each_picture(made_run: Made, made_index: MakeIndex) -> None:
    pictures = drawn([made_run("a", [], finished=False)], made_index([], []))
    stages = pictures.pop("stages")
    assert stages.missing
    assert all(picture.missing and not picture.svg for picture in pictures.values())


def test_no_run_at_all(made_index: MakeIndex) -> None:
    assert all(picture.missing for picture in drawn([], made_index([], [])).values())


def test_one_model_and_one_interval_are_enough(made_run: Made, made_index: MakeIndex) -> None:
    run = made_run("a", [a_round(0, 4)], matrix=matrix(1, 1))
    pictures = drawn([run], made_index(TIMES[:4], LABELS[:4]))
    assert {name for name, picture in pictures.items() if picture.missing} == {"cost"}


def test_unknown_numbers_leave_gaps(made_run: Made, made_index: MakeIndex) -> None:
    readings = [(TIMES[1], "mmd", None, None, True), (TIMES[2], "mmd", float("nan"), 0.05, False)]
    run = made_run("a", [a_round(0, NUM, readings=readings, curve=[[1, None]])], matrix=matrix(2, 3))
    pictures = drawn([run], made_index(TIMES, np.zeros(NUM)))  # one class: no AUC anywhere
    assert "AUC (higher is better)" not in texts(pictures["quality"])
    assert "accuracy (higher is better)" in texts(pictures["quality"])
    assert "accuracy is not defined on any interval" in pictures["matrix"].missing


def test_a_large_matrix_is_thinned_and_says_so(made_run: Made, index: Block) -> None:
    run = made_run("a", [a_round(0, NUM)], matrix=matrix(90, 120))
    picture = heat_map.maps(material_of([run], index))
    assert "a: round, 40 of 90 models" in texts(picture)
    assert len(picture.svg) < 900_000


def test_of_many_readings_those_that_fired_stay(made_run: Made, index: Block) -> None:
    seconds = np.arange(4_000).astype("timedelta64[m]")
    readings = [(TIMES[0] + s, "ks", 0.01, 0.05, False) for s in seconds]
    readings[1_234] = (TIMES[0] + seconds[1_234], "ks", 0.07, 0.05, True)
    run = made_run("a", [a_round(0, NUM, readings=readings)])
    picture = drift.distances(material_of([run], index))
    assert "2013-01-01 20:34: distance 0.0700, threshold 0.0500" in texts(picture)
    assert len(picture.svg) < 120_000


def test_more_than_two_classes_are_shown_class_by_class(made_run: Made, made_index: MakeIndex) -> None:
    run = made_run("a", [a_round(0, 6, probabilities=np.full((6, 3), 1 / 3))])
    picture = labels.base_rate(material_of([run], made_index(TIMES, np.arange(NUM) % 3)))
    assert {"share of each label", " label 0", " label 1", " label 2"} <= set(texts(picture))


def test_a_model_from_before_the_common_time_is_marked_where_the_line_begins(
    made_run: Made, index: Block
) -> None:
    early = made_run("early", [a_round(0, 10), a_round(10, 20), a_round(20, NUM)])
    late = made_run("late", [a_round(60, NUM)])
    picture = quality.over_time(material_of([early, late], index))
    marks = [text for text in texts(picture) if text.startswith("early, round")]
    assert {mark.split(",")[1] for mark in marks} == {" round 2"}


@pytest.mark.parametrize(
    ("step", "first", "second"),
    [
        *(("365D", "2014", "2015"), ("30D", "Mar 2013", "Apr")),
        *(("2D", "2013-02-21", "23"), ("2h", "2013-02-20 02:00", "04:00")),
    ],
)
def test_the_first_date_of_an_axis_is_whole_and_right(step: str, first: str, second: str) -> None:
    steps = (np.arange(12) * int(step[:-1])).astype(f"timedelta64[{step[-1]}]")
    times = np.datetime64("2013-02-20T01", "us") + steps
    drawing = matplotlib.Drawing([1.0])
    drawing.panels[0].plot(times, np.arange(12))
    drawing.time_axes()
    shown = [e.text or "" for e in ElementTree.fromstring(drawing.svg("x")).iter() if e.tag.endswith("text")]
    assert shown[:2] == [first, second]


def test_axes_of_counts_and_seconds_are_short() -> None:
    assert [matplotlib.short_count(n) for n in (0, 999, 12_345, 2.5e9, float("nan"))] == [
        *("0", "999", "12.3k", "2.5G", "")
    ]


def test_neighbouring_strategies_differ_in_more_than_colour() -> None:
    styles = [matplotlib.style_of(number) for number in range(8)]
    for one, other in pairwise(styles):
        assert one.colour != other.colour
        assert one.marker != other.marker
        assert one.dash != other.dash
