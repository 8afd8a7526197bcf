"""From JPEG to batches: the same as step by step, for any worker and after any restore; and bad files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater import data
from headwater.core.errors import DataError
from headwater.data import images
from headwater.data.draws import Draws

simplejpeg = pytest.importorskip("simplejpeg")
pytest.importorskip("cv2")

CROP = images.random_resized_crop(24)


def photo(number: int, height: int = 90, width: int = 120) -> NDArray[np.uint8]:
    """Smooth waves: what a photo has in common with them is that a JPEG of it is nearly the same."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    waves = [np.sin(x / (19 + number) + k) + np.cos(y / (21 + k) + number) for k in range(3)]
    return (127 + 60 * np.stack(waves, axis=2)).astype(np.uint8)


def jpeg(number: int, height: int = 90, width: int = 120) -> bytes:
    encoded = simplejpeg.encode_jpeg(photo(number, height, width), quality=95, colorsubsampling="444")
    return bytes(encoded)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        for number in range(10):
            for ending, content in (("jpg", jpeg(number)), ("cls", b"%d" % number)):
                info = tarfile.TarInfo(f"{number}.{ending}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def batches(shard: Path, **options: Any) -> data.Dataset:
    photos = data.from_webdataset(shard, decode=True).shuffle()
    return photos.map(images.decode_crop(CROP, flip=0.5, mean=images.MEAN, std=images.STD, **options)).batch(4)


def test_it_holds_to_the_laws(shard: Path, laws: Callable[..., None]) -> None:
    laws(lambda: batches(shard), list(batches(shard)))


def test_other_columns_stay_beside_the_image(shard: Path) -> None:
    batch = next(iter(batches(shard)))
    assert list(batch) == ["__key__", "cls", "image"]
    assert batch["image"].shape == (4, 24, 24, 3)
    assert batch["image"].dtype == np.float32
    assert [str(number) for number in batch["cls"]] == batch["__key__"].to_pylist()


@pytest.mark.parametrize("options", [{"parallel": "inline"}, {"parallel": "threads", "num_workers": 3}])
def test_workers_change_nothing(shard: Path, options: dict[str, Any]) -> None:
    one = np.concatenate([batch["image"] for batch in batches(shard).with_options(parallel="inline")])
    other = np.concatenate([batch["image"].copy() for batch in batches(shard).with_options(**options)])
    assert np.array_equal(one, other)


def test_each_epoch_crops_anew(shard: Path) -> None:
    still = data.from_webdataset(shard).map(images.decode_crop(CROP)).batch(10)
    first, second = (next(still.iterate(epoch=epoch))["image"] for epoch in (0, 1))
    assert all(not np.array_equal(a, b) for a, b in zip(first, second))
    both = [batch["image"] for batch in still.repeat(2)]
    assert not np.array_equal(*both)


@pytest.mark.parametrize("layout", ["hwc", "chw"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_it_is_the_steps_one_after_the_other(layout: str, dtype: str) -> None:
    source = data.from_arrays({"n": np.arange(6)}).map(lambda e: {"jpg": jpeg(int(e["n"]))})
    view = images.center_crop(40, of=80)
    levels = images.normalize(images.MEAN, images.STD, dtype=dtype, layout=layout)
    steps = source.map(images.decode()).map(view).map(levels).batch(6)
    fused = source.map(
        images.decode_crop(view, mean=images.MEAN, std=images.STD, dtype=dtype, layout=layout)
    ).batch(6)
    one, other = next(iter(steps))["image"], next(iter(fused))["image"]
    assert one.dtype == other.dtype == np.dtype(dtype)
    assert one.shape == other.shape
    assert np.array_equal(one, other)


def test_values_are_those_of_the_formula() -> None:
    element = {"jpg": jpeg(3)}
    levels = images.decode()(element)["image"]
    found = images.decode_crop(images.resize((90, 120)), mean=images.MEAN, std=images.STD)(element)["image"]
    wanted = (levels / 255 - np.array(images.MEAN)) / np.array(images.STD)
    assert np.abs(found - wanted).max() < 1e-6


@pytest.mark.parametrize("size", [(720, 960), (718, 963), (359, 481)])
def test_a_smaller_decoding_shows_the_same(size: tuple[int, int]) -> None:
    image = photo(2, *size)
    data_ = bytes(simplejpeg.encode_jpeg(image, quality=95, colorsubsampling="444"))
    for side in (200, 100, 60):
        found = images.decode_crop(images.resize(side), dtype="uint8")(data_)
        wanted = images.resize(side)(images.decode(exact=True)(data_))
        # Edges lie up to half a pixel elsewhere; these waves differ by up to 50 levels from pixel to pixel.
        assert np.abs(found.astype(int) - wanted).mean() < 4
        assert np.abs(found.astype(int) - wanted).max() < 30


def test_flipping_exchanges_left_and_right() -> None:
    view = images.resize((90, 120))
    plain = images.decode_crop(view, dtype="uint8")(jpeg(1))
    always = images.decode_crop(view, dtype="uint8", flip=1.0)
    assert always.random
    assert not images.decode_crop(view).random
    assert np.array_equal(always(jpeg(1), Draws(0)), plain[:, ::-1])
    assert np.array_equal(images.flip(1.0)(plain, Draws(0)), plain[:, ::-1])
    assert images.flip(0.0)(plain, Draws(0)) is plain


def test_a_corrupt_photo_is_named_and_the_run_can_go_on_from_before_it(shard: Path) -> None:
    content = shard.read_bytes()
    at = content.index(jpeg(6))
    shard.write_bytes(content[: at + 700] + bytes(len(jpeg(6)) - 700) + content[at + len(jpeg(6)) :])
    dataset = data.from_webdataset(shard).map(images.decode_crop(CROP)).batch(2)
    run = dataset.iterate(block_rows=1)
    for _ in range(3):
        next(run)
    state = run.state()
    with pytest.raises(
        DataError, match=r"\.map\(.*decode_crop\).*photos\.tar, row 6 \(key 6\): ValueError: .*JPEG"
    ):
        next(run)
    assert run.state() == state


def test_what_is_no_image_is_named() -> None:
    source = data.from_arrays({"n": np.arange(2)})
    for wrong, problem in (
        ({"jpg": b"hello"}, "no image that can be read"),
        ({"jpg": None}, "has no value"),
        ({"png": b""}, r"no column 'jpg', but \['png'\]"),
        ({"jpg": "text"}, "this is a str"),
    ):
        with pytest.raises(DataError, match=f"row 0: .*{problem}"):
            list(source.map(lambda _, wrong=wrong: wrong).map(images.decode_crop(CROP)))


def test_parameters_are_checked() -> None:
    for wrong in (
        lambda: images.decode_crop(224),  # type: ignore[arg-type]
        lambda: images.decode_crop(CROP, flip=2),
        lambda: images.decode_crop(CROP, dtype="int8"),
        lambda: images.decode_crop(CROP, layout="nhwc"),
        lambda: images.decode_crop(CROP, std=(0, 1, 1)),
        lambda: images.decode_crop(CROP, mean=(1, 1)),
        lambda: images.random_resized_crop(0),
        lambda: images.random_resized_crop(8, scale=(0.5, 2)),
        lambda: images.random_resized_crop(8, ratio=(2, 1)),
        lambda: images.center_crop(224, of=200),
    ):
        with pytest.raises(DataError, match=r"images\."):
            wrong()
