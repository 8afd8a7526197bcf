"""What holds for a store in each kind of catalogue: versions, identity, deletion, compaction, two writers."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater import samples
from headwater.core.errors import LockedError, SamplesError
from headwater.core.source import Source
from headwater.core.spec import Spec
from headwater.samples import Field, Samples, Schema

Rows = Callable[..., list[dict[str, Any]]]


def payloads(column: Any) -> list[bytes]:
    return list(column.to_pylist())


def reopened(store: Samples) -> Samples:
    return samples.open(store.path)


def numbers(block: Any) -> list[int]:
    return [int(number) for number in block["number"]]


def test_rows_are_read_as_written_in_the_order_asked_for(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 100))
    block = reopened(any_store).read([99, 3, 3, 50])
    assert numbers(block) == [99, 3, 3, 50]
    assert block["key"].tolist() == [99, 3, 3, 50]
    assert block["pair"].tolist() == [[99, 49.5], [3, 1.5], [3, 1.5], [50, 25]]
    assert block["word"].tolist() == [b"w99", b"w3", b"w3", b"w50"]
    assert payloads(block["blob"]) == [bytes([99]), bytes([3]) * 3, bytes([3]) * 3, bytes([50])]
    assert block["event_time"][1] == np.datetime64("1970-01-01T00:03:00")
    assert block["label_time"][1] == np.datetime64("1970-01-01T01:03:00")


def test_a_store_is_a_source_whose_spec_is_that_of_its_blocks(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 5))
    assert isinstance(any_store, Source)
    assert isinstance(any_store.at(), Source)
    assert any_store.spec == Spec.of(any_store.read(any_store.keys()))


def test_the_fingerprint_changes_with_the_version_and_survives_reopening(
    any_store: Samples, rows: Rows
) -> None:
    empty = any_store.fingerprint
    any_store.ingest(rows(0, 5))
    assert any_store.fingerprint != empty
    assert reopened(any_store).fingerprint == any_store.fingerprint
    assert any_store.at(0).fingerprint == empty


def test_keys_go_on_from_one_ingest_to_the_next(any_store: Samples, rows: Rows) -> None:
    first = any_store.ingest(rows(0, 30))
    second = any_store.ingest(rows(30, 40))
    assert first.keys.tolist() == list(range(30))
    assert second.keys.tolist() == list(range(30, 40))
    assert (second.num_new, second.num_known, second.version) == (10, 0, 2)


def test_the_same_rows_ingested_again_keep_their_keys(any_store: Samples, rows: Rows) -> None:
    first = any_store.ingest(rows(0, 30))
    any_store.ingest(rows(30, 40))
    again = reopened(any_store).ingest(rows(0, 30))
    assert again.keys.tolist() == first.keys.tolist()
    assert (again.num_new, again.num_known, again.version) == (0, 30, 2)
    assert len(reopened(any_store)) == 40


def test_a_digest_of_ones_own_makes_equal_rows_new_samples(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 3), digest="monday")
    assert any_store.ingest(rows(0, 3), digest="tuesday").keys.tolist() == [3, 4, 5]
    assert any_store.ingest(rows(0, 3), digest="monday").keys.tolist() == [0, 1, 2]


def test_a_version_reads_the_same_after_everything_that_follows_it(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 50))
    before = any_store.at()
    any_store.delete([7, 8])
    any_store.ingest(rows(50, 60))
    assert before.keys().tolist() == list(range(50))
    assert samples.open(any_store.path, version=1).keys().tolist() == list(range(50))
    assert numbers(any_store.at(1).read([7, 8])) == [7, 8]
    assert any_store.at(2).keys().size == 48
    assert any_store.at(0).keys().size == 0


def test_a_deleted_key_is_refused_with_the_version_that_still_has_it(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 50))
    assert any_store.delete([7, 9]) == 2
    with pytest.raises(SamplesError, match=r"key 7 was deleted in version 2 \(1 more.*at\(version=1\)"):
        any_store.read([3, 7, 9])


def test_an_unknown_key_is_refused_by_name(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 50))
    for key in (50, -1, 2**62):
        with pytest.raises(SamplesError, match=rf"no key {key}: version 1 has keys below 50"):
            any_store.read([3, key])
        with pytest.raises(SamplesError, match=rf"no key {key}.*Nothing was deleted"):
            any_store.delete([3, key])
    assert len(any_store) == 50


def test_deleting_twice_is_deleting_once(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 50))
    assert any_store.delete([7, 8, 8]) == 2
    assert any_store.delete([8]) == 2
    assert any_store.delete([8, 9]) == 3
    assert len(any_store) == 47


def test_compaction_takes_the_bytes_away_and_keeps_all_other_rows(any_store: Samples, rows: Rows) -> None:
    any_store.ingest([{**row, "word": f"HIDE{row['number']}", "blob": b"HIDDEN" * 9} for row in rows(0, 4)])
    any_store.ingest(rows(4, 60))
    any_store.delete([1, 2])
    any_store.compact()
    folder = any_store.path / "segments"
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"HIDE0" in content
    assert b"HIDE1" not in content
    assert content.count(b"HIDDEN") == 2 * 9
    keys = [59, 0, 3, 4]
    assert numbers(reopened(any_store).read(keys)) == keys
    assert reopened(any_store).keys().tolist() == [0, *range(3, 60)]


def test_versions_before_a_compacted_deletion_are_gone_and_say_so(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 50))
    any_store.delete([7])
    any_store.ingest(rows(50, 60))
    any_store.compact()
    with pytest.raises(SamplesError, match=r"version 1 cannot be read any more.*oldest readable version is 2"):
        any_store.at(1)
    assert any_store.at(2).keys().size == 49  # its rows are all there: only those it had lost are gone
    assert numbers(any_store.at(3).read([59, 6, 8])) == [59, 6, 8]
    assert [version.readable for version in any_store.versions()] == [False, False, True, True, True]


def test_compaction_joins_small_segments_and_no_version_suffers(any_store: Samples, rows: Rows) -> None:
    for start in range(0, 50, 5):
        any_store.ingest(rows(start, start + 5))
    assert any_store.describe()["segments"] == 10
    any_store.compact()
    assert any_store.describe()["segments"] < 10
    for version in range(11):
        assert any_store.at(version).keys().tolist() == list(range(5 * version))
    assert numbers(any_store.at(10).read(range(49, -1, -1))) == list(range(49, -1, -1))


def test_compacting_what_is_compact_makes_no_version(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 10))
    assert any_store.compact() == 1


def test_a_reader_goes_on_while_another_writer_compacts(any_store: Samples, rows: Rows) -> None:
    for start in range(0, 50, 5):
        any_store.ingest(rows(start, start + 5))
    unread, halfway = any_store.at(), any_store.at()
    halfway.read([0])
    other = reopened(any_store)
    other.delete([20])
    other.compact()
    assert numbers(halfway.read([3, 49])) == [3, 49]
    with pytest.raises(SamplesError, match=r"oldest readable version is 11"):
        unread.read([3])
    other.ingest(rows(50, 51))
    late = any_store.at(11)
    other.delete([21])
    assert numbers(late.read([3, 21])) == [3, 21]


def test_a_second_writer_is_refused_at_once_and_told_who_writes(any_store: Samples, rows: Rows) -> None:
    def slowly() -> Any:
        yield rows(0, 1)[0]
        with pytest.raises(LockedError, match=r"process .* is already writing here"):
            reopened(any_store).ingest(rows(1, 2))

    any_store.ingest(slowly())
    assert len(any_store) == 1


def test_a_reader_sees_nothing_of_an_ingest_before_its_commit(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 5))

    def looking() -> Any:
        yield from rows(5, 200)
        assert len(reopened(any_store)) == 5

    any_store.ingest(looking())
    assert len(reopened(any_store)) == 200


def test_refresh_moves_on_to_what_others_wrote(any_store: Samples, rows: Rows) -> None:
    other = reopened(any_store)
    any_store.ingest(rows(0, 5))
    assert len(other) == 0
    assert other.refresh() == 1
    assert len(other) == 5


def test_a_store_travels_to_another_process_as_what_it_reads_now(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 5))
    sent = pickle.dumps(any_store)
    any_store.ingest(rows(5, 6))
    arrived = pickle.loads(sent)
    assert arrived.keys().tolist() == [0, 1, 2, 3, 4]
    assert arrived.fingerprint == any_store.at(1).fingerprint


def test_the_history_tells_what_was_done(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 5))
    any_store.delete([0])
    any_store.compact()
    history = any_store.versions()
    assert [version.operation for version in history] == ["create", "ingest", "delete", "compact"]
    assert [version.num_rows for version in history] == [0, 5, 4, 4]
    assert history[1].created == np.datetime64("1970-04-11")


def test_a_store_describes_itself(any_store: Samples, rows: Rows) -> None:
    any_store.ingest(rows(0, 5))
    any_store.delete([4])
    described = any_store.describe()
    assert (described["rows"], described["deleted"], described["segments"]) == (4, 1, 1)
    assert described["event_time"] == ["1970-01-01T00:00:00.000000", "1970-01-01T00:03:00.000000"]
    assert described["label"] == [0, 1]
    files = (any_store.path / "segments").iterdir()
    assert described["bytes"] == sum(path.stat().st_size for path in files)


@pytest.mark.postgres
def test_two_stores_share_one_database(postgresql: str, tmp_path: Path, schema: Schema, rows: Rows) -> None:
    one = samples.create(tmp_path / "one.hw", schema, catalogue=postgresql)
    two = samples.create(tmp_path / "two.hw", schema, catalogue=postgresql)
    one.ingest(rows(0, 3))
    two.ingest(rows(7, 9))
    assert numbers(reopened(one).read(one.keys())) == [0, 1, 2]
    assert numbers(reopened(two).read(two.keys())) == [7, 8]


@pytest.mark.postgres
def test_the_transaction_protects_two_machines_without_a_common_lock_file(
    postgresql: str, tmp_path: Path, schema: Schema, rows: Rows
) -> None:
    store = samples.create(tmp_path / "store.hw", schema, catalogue=postgresql)
    elsewhere = samples.open(tmp_path / "store.hw")

    def meanwhile() -> Any:
        yield rows(0, 1)[0]
        (tmp_path / "store.hw" / ".lock").unlink()  # as if the folder's locks did not reach that far
        with pytest.raises(LockedError, match=r"already writing here"):
            elsewhere.ingest(rows(1, 2))

    store.ingest(meanwhile())
    assert len(store) == 1


@pytest.mark.postgres
def test_the_password_of_a_catalogue_is_not_written_down(
    postgresql: str, tmp_path: Path, schema: Schema
) -> None:
    url = postgresql.replace("headwater@", "headwater:secret@")
    samples.create(tmp_path / "store.hw", schema, catalogue=url)
    assert "secret" not in (tmp_path / "store.hw" / "store.json").read_text()
    assert len(samples.open(tmp_path / "store.hw")) == 0


@pytest.mark.postgres
def test_a_catalogue_that_does_not_answer_is_named(postgresql: str, tmp_path: Path, schema: Schema) -> None:
    with pytest.raises(SamplesError, match=r"@127.0.0.1:1/postgres: the catalogue cannot be used"):
        samples.create(tmp_path / "s.hw", schema, catalogue="postgresql+psycopg://me@127.0.0.1:1/postgres")


def test_an_address_of_no_catalogue_is_refused(tmp_path: Path, schema: Schema) -> None:
    for url in ("mysql://x/y", "nonsense"):
        with pytest.raises(SamplesError, match=r"not the address of a catalogue"):
            samples.create(tmp_path / "s.hw", schema, catalogue=url)


def test_a_store_that_is_there_is_not_made_again_and_one_that_is_not_is_not_opened(
    store: Samples, schema: Schema, tmp_path: Path
) -> None:
    with pytest.raises(SamplesError, match=r"store already. Use samples.open"):
        samples.create(store.path, schema)
    with pytest.raises(SamplesError, match=r"no store here. Make one: samples.create"):
        samples.open(tmp_path / "nowhere.hw")


def test_the_schema_is_saved_with_the_store(store: Samples, schema: Schema) -> None:
    assert reopened(store).schema == schema


def test_the_index_is_sorted_by_event_time_and_then_key(store: Samples, rows: Rows) -> None:
    late = rows(0, 20)
    for row in late[:10]:
        row["when"] = 600.0 - row["number"] // 2
    store.ingest(late)
    store.ingest(rows(5, 8))
    index = store.index()
    pairs = list(zip(index["event_time"].tolist(), index["key"].tolist()))
    assert pairs == sorted(pairs)
    assert list(index) == ["key", "event_time", "ingest_time", "label_time", "label"]
    block = store.read(index["key"])
    for name, column in {"event_time": "event_time", "label_time": "label_time", "label": "late"}.items():
        assert index[name].tolist() == block[column].tolist()


def test_the_index_leaves_out_what_is_deleted_before_and_after_compaction(store: Samples, rows: Rows) -> None:
    store.ingest(rows(0, 200))
    store.delete(range(10, 200, 3))
    live = [number for number in range(200) if number < 10 or number % 3 != 1]
    assert store.index()["key"].tolist() == live
    store.compact()
    store.delete([0])
    assert store.index()["key"].tolist() == live[1:]
    assert store.at(3).index()["key"].tolist() == live


def test_keys_are_found_by_event_time_from_start_up_to_but_without_stop(store: Samples, rows: Rows) -> None:
    store.ingest(rows(0, 20))
    assert store.keys("1970-01-01T00:05", "1970-01-01T00:08").tolist() == [5, 6, 7]
    assert store.keys(stop=np.datetime64(120, "s")).tolist() == [0, 1]
    assert store.keys("1970-01-01T00:18").tolist() == [18, 19]
    with pytest.raises(SamplesError, match=r"'yesterday' is not a time"):
        store.keys("yesterday")


def test_only_the_columns_asked_for_are_given_and_a_wrong_one_is_corrected(store: Samples, rows: Rows) -> None:
    store.ingest(rows(0, 5))
    assert list(store.read([1], columns=["late", "number"])) == ["late", "number"]
    with pytest.raises(SamplesError, match=r"no column 'lat'. Did you mean `late`"):
        store.read([1], columns=["lat"])


def test_columns_are_aligned_views_unless_they_are_to_lie_together(store: Samples, rows: Rows) -> None:
    store.ingest(rows(0, 5))
    views, copies = store.read([1, 2]), store.read([1, 2], contiguous=True)
    fixed = [name for name in views if name != "blob"]
    assert all(views[name].flags.aligned and not views[name].flags.owndata for name in fixed)
    assert all(copies[name].flags.c_contiguous for name in fixed)
    assert all(np.array_equal(views[name], copies[name]) for name in fixed)


def test_what_was_read_is_the_readers_own(store: Samples, rows: Rows) -> None:
    store.ingest(rows(0, 5))
    store.read([1])["number"][0] = 99
    assert numbers(store.read([1])) == [1]


def test_reading_nothing_gives_columns_without_rows(store: Samples) -> None:
    block = store.read([])
    assert {name: len(column) for name, column in block.items()} == dict.fromkeys(store.spec, 0)
    assert store.index()["key"].size == 0
    assert store.describe()["event_time"] is None


def test_without_times_and_labels_a_sample_happens_when_it_is_ingested(tmp_path: Path) -> None:
    from headwater.core.clock import FakeClock

    bare = Schema(fields=(Field("x", "float32"), Field("y", "int8")), label="y")
    store = samples.create(tmp_path / "bare.hw", bare, clock=FakeClock(5.0))
    store.ingest([{"x": 1.0, "y": 1}, {"x": 2.0, "y": None}])
    block = store.read([0, 1])
    assert block["event_time"].tolist() == block["ingest_time"].tolist()
    assert block["event_time"][0] == np.datetime64(5, "s")
    assert block["label_time"][0] == np.datetime64(5, "s")
    assert np.isnat(block["label_time"][1])


def test_importing_samples_loads_no_database_and_no_arrow() -> None:
    import subprocess
    import sys

    code = "import sys, headwater.samples; print([m for m in ('sqlalchemy', 'pyarrow') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
