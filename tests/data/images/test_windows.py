"""Which part of an image is taken."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.data import images
from headwater.data.draws import Draws
from headwater.data.images.window import Window

pytest.importorskip("cv2")
SIDES = st.integers(1, 3_000)


@given(SIDES, SIDES, st.integers(0, 2**64 - 1), st.sampled_from([1, 2, 4, 8]))
def test_a_window_is_inside_the_image_also_when_scaled(height: int, width: int, seed: int, factor: int) -> None:
    window = images.random_resized_crop(8).window(height, width, Draws(seed))
    assert inside(window, height, width)
    if window.height >= 8 * factor and window.width >= 8 * factor:
        assert inside(window.scaled(factor), -(-height // factor), -(-width // factor))


def inside(window: Window, height: int, width: int) -> bool:
    return (
        min(window.top, window.left) >= 0
        and min(window.height, window.width) >= 1
        and window.top + window.height <= height
        and window.left + window.width <= width
    )


def test_windows_have_the_areas_and_ratios_asked_for() -> None:
    crop = images.random_resized_crop(8, scale=(0.2, 0.5), ratio=(0.5, 2.0))
    found = [crop.window(800, 800, Draws(seed)) for seed in range(2_000)]
    areas = np.array([it.height * it.width for it in found]) / 640_000
    ratios = np.array([it.width / it.height for it in found])
    assert 0.199 < areas.min() < 0.21
    assert 0.49 < areas.max() < 0.501
    assert abs(areas.mean() - 0.35) < 0.01
    assert 0.49 < ratios.min() < 0.52
    assert 1.92 < ratios.max() < 2.01
    assert abs(np.log(ratios).mean()) < 0.05


def test_an_image_too_long_for_any_window_gives_its_middle() -> None:
    assert images.random_resized_crop(8, scale=(1, 1)).window(10, 1_000, Draws(0)) == Window(0, 493, 10, 13)
    assert images.random_resized_crop(8, scale=(1, 1)).window(1_000, 9, Draws(0)) == Window(494, 0, 12, 9)


def test_the_middle_is_cut_as_for_evaluation() -> None:
    assert images.center_crop(224, of=256).window(512, 1_024) == Window(32, 288, 448, 448)
    assert images.center_crop((10, 20)).window(100, 100) == Window(45, 40, 10, 20)
    assert images.resize(5).window(7, 9) == Window(0, 0, 7, 9)
    with pytest.raises(ValueError, match="fewer than 10 x 20"):
        images.center_crop((10, 20)).window(100, 19)


def test_views_work_on_decoded_images_too() -> None:
    image = np.zeros((50, 40, 3), np.uint8)
    assert images.resize((20, 10))({"image": image, "label": 1})["image"].shape == (20, 10, 3)
    assert images.random_resized_crop(16)(image, Draws(3)).shape == (16, 16, 3)
    assert images.center_crop(16, column="photo")({"photo": image})["photo"].shape == (16, 16, 3)
    with pytest.raises(TypeError, match=r"this is float64\[2, 2\]"):
        images.resize(4)(np.zeros((2, 2)))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_other_formats_are_decoded_whole(form: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    image = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
    file = io.BytesIO()
    pillow.fromarray(image).save(file, form, lossless=True)
    assert np.array_equal(images.decode()(file.getvalue()), image)
    cropped = images.decode_crop(images.center_crop((2, 4)), dtype="uint8")(file.getvalue())
    assert np.array_equal(cropped, image[2:4])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_gray_and_printed_photos_become_rgb(mode: str) -> None:
    pytest.importorskip("simplejpeg")
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (20, 30), (200, 200, 200)).convert(mode).save(file, "JPEG", quality=95)
    decoded = images.decode()(file.getvalue())
    assert decoded.shape == (30, 20, 3)
    assert np.abs(decoded.astype(int) - 200).max() < 4
