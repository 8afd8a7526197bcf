from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import loop
from headwater.core.clock import FakeClock
from headwater.core.errors import LoopError
from headwater.core.spec import Block
from headwater.loop import report
from headwater.loop.results import Results

Made = Callable[..., Results]
MakeIndex = Callable[..., Block]
SECTIONS = ["verdict", "strategies", "pictures", "rounds", "ledger", "configuration", "environment"]
VOID = {"meta", "link", "br", "hr", "img", "input"}
NUM = 60
TIMES = np.datetime64("2013-01-01", "us") + np.arange(NUM).astype("timedelta64[D]")
HOSTILE = "<script>alert(1)</script>'\"&{{ 7 * 7 }}\x1b[31m"


class Page(HTMLParser):
    """What a page holds; every element must be closed in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{name} in <{tag}>"
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "action", "srcset", "data"):
                self.references.append(value or "")
            self.references += re.findall(r"url\(\s*['\"]?([^)'\"]+)", value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def index(made_index: MakeIndex) -> Block:
    return made_index(TIMES, np.arange(NUM) % 2)


def a_round(start: int, stop: int, **more: Any) -> dict[str, Any]:
    said = np.where(np.arange(start, stop) % 2 == (np.arange(start, stop) % 7 > 0), 0.8, 0.3)
    told = {"at": TIMES[start], "keys": range(start, stop), "probabilities": said, "curve": [[1, 0.5]]}
    return told | {"metrics": {"accuracy": 0.5, "auroc": 0.6, "log_loss": 0.7}} | more


def written(runs: list[Results], index: Block, tmp_path: Path, baseline: str | None = None, **more: Any) -> str:
    path = report.write(runs, tmp_path / "out" / "report.html", index=index, baseline=baseline, **more)
    return path.read_text()


@pytest.fixture(scope="module")
def html(make_run: Made, index: Block, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of two finished runs."""
    folder = tmp_path_factory.mktemp("two")
    drift = [a_round(0, 30, predicted_s=2.0, num_new=12_345), a_round(30, NUM, predicted_s=0.5)]
    runs = [
        make_run(folder / "drift", drift, config={"seed": 42}),
        make_run(folder / "once", [a_round(0, NUM, num_trained=600)]),
    ]
    return written(runs, index, folder, "once", title="Flights", clock=FakeClock(0.0))


def test_a_report_has_each_section_and_needs_nothing_else(html: str) -> None:
    page = Page(html)
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS
    assert len(page.ids) == len(set(page.ids))
    assert all(reference.startswith("#") for reference in page.references)
    assert {reference[1:] for reference in page.references} <= set(page.ids)
    assert "@import" not in html
    assert page.tags.count("svg") == 6  # neither drift distances nor a matrix: these runs have none
    assert page.text.startswith("Flights")
    assert "written 1970-01-01 00:00 UTC" in page.text


def test_the_verdict_comes_first_and_tells_of_the_baseline(html: str) -> None:
    text = Page(html).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "of once" in text
    assert 0 < text.index("33 % of its samples") < text.index("Quality over event time")


def test_tables_sort_by_values_and_read_without_a_script(html: str) -> None:
    assert 'data-value="12345">12,345</td>' in html


def test_predicted_seconds_stand_beside_actual_ones(html: str) -> None:
    text = Page(html).text
    assert "drift 0 2.00 1.00 0.50" in text
    assert "off by a factor of 2.00" in text


def test_the_configuration_and_the_environment_are_there(html: str) -> None:
    text = Page(html).text
    assert '"seed": 42' in text
    assert f"python {sys.version.split()[0]}" in text
    assert f"numpy {np.__version__}" in text


def test_everything_from_outside_is_escaped(made_run: Made, index: Block, tmp_path: Path) -> None:
    folder = HOSTILE.replace("/", "").replace("\x1b", "")
    run = made_run(folder, [a_round(0, NUM, reason=HOSTILE)], config={"flow": HOSTILE})
    html = written([run], index, tmp_path, title=HOSTILE)
    page = Page(html)
    assert page.tags.count("script") == 1  # the one that sorts tables
    assert "alert(1)</script>" not in html
    assert "\x1b" not in html
    assert "<script>alert(1)</script>'\"&{{ 7 * 7 }}" in page.text


def test_a_single_unfinished_run_with_a_round_in_the_making(
    made_run: Made, index: Block, tmp_path: Path
) -> None:
    run = made_run("drift", [a_round(0, 30), {"at": TIMES[30], "stored": False}], finished=False)
    text = Page(written([run], index, tmp_path)).text
    assert "Not finished yet: drift." in text
    assert "2 rounds, not finished" in text
    assert "The matrix is written at the end of a run" in text


def test_an_empty_run_says_what_is_missing(made_run: Made, made_index: MakeIndex, tmp_path: Path) -> None:
    text = Page(written([made_run("drift", [], finished=False)], made_index([], []), tmp_path)).text
    assert "No run has been judged yet" in text
    assert "No round has begun: no trigger has fired yet." in text
    assert "No sample has a label yet." in text


def test_a_round_that_found_nothing_to_train_on(made_run: Made, index: Block, tmp_path: Path) -> None:
    run = made_run("drift", [{"at": TIMES[0], "num_selected": 0}, a_round(30, NUM)])
    assert "2 rounds, finished" in Page(written([run], index, tmp_path)).text


def test_no_runs_at_all(made_index: MakeIndex, tmp_path: Path) -> None:
    assert "There are no runs to show." in Page(written([], made_index([], []), tmp_path)).text


def test_more_than_two_classes(made_run: Made, made_index: MakeIndex, tmp_path: Path) -> None:
    said = np.full((NUM, 3), 1 / 3)
    run = made_run("drift", [{"at": TIMES[0], "keys": range(NUM), "probabilities": said}])
    text = Page(written([run], made_index(TIMES, np.arange(NUM) % 3), tmp_path)).text
    assert "label 2" in text
    assert "mean AUC 0.5000" in text


def test_an_old_report_is_replaced_even_without_a_configuration_to_show(
    made_run: Made, index: Block, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("old")
    run = made_run("drift", [a_round(0, NUM)])
    (run.folder.path / "run.json").unlink()
    assert "Not known: " in Page(written([run], index, tmp_path)).text
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["report.html"]


def test_an_unknown_baseline_writes_nothing(made_run: Made, index: Block, tmp_path: Path) -> None:
    with pytest.raises(LoopError, match="no run 'weekly'"):
        written([made_run("drift", [a_round(0, NUM)])], index, tmp_path, "weekly")
    assert not (tmp_path / "out").exists()


def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    made_index: MakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "headwater.loop.jinja2", raising=False)
    monkeypatch.delattr(loop, "jinja2", raising=False)
    with pytest.raises(LoopError, match=r"needs jinja2, .* pip install 'headwater\[loop\]'"):
        written([], made_index([], []), tmp_path)


def test_importing_reports_and_tables_loads_no_library_that_only_some_need() -> None:
    heavy = "{'matplotlib', 'jinja2', 'torch', 'rich'} & set(sys.modules)"
    code = f"import sys; from headwater.loop import comparison, report, table; print({heavy} or 'light')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "matplotlib" not in done.stdout
    assert "jinja2" not in done.stdout
    assert "torch" not in done.stdout
