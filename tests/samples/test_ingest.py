"""Everything that can be ingested gives the same rows; what is wrong is named by file, row and column."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.core.errors import SamplesError
from headwater.samples import Field, Samples, Schema
from headwater.samples.progress import Progress

Rows = Callable[..., list[dict[str, Any]]]
TABLE = pa.table(
    {
        "at": pa.array([60, 120, 180], pa.timestamp("s")),
        "x": [0.5, None, 2.5],
        "carrier": ["AA", "UA", "DL"],
        "late": pa.array([0, 1, None], pa.int64()),
        "unused": ["a", "b", "c"],
    }
)


@pytest.fixture
def flights(tmp_path: Path, clock: FakeClock) -> Samples:
    fields = (Field("x", "float32"), Field("carrier", "S2"), Field("late", "int8"))
    schema = Schema(fields=fields, event_time="at", label="late")
    return samples.create(tmp_path / "flights.hw", schema, clock=clock)


def as_file(path: Path) -> Path:
    """Write the table to `path` in the format of its name."""
    if path.name.endswith(".parquet"):
        parquet.write_table(TABLE, path)
    elif path.name.endswith(".csv"):
        csv.write_csv(TABLE, path)
    elif path.name.endswith(".csv.gz"):
        plain = as_file(path.with_name("plain.csv"))
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif path.name.endswith(".tsv"):
        csv.write_csv(TABLE, path, csv.WriteOptions(delimiter="\t"))
    elif path.name.endswith(".jsonl"):
        path.write_text("\n".join(json.dumps(row, default=str) for row in TABLE.to_pylist()))
    elif path.name.endswith(".arrow"):
        with pa.ipc.new_file(path, TABLE.schema) as writer:
            writer.write_table(TABLE)
    else:
        with pa.ipc.new_stream(path, TABLE.schema) as writer:
            writer.write_table(TABLE)
    return path


def check(store: Samples) -> None:
    block = store.read([0, 1, 2])
    assert block["event_time"].tolist() == [np.datetime64(60 * n, "s").item() for n in (1, 2, 3)]
    assert np.array_equal(block["x"], [0.5, np.nan, 2.5], equal_nan=True)
    assert block["carrier"].tolist() == [b"AA", b"UA", b"DL"]
    assert block["late"].tolist()[:2] == [0, 1]
    assert np.isnat(block["label_time"]).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.csv", "a.csv.gz", "a.tsv", "a.jsonl", "a.arrow", "stream.feather"]
)
def test_each_format_gives_the_same_rows_and_keeps_their_keys(
    flights: Samples, tmp_path: Path, name: str
) -> None:
    path = as_file(tmp_path / name)
    done = flights.ingest(path)
    assert (done.keys.tolist(), done.num_new, done.num_rejected, done.rejects) == ([0, 1, 2], 3, 0, None)
    check(flights)
    again = flights.ingest(str(path))
    assert (again.keys.tolist(), again.num_new, again.num_known) == ([0, 1, 2], 0, 3)


@pytest.mark.parametrize(
    "what",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        TABLE.to_pandas(),
        TABLE.to_pylist(),
        iter(TABLE.to_pylist()),
        {name: TABLE[name].combine_chunks() for name in TABLE.column_names},
        [{name: TABLE[name][at : at + 2] for name in TABLE.column_names} for at in (0, 2)],
    ],
    ids=["table", "batch", "reader", "frame", "list", "iterator", "block", "blocks"],
)
def test_each_thing_in_memory_gives_the_same_rows(flights: Samples, what: Any) -> None:
    assert flights.ingest(what).keys.tolist() == [0, 1, 2]
    check(flights)


def test_rows_and_blocks_may_follow_each_other(flights: Samples) -> None:
    plain = TABLE.to_pylist()
    block = {"at": np.array([240]), "x": np.array([9.0]), "carrier": np.array([b"ZZ"]), "late": np.array([1])}
    done = flights.ingest([*plain, block, plain[0]])
    assert done.keys.tolist() == [0, 1, 2, 3, 4]
    assert flights.read(done.keys)["x"].tolist()[3:] == [9.0, 0.5]


def test_a_folder_is_ingested_file_by_file(flights: Samples, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    csv.write_csv(TABLE.slice(2), folder / "b.csv")
    parquet.write_table(TABLE.slice(0, 2), folder / "a.parquet")
    (folder / "notes.txt").write_text("not data")
    done = flights.ingest(folder)
    assert (done.num_new, done.version) == (3, 2)
    check(flights)


def test_a_copy_under_another_name_is_known(flights: Samples, tmp_path: Path) -> None:
    first = as_file(tmp_path / "a.csv")
    (tmp_path / "copy.csv").write_bytes(first.read_bytes())
    flights.ingest(first)
    assert flights.ingest(tmp_path / "copy.csv").num_known == 3


def test_the_columns_of_the_input_may_have_other_names(flights: Samples) -> None:
    renamed = TABLE.rename_columns(["time", "x", "airline", "late", "unused"])
    flights.ingest(renamed, columns={"at": "time", "carrier": "airline"})
    check(flights)


def test_several_columns_make_one_field(tmp_path: Path, clock: FakeClock) -> None:
    schema = Schema(fields=(Field("dense", "float32", (2,)),), event_time="at")
    store = samples.create(tmp_path / "s.hw", schema, clock=clock)
    rows = {"at": [1, 2], "I1": ["1", "3"], "I2": ["2", "x"]}
    done = store.ingest(pa.table(rows), columns={"dense": ["I1", "I2"]})
    assert done.num_rejected == 1
    assert store.read([0])["dense"].tolist() == [[1, 2]]
    with pytest.raises(SamplesError, match=r"3 columns do not make the field 'dense'"):
        store.ingest(pa.table({**rows, "I3": [0, 0]}), columns={"dense": ["I1", "I2", "I3"]})


def test_a_column_that_is_not_there_is_named_with_the_nearest(flights: Samples) -> None:
    with pytest.raises(SamplesError, match=r"no column 'carrier'. Did you mean `carrrier`"):
        flights.ingest(TABLE.rename_columns(["at", "x", "carrrier", "late", "unused"]))
    assert flights.version == 0


def big_csv(path: Path, *, bad: dict[int, str]) -> Path:
    """Write 100,000 rows of flights, some replaced by other text."""
    lines = [f"{number},{number / 2},AA,0" for number in range(1, 100_001)]
    for row, text in bad.items():
        lines[row - 1] = text
    path.write_text("at,x,carrier,late\n" + "\n".join(lines) + "\n")
    return path


def test_a_wrong_type_in_row_70000_is_set_aside_and_the_rest_goes_on(flights: Samples, tmp_path: Path) -> None:
    path = big_csv(tmp_path / "big.csv", bad={7: "7,short", 70_000: "70000,abc,AA,0", 99_999: "1,2,AA,0,5"})
    done = flights.ingest(path)
    assert (done.num_new, done.num_rejected) == (99_997, 3)
    assert done.rejects is not None
    rejects = [json.loads(line) for line in done.rejects.read_text().splitlines()]
    assert {(r["row"], r["column"], r["reason"]) for r in rejects} == {
        (7, "-", "has 2 columns, expected 4"),
        (70_000, "x", "'abc' is not a float32 number"),
        (99_999, "-", "has 5 columns, expected 4"),
    }
    raw = next(reject for reject in rejects if reject["row"] == 70_000)
    assert raw["file"] == str(path)
    assert raw["values"] == {"at": "70000", "x": "abc", "carrier": "AA", "late": "0"}
    assert flights.read([69_997, 69_998])["x"].tolist() == [69_999 / 2, 70_001 / 2]


def test_more_bad_rows_than_allowed_refuse_the_whole_file(flights: Samples, tmp_path: Path) -> None:
    path = big_csv(tmp_path / "big.csv", bad={70_000: "70000,abc,AA,0", 70_001: "70001,1,AAA,0"})
    expected = r"big.csv: row 70,000, column 'x': 'abc' is not a float32 number.*more than 0 bad rows; nothing"
    with pytest.raises(SamplesError, match=expected) as caught:
        flights.ingest(path, max_rejects=0)
    assert "raise max_rejects=" in caught.value.remedy
    assert (flights.version, samples.open(flights.path).version) == (0, 0)
    assert list((flights.path / "segments").iterdir()) == []
    assert flights.ingest(path, max_rejects=2).num_new == 99_998


def test_an_event_time_that_is_missing_or_far_ahead_is_a_bad_row(flights: Samples) -> None:
    day = 86_400
    times = [1.0, float("nan"), None, 101.5 * day, 100.5 * day, "soon"]
    done = flights.ingest([{"at": at, "x": 0.0, "carrier": "AA", "late": 0} for at in times])
    assert done.keys.tolist() == [0, 1]
    assert done.rejects is not None
    reasons = {r["row"]: r["reason"] for r in map(json.loads, done.rejects.read_text().splitlines())}
    assert set(reasons) == {2, 3, 4, 6}
    assert "missing: each sample needs an event time" in reasons[2]
    assert "later than 1970-04-12T00:00:00.000000, the clock with max_future= added" in reasons[4]
    assert "'soon' is not a time" in reasons[6]
    late = [{"at": 101.5 * day, "x": 0.0, "carrier": "AA", "late": 0}]
    assert flights.ingest(late, max_future="2d").num_new == 1


def test_lines_that_are_no_objects_are_bad_rows(flights: Samples, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = '{"at": 5, "x": 1, "carrier": "AA", "late": 0}'
    path.write_text(f"{row}\n\nnot json\n[1]\n{row}")
    done = flights.ingest(path)
    assert (done.num_new, done.num_rejected) == (2, 2)
    assert done.rejects is not None
    assert [json.loads(line)["row"] for line in done.rejects.read_text().splitlines()] == [3, 4]


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
def test_a_file_that_was_cut_short_is_named_and_nothing_of_it_stays(
    flights: Samples, tmp_path: Path, name: str
) -> None:
    path = as_file(tmp_path / name)
    path.write_bytes(path.read_bytes()[:-40] if name != "a.feather" else path.read_bytes()[:200])
    with pytest.raises(SamplesError, match=rf"{name}: not a whole .* file.*copy it again"):
        flights.ingest(path)
    assert len(flights) == 0


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_compressed_file_that_was_cut_short_is_named(flights: Samples, tmp_path: Path, name: str) -> None:
    whole = gzip.compress(as_file(tmp_path / name).read_bytes() * 1000)
    (tmp_path / f"{name}.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SamplesError, match=rf"{name}.gz: .*nothing of it was stored"):
        flights.ingest(tmp_path / f"{name}.gz", max_rejects=10**6)
    assert len(flights) == 0


def test_a_file_that_grows_while_it_is_read_is_refused(flights: Samples, tmp_path: Path) -> None:
    path = as_file(tmp_path / "a.csv")

    def grow(_progress: Progress) -> None:
        with path.open("a") as file:
            file.write("2000-01-01,1,AA,0,x\n")

    with pytest.raises(SamplesError, match=r"written to while it was read"):
        flights.ingest(path, progress=grow)
    assert len(flights) == 0


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("nowhere.csv", "no such file"),
        (5, "a int cannot be ingested"),
        ([5], "item 1 is a int, not a dict"),
        ({"at": np.array([1]), "x": np.array([1, 2])}, "unequal lengths"),
    ],
)
def test_what_cannot_be_ingested_is_refused(flights: Samples, what: Any, problem: str) -> None:
    with pytest.raises(SamplesError, match=problem):
        flights.ingest(what)


def test_an_unknown_suffix_is_refused_with_the_formats(flights: Samples, tmp_path: Path) -> None:
    (tmp_path / "a.parqet").write_text("")
    with pytest.raises(SamplesError, match=r"Did you mean `parquet`"):
        flights.ingest(tmp_path / "a.parqet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SamplesError, match=r"nothing in this folder"):
        flights.ingest(tmp_path / "empty")


def test_a_long_input_is_committed_in_stretches_with_the_same_keys_at_the_second_time(
    flights: Samples, tmp_path: Path
) -> None:
    path = big_csv(tmp_path / "big.csv", bad={5: "5,x,AA,0"})
    done = flights.ingest(path, commit_rows=30_000)
    assert (done.num_new, done.version) == (99_999, 4)
    assert [version.num_rows for version in flights.versions()] == [0, 29_999, 59_999, 89_999, 99_999]
    again = flights.ingest(path, commit_rows=30_000)
    assert (again.num_new, again.num_known, again.version) == (0, 99_999, 4)
    assert np.array_equal(again.keys, done.keys)


def test_an_endless_iterator_is_readable_up_to_its_last_commit(flights: Samples) -> None:
    def endless() -> Any:
        for number in range(10**9):
            if number == 25:
                raise KeyboardInterrupt
            yield {"at": float(number), "x": number, "carrier": b"AA", "late": 0}

    blocks = ({name: np.array([value]) for name, value in row.items()} for row in endless())
    with pytest.raises(KeyboardInterrupt):
        flights.ingest(blocks, commit_rows=10)
    assert len(flights) == 20
    assert flights.ingest(TABLE).keys.tolist() == [20, 21, 22]


def test_progress_is_reported_and_silent_without_a_terminal(
    flights: Samples, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[Progress] = []
    flights.ingest(as_file(tmp_path / "a.parquet"), progress=seen.append)
    assert seen == [Progress(str(tmp_path / "a.parquet"), 3, 3)]
    flights.ingest(as_file(tmp_path / "a.csv"))
    assert capfd.readouterr() == ("", "")


def test_a_refused_file_does_not_use_up_keys(flights: Samples) -> None:
    with pytest.raises(SamplesError):
        flights.ingest([{"at": 1, "x": "no", "carrier": "AA", "late": 0}], max_rejects=0)
    assert flights.ingest(TABLE).keys.tolist() == [0, 1, 2]


def test_rows_deleted_once_stay_deleted_when_their_file_comes_again(flights: Samples) -> None:
    flights.ingest(TABLE)
    flights.delete([1])
    flights.compact()
    again = flights.ingest(TABLE)
    assert again.keys.tolist() == [0, 1, 2]
    assert flights.keys().tolist() == [0, 2]
