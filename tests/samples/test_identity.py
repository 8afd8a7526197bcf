"""The property that everything rests on: the bytes under a key are those that were written under it.

Hypothesis makes any sequence of ingests, deletions and compactions; a dict is the model.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headwater import samples
from headwater.core.clock import FakeClock
from headwater.core.errors import SamplesError
from headwater.samples import Field, Payload, Schema

SCHEMA = Schema(
    fields=(
        Field("number", "int64"),
        Payload("blob"),
        Field("word", "S5"),
        Payload("more"),
        Field("y", "int8"),
    ),
    event_time="at",
    label="y",
)
Row = dict[str, Any]


class Identity(RuleBasedStateMachine):
    """A store beside a dict of what each key was given."""

    @initialize(segment_bytes=st.sampled_from([1, 200, 1_000, 10**6]))
    def create(self, segment_bytes: int) -> None:
        # In memory where that is possible: durability is not what is tested here.
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self.folder = tempfile.TemporaryDirectory(dir=memory)
        path = Path(self.folder.name) / "s.hw"
        self.store = samples.create(path, SCHEMA, segment_bytes=segment_bytes, clock=FakeClock(1e6))
        self.written: list[Row] = []
        self.live: set[int] = set()
        self.readable: dict[int, frozenset[int]] = {0: frozenset()}
        self.numbers = itertools.count()
        self.deleted_in = 0

    @rule(
        blobs=st.lists(st.binary(max_size=40), min_size=1, max_size=12), times=st.randoms(use_true_random=False)
    )
    def ingest(self, blobs: list[bytes], times: Any) -> None:
        rows = [self._row(blob, times.randrange(1000)) for blob in blobs]
        done = self.store.ingest(rows)
        assert done.keys.tolist() == list(range(len(self.written), len(self.written) + len(rows)))
        self.written += rows
        self.live |= set(done.keys.tolist())
        self._remember()

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def ingest_again(self, data: st.DataObject) -> None:
        """Rows that are known as a whole stay as they are; with another row among them they are new."""
        first = data.draw(st.integers(0, len(self.written) - 1))
        rows = [*self.written[first : first + 3], self._row(b"new", 5)]
        done = self.store.ingest(rows)
        assert done.num_new == len(rows)
        assert self.store.ingest(rows).keys.tolist() == done.keys.tolist()
        self.written += rows
        self.live |= set(done.keys.tolist())
        self._remember()

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        gone = data.draw(st.sets(st.sampled_from(sorted(self.live)), max_size=8))
        self.store.delete(sorted(gone))
        self.live -= gone
        self.deleted_in = self.store.version
        self._remember()

    @rule()
    def compact(self) -> None:
        before = self.store.version
        self.store.compact()
        lost = [version for version in self.readable if self._is_lost(version)]
        for version in lost:
            del self.readable[version]
        assert self.store.version in (before, before + 1)
        self._remember()

    @rule()
    def reopen(self) -> None:
        self.store = samples.open(self.store.path, clock=FakeClock(1e6))

    @invariant()
    def all_keys_are_there(self) -> None:
        assert self.store.keys().tolist() == sorted(self.live)
        assert sorted(self.store.index()["key"].tolist()) == sorted(self.live)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(sorted(self.live)), min_size=1, max_size=30))
        self._check(self.store, keys)

    @rule(data=st.data())
    def read_as_of(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from(sorted(self.readable)))
        snapshot = self.store.at(version)
        assert snapshot.keys().tolist() == sorted(self.readable[version])
        self._check(snapshot, sorted(self.readable[version])[::-1])

    @precondition(lambda self: len(self.live) < len(self.written))
    @rule(data=st.data())
    def read_what_is_deleted(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(set(range(len(self.written))) - self.live)))
        with pytest.raises(SamplesError, match=f"key {key} was deleted"):
            self.store.read([*sorted(self.live)[:3], key])

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def _row(self, blob: bytes, at: int) -> Row:
        number = next(self.numbers)
        return {
            "number": number,
            "blob": blob,
            "word": f"{number}",
            "more": blob[::-1],
            "y": number % 2,
            "at": at,
        }

    def _remember(self) -> None:
        self.readable[self.store.version] = frozenset(self.live)

    def _is_lost(self, version: int) -> bool:
        try:
            self.store.at(version)
        except SamplesError:
            # Nothing is lost but what came before a deletion.
            assert version < self.deleted_in
            return True
        return False

    def _check(self, source: Any, keys: list[int]) -> None:
        block = source.read(np.array(keys, np.int64))
        rows = [self.written[key] for key in keys]
        assert block["key"].tolist() == keys
        assert block["number"].tolist() == [row["number"] for row in rows]
        assert block["blob"].to_pylist() == [row["blob"] for row in rows]
        assert block["more"].to_pylist() == [row["more"] for row in rows]
        assert block["word"].tolist() == [row["word"].encode() for row in rows]
        assert block["event_time"].astype(np.int64).tolist() == [row["at"] * 10**6 for row in rows]


TestIdentity = Identity.TestCase
TestIdentity.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
