"""``headwater samples`` on files as they come: misnamed, half wrong, given twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from headwater import samples
from headwater.cli import app
from headwater.core.errors import HeadwaterError

SCHEMA = "fields: [{name: x, dtype: float32}]\nevent_time: at\n"
WRONG = "fields: [{name: y, dtype: float32}]\nevent_time: at\n"
ROWS = "at,x\n2020-01-01,0.1\n2020-01-02T03:04:05.678,1.5\n2020-01-03,2.5\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "a.csv").write_text(ROWS)
    return tmp_path


def ended(line: str) -> Result:
    return CliRunner().invoke(app, ["samples", *line.split()], catch_exceptions=False)


def run(line: str) -> str:
    result = ended(line)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(line: str) -> HeadwaterError:
    with pytest.raises(HeadwaterError) as caught:
        run(line)
    assert caught.value.remedy
    return caught.value


def test_the_mended_schema_counts_after_a_first_ingest_that_failed() -> None:
    assert "'y'" in refused("ingest s.hw a.csv --schema wrong.yaml").problem
    assert "3 new" in run("ingest s.hw a.csv --schema schema.yaml")
    assert [row["x"] for row in json.loads(run("show s.hw --json"))] == pytest.approx([0.1, 1.5, 2.5])


def test_another_schema_than_that_of_the_samples_is_refused() -> None:
    run("ingest s.hw a.csv --schema schema.yaml")
    assert "another schema" in refused("ingest s.hw a.csv --schema wrong.yaml").problem
    run("delete s.hw 0 1 2")
    assert "another schema" in refused("ingest s.hw a.csv --schema wrong.yaml").problem
    assert "3 known" in run("ingest s.hw a.csv --schema schema.yaml")


def test_a_store_made_anew_is_another_store() -> None:
    run("create s.hw --schema wrong.yaml")
    before = samples.open("s.hw")
    after = before.renew(samples.Schema(fields=(samples.Field("x", "int8"),)))
    assert after.identity != before.identity
    assert samples.open("s.hw").schema == after.schema


def test_no_store_is_made_for_a_file_that_is_not_there(folder: Path) -> None:
    assert refused("ingest s.hw a.csv nofile.csv --schema schema.yaml").where == "nofile.csv"
    assert not (folder / "s.hw").exists()


@pytest.mark.parametrize(
    "line",
    [
        "ingest a.csv a.csv",
        "ingest a.csv a.csv --schema schema.yaml",
        "show a.csv",
        "create a.csv --schema schema.yaml",
    ],
)
def test_a_file_in_the_place_of_the_store_is_named(line: str) -> None:
    error = refused(line)
    assert "this is a file" in error.problem
    assert error.where == "a.csv"


def test_a_store_can_be_made_before_there_is_a_file() -> None:
    assert run("create s.hw --schema schema.yaml") == "made s.hw\n"
    assert "store already" in refused("create s.hw --schema schema.yaml").problem
    assert "3 new" in run("ingest s.hw a.csv")


def test_columns_and_formats_can_be_named(folder: Path) -> None:
    (folder / "b.txt").write_text("when,left,right\n2020-01-01,1,2\n")
    (folder / "pair.yaml").write_text("fields: [{name: x, dtype: int8, shape: [2]}]\nevent_time: at\n")
    assert "--format" in refused("ingest s.hw b.txt --schema pair.yaml").remedy
    assert "--column" in refused("ingest s.hw b.txt --format csv").remedy
    run("ingest s.hw b.txt --format csv --column at=when --column x=left --column x=right")
    assert json.loads(run("show s.hw --json"))[0]["x"] == [1, 2]
    result = ended("ingest s.hw b.txt --column at")
    assert result.exit_code == 2
    assert "NAME=INPUT" in result.output


def test_bad_rows_are_counted(folder: Path) -> None:
    (folder / "b.csv").write_text("at,x\n2020-01-01,0.5\n2020-01-02,many\nnever,1\n")
    assert "1 new, 0 known, 2 bad (see " in run("ingest s.hw b.csv --schema schema.yaml")
    assert json.loads(run("ingest t.hw b.csv --schema schema.yaml --json"))[0]["bad"] == 2
    assert "--max-rejects" in refused("ingest u.hw b.csv --schema schema.yaml --max-rejects 1").remedy


def test_what_came_before_a_refused_file_is_in_the_same_json(folder: Path) -> None:
    (folder / "b.csv").write_text("at,z\n2020-01-01,0.5\n")
    result = ended("ingest s.hw a.csv b.csv --schema schema.yaml --json")
    assert result.exit_code == 1
    said: dict[str, Any] = json.loads(result.stdout)
    assert [(line["file"], line["new"]) for line in said["done"]] == [("a.csv", 3)]
    assert "'x'" in said["error"]["problem"]


def test_only_rows_that_were_there_are_counted_as_deleted() -> None:
    run("ingest s.hw a.csv --schema schema.yaml")
    assert run("delete s.hw 1 1") == "deleted 1 row, version 2\n"
    assert run("delete s.hw 0 1 2") == "deleted 2 rows, version 3\n"
    assert json.loads(run("delete s.hw 0 --json")) == {"deleted": 0, "version": 3}


def test_rows_in_a_pipe_keep_one_line_and_the_digits_of_their_type(folder: Path) -> None:
    names = [f"a_rather_long_name_{n}" for n in range(12)]
    fields = ", ".join(f"{{name: {name}, dtype: float32}}" for name in names)
    (folder / "wide.yaml").write_text(f"fields: [{fields}]\nevent_time: at\n")
    (folder / "wide.csv").write_text(f"at,{','.join(names)}\n2020-01-02T03:04:05.678{',0.1' * 12}\n")
    run("ingest s.hw wide.csv --schema wide.yaml")
    title, head, row = run("show s.hw").splitlines()
    assert title == "s.hw"
    assert head.split()[-12:] == names
    assert row.split()[-12:] == ["0.1"] * 12
    assert row.split()[1] == "2020-01-02T03:04:05"


def test_a_store_is_described_in_words() -> None:
    run("ingest s.hw a.csv --schema schema.yaml")
    said = run("ls s.hw")
    assert "  x: float32\n" in said
    assert "{" not in said
    assert "name: a.csv, rows: 3, rejected: 0" in said
    assert json.loads(run("ls s.hw --json"))["schema"]["x"] == "float32"
