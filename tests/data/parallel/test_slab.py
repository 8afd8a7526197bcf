"""Memory of whole batches: written by many, used again only when nobody looks."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.data.block import Columns, Items
from headwater.data.parallel.slab import Layout, Slabs, cut, fit

WIDE = (("image", np.dtype(np.float32), (20, 20)),)


def test_memory_is_used_again_when_nobody_holds_a_view_of_it() -> None:
    slabs = Slabs(Layout(WIDE))
    first = slabs.take(4)["image"]
    place = first.ctypes.data
    view = first[1:][0]
    del first
    assert slabs.take(4)["image"].ctypes.data != place
    del view
    assert place in {slabs.take(4)["image"].ctypes.data for _ in range(3)}


@pytest.mark.parametrize("library", ["torch", "dlpack", "memoryview"])
def test_memory_is_held_by_whatever_shares_it(library: str) -> None:
    slabs = Slabs(Layout(WIDE))
    array = slabs.take(2)["image"]
    array[:] = 7
    held: object
    if library == "memoryview":
        held = memoryview(array[1:])  # type: ignore[arg-type]  # numpy's stubs do not say so
    else:
        torch = pytest.importorskip("torch")
        held = torch.from_numpy(array[1:]) if library == "torch" else torch.from_dlpack(array[1:])
    del array
    for _ in range(20):
        slabs.take(2)["image"][:] = 0
    assert np.asarray(held).min() == 7


def test_rows_that_fit_are_written_and_others_left_as_they_were() -> None:
    rows = Slabs(Layout(WIDE)).take(3)
    elements = [{"image": np.full((20, 20), i, np.float32), "name": f"n{i}"} for i in range(3)]
    written = fit(Items(list(elements), np.arange(3)), rows)
    assert isinstance(written, Columns)
    assert written.columns["image"] is rows["image"]
    assert rows["image"][:, 0, 0].tolist() == [0, 1, 2]
    assert written.elements()[2]["name"] == "n2"
    odd = Items([{"image": np.zeros((20, 19), np.float32)}], np.arange(1))
    assert fit(odd, cut(rows, 0, 1)) is odd


def test_narrow_rows_have_no_layout() -> None:
    assert Layout.of(Items([{"x": 1, "y": np.zeros(3)}], np.arange(1))) is None
    assert Layout.of(Columns({"x": np.zeros(5)}, np.arange(5))) is None
    assert Layout.of(Columns({"x": np.zeros((5, 400))}, np.arange(5))) is not None
