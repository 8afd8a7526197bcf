"""A store as of one version: read-only, and a `headwater.core.source.Source`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.errors import SamplesError
from headwater.core.key import Keys, as_keys
from headwater.core.spec import Block, Spec
from headwater.samples.arena import Arena
from headwater.samples.catalogue import State
from headwater.samples.place import Place, open_place
from headwater.samples.runs import Runs, live_runs
from headwater.samples.schema import Schema
from headwater.samples.segment import SegmentError

Moment: TypeAlias = np.datetime64 | datetime.datetime | str
"""A time in UTC; a text is ISO 8601, as ``"2013-05-01"``."""

SomeKeys: TypeAlias = NDArray[Any] | Iterable[int]
"""Keys as an array of integers or anything that lists some."""

T = TypeVar("T")
_MAX_COMPACTIONS = 5  # within one read: more would be a fault, not a busy writer


@dataclass(frozen=True)
class _View:
    """A version's state and all that is made of it: replaced together, so that no reader mixes two."""

    place: Place
    state: State
    lenient: bool = False

    @cached_property
    def runs(self) -> Runs:
        """Live keys by segment and row."""
        state = self.state
        return live_runs(state.segments, state.deletions, version=state.version, horizon=state.horizon)

    @cached_property
    def arena(self) -> Arena:
        """The segments, mapped."""
        return self.place.arena(self.state.segments, lenient=self.lenient)

    @cached_property
    def placed(self) -> Runs:
        """The runs, with rows counted in the arena."""
        runs = self.runs
        return replace(runs, row=runs.row + self.arena.first_row[runs.segment])


class Snapshot:
    """The live samples of one version. It never changes, and may be shared between threads and processes."""

    def __init__(self, place: Place, state: State) -> None:
        self._place = place
        self._view = _View(place, state)

    def __repr__(self) -> str:
        return f"Snapshot({self._place.path}, version {self.version}, {self._view.state.num_rows:,} samples)"

    def __len__(self) -> int:
        return self._view.runs.num_rows

    def __reduce__(self) -> tuple[Any, ...]:
        url = self._place.catalogue.url
        text = None if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=False)
        return _reopen, (self._place.path, self.version, text)

    @property
    def version(self) -> int:
        """The version that this is."""
        return self._view.state.version

    @property
    def schema(self) -> Schema:
        """The schema that the store was created with."""
        return self._place.schema

    @property
    def spec(self) -> Spec:
        """The columns that `read` returns."""
        return self.schema.spec

    @cached_property
    def fingerprint(self) -> str:
        """The digest of the store's id and the version."""
        return digest_of([self._place.store, self.version])

    @cached_property
    def _all_columns(self) -> tuple[str, ...]:
        return tuple(self.spec)

    @cached_property
    def _keys(self) -> Keys:
        keys = self._view.runs.keys()
        keys.setflags(write=False)
        return keys

    def keys(self, start: Moment | None = None, stop: Moment | None = None) -> Keys:
        """The live keys, ascending; with times, those of events in ``[start, stop)``."""
        if start is None and stop is None:
            return self._keys
        index = self.index()
        times = index["event_time"]
        low = 0 if start is None else int(np.searchsorted(times, _moment(start), side="left"))
        high = times.size if stop is None else int(np.searchsorted(times, _moment(stop), side="left"))
        return np.sort(index["key"][low:high])

    def read(self, keys: SomeKeys, columns: Sequence[str] | None = None, *, contiguous: bool = False) -> Block:
        """The rows of `keys`, in the order asked; a key may be asked for repeatedly.

        Columns of fixed width are views into the packed rows that were read, without a further copy; with
        `contiguous` each is copied to lie together. Payloads come as Arrow ``large_binary``.

        Raised: `SamplesError` naming a key that is not live here, `SegmentError` naming a damaged file.
        """
        names = self._all_columns if columns is None else tuple(columns)
        if columns is not None:
            self.schema.check_names(names)
        wanted = as_keys(keys)
        return self._following_compactions(lambda view: self._read(view, wanted, names, contiguous=contiguous))

    def _read(self, view: _View, keys: Keys, names: Sequence[str], *, contiguous: bool) -> Block:
        run, positions, live = view.placed.locate(keys)
        if not live.all():
            raise self._not_live(int(keys[~live][0]), int((~live).sum()))
        rows = view.arena.take(positions, lambda: view.runs.segment[run])
        if not np.array_equal(rows["key"], keys):
            raise SegmentError(
                "rows carry other keys than the catalogue says.",
                where=str(self._place.path),
                remedy="Segment files and catalogue belong to different copies of the store: restore both.",
            )
        wanted = {payload.name for payload in self.schema.payloads} & set(names)
        payloads = {name: view.arena.payloads(view.runs.segment[run], rows[name]) for name in wanted}
        fixed = {name: rows[name] for name in names if name not in payloads}
        if contiguous:
            fixed = {name: np.ascontiguousarray(column) for name, column in fixed.items()}
        return {name: payloads[name] if name in payloads else fixed[name] for name in names}

    def index(self) -> Block:
        """Key, event_time, ingest_time, label_time and label of all live samples, by (event_time, key).

        The label column is there if the schema names a label. The arrays are read-only and kept.
        """
        return self._index

    @cached_property
    def _index(self) -> dict[str, Any]:
        index = self._following_compactions(self._read_index)
        # Segments ascend by key and a stable sort keeps that order among equal times.
        order = np.argsort(index["event_time"], kind="stable")
        index = {name: column[order] for name, column in index.items()}
        for column in index.values():
            column.setflags(write=False)
        return index

    def _read_index(self, view: _View) -> dict[str, Any]:
        runs, segments = view.runs, view.arena.segments
        columns = {name: [np.empty(0, dtype)] for name, dtype in self.schema.index_dtypes.items()}
        bounds = np.searchsorted(runs.segment, np.arange(len(segments) + 1))
        for segment, low, high in zip(segments, bounds[:-1], bounds[1:]):
            if low < high:
                live = _spans(runs.row[low:high], runs.length[low:high], segment.record.num_rows)
                for name, parts in columns.items():
                    parts.append(segment.column(name)[live])
        return {name: np.concatenate(parts) for name, parts in columns.items()}

    def describe(self) -> dict[str, Any]:
        """Rows, bytes, segments, versions, and the ranges of event time and label, as JSON values."""
        index = self.index()
        times, records = index["event_time"], self._view.state.segments
        described: dict[str, Any] = {
            "path": str(self._place.path),
            "store": self._place.store,
            "catalogue": self._place.catalogue.url.render_as_string(hide_password=True),
            "version": self.version,
            "oldest_version": self._view.state.oldest,
            "newest_version": self._view.state.newest,
            "rows": len(self),
            "deleted": self._view.state.horizon - len(self),
            "next_key": self._view.state.horizon,
            "segments": len(records),
            "bytes": sum(record.size_bytes + record.payload_bytes for record in records),
            "row_bytes": self.schema.row_dtype.itemsize,
            "schema": {name: str(column) for name, column in self.spec.items()},
            "event_time": [str(times[0]), str(times[-1])] if times.size else None,
        }
        if "label" in index and len(self):
            described["label"] = [_plain(index["label"].min()), _plain(index["label"].max())]
        return described

    def _following_compactions(self, read: Callable[[_View], T]) -> T:
        """Call `read`; if another writer compacts meanwhile, find this version in the new segments."""
        for _ in range(_MAX_COMPACTIONS):
            view = self._view
            try:
                return read(view)
            except FileNotFoundError as error:
                if view.lenient:
                    raise SegmentError(
                        "the file is missing.",
                        where=str(error.filename),
                        remedy="Restore it from a copy, or delete() its keys; other segments stay readable.",
                    ) from error
                now = self._place.catalogue.state(self.version)
                # The same segments: not compacted but lost, and only their own rows are.
                self._view = _View(self._place, now, lenient=now.segments == view.state.segments)
        raise SamplesError("compactions replace its segments faster than they can be read.", where=repr(self))

    def _not_live(self, key: int, count: int) -> SamplesError:
        state = self._view.state
        more = f" ({count - 1} more of the keys asked for are not there either)" if count > 1 else ""
        if key < 0 or key >= state.horizon:
            problem = f"there is no key {key}{more}: version {state.version} has keys below {state.horizon}."
            return SamplesError(problem, where=str(self._place.path), remedy="Ask for keys that keys() gives.")
        when = next(deletion.version for deletion in state.deletions if _holds(deletion.ranges, key))
        problem = f"the key {key} was deleted in version {when}{more}."
        remedy = "Ask for keys that keys() gives."
        if when > state.oldest:
            remedy = f"It can still be read with at(version={when - 1})."
        return SamplesError(problem, where=str(self._place.path), remedy=remedy)


def _holds(ranges: Any, key: int) -> bool:
    """Whether one of the ranges holds `key`."""
    at = int(np.searchsorted(ranges[:, 0], key, side="right")) - 1
    return at >= 0 and bool(key < ranges[at, 1])


def _spans(starts: Any, lengths: Any, num_rows: int) -> Any:
    """Return what indexes these rows: a slice where they lie together, else their positions."""
    if starts.size == 1:
        return slice(int(starts[0]), int(starts[0] + lengths[0]))
    marks = np.zeros(num_rows + 1, np.int8)
    marks[starts] += 1
    marks[starts + lengths] -= 1
    return np.flatnonzero(np.cumsum(marks[:-1], dtype=np.int8))


def _moment(value: Moment) -> np.datetime64:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    try:
        return cast("np.datetime64", np.array(value, "datetime64[us]")[()])
    except (ValueError, TypeError):
        raise SamplesError(f"{value!r} is not a time.", remedy='Write "2013-05-01T12:00".') from None


def _plain(value: Any) -> Any:
    plain = value.item()
    return plain.decode(errors="replace") if isinstance(plain, bytes) else plain


def _reopen(path: Any, version: int, catalogue: str | None) -> Snapshot:
    from headwater.core.clock import WallClock

    place = open_place(path, catalogue=catalogue, clock=WallClock())
    return Snapshot(place, place.catalogue.state(version))
