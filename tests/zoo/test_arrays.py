"""Every dtype, shape and bit pattern goes in and comes out the same, from numpy and from torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from headwater import zoo
from headwater.core.errors import ZooError
from headwater.zoo.arrays import NUMPY
from headwater.zoo.tensor import CHUNK_BYTES
from headwater.zoo.torch import _TORCH

shapes = st.sampled_from([(), (0,), (0, 3), (1,), (5,), (2, 3), (3, 1, 4), (70, 80)])


def bits(array: Any) -> bytes:
    """Return the raw bytes, so that NaNs compare by their bits."""
    if isinstance(array, torch.Tensor):
        array = array.contiguous().reshape(-1).view(torch.uint8).numpy()
    return bytes(np.ascontiguousarray(array).tobytes())


@given(dtype=st.sampled_from(sorted(NUMPY)), shape=shapes, seed=st.integers(0, 2**32), flip=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_numpy_arrays_come_back_with_every_bit_full_and_as_differences(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, shape: tuple[int, ...], seed: int, flip: float
) -> None:
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape)) * np.dtype(NUMPY[dtype]).itemsize
    before = rng.integers(0, 256, size, dtype=np.uint8)  # any bits: NaNs with payloads among the floats
    after = np.where(rng.random(size) < flip, rng.integers(0, 256, size, dtype=np.uint8), before)
    with zoo.open(tmp_path_factory.mktemp("zoo")) as keep:
        parent = None
        for raw in (before, after):
            array = raw.view(NUMPY[dtype]).reshape(shape)
            parent = keep.add({"x": array, "same": np.arange(9)}, parent=parent)
            back = keep.load(parent, framework="numpy")["x"]
            assert (back.dtype, back.shape, bits(back)) == (array.dtype, array.shape, bits(array))


@pytest.mark.parametrize("word", sorted(_TORCH))
def test_torch_tensors_of_each_dtype_come_back_with_every_bit(tmp_path: Path, word: str) -> None:
    raw = torch.randint(0, 256, (64 * 100 * 8,), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    before = raw.view(_TORCH[word])
    after = (raw ^ (torch.arange(raw.numel()) % 64 == 0).to(torch.uint8)).view(_TORCH[word])
    with zoo.open(tmp_path / "zoo.hw") as keep:
        first = keep.add({"x": before})
        second = keep.add({"x": after}, parent=first, storage="delta")
        for variant, tensor in ((first, before), (second, after)):
            back = keep.load(variant)["x"]
            assert (back.dtype, back.shape, bits(back)) == (tensor.dtype, tensor.shape, bits(tensor))
        keep.export(second, tmp_path / "x.safetensors")
    assert second.base == first.id
    assert bits(load_file(tmp_path / "x.safetensors")["x"]) == bits(after)


def test_a_nan_with_a_payload_keeps_it(keep: zoo.Zoo) -> None:
    odd = np.array([0x7FC0DEAD, 0xFFC00001, 0x7F800001, 0x80000000], np.uint32).view(np.float32)
    first = keep.add({"x": np.zeros(4, np.float32)})
    back = keep.load(keep.add({"x": odd}, parent=first), framework="numpy")["x"]
    assert back.view(np.uint32).tolist() == odd.view(np.uint32).tolist()


def test_a_tensor_of_several_chunks_that_ends_inside_one_comes_back(keep: zoo.Zoo) -> None:
    rng = np.random.default_rng(0)
    big = rng.normal(size=(2 * CHUNK_BYTES + 40) // 4).astype(np.float32)
    first = keep.add({"x": big})
    moved = big.copy()
    moved[-5:] += 1
    second = keep.add({"x": moved}, parent=first)
    assert second.stored_bytes < 30_000
    for variant, expected in ((first, big), (second, moved)):
        assert np.array_equal(keep.load(variant, framework="numpy")["x"], expected)


def test_strides_byte_order_and_tied_weights_do_not_matter(keep: zoo.Zoo) -> None:
    base = np.random.default_rng(0).normal(size=(100, 120)).astype(np.float32)
    tied = keep.add({"a": base.T, "b": base.astype(">f4").T, "c": np.ascontiguousarray(base.T)})
    once = keep.add({"a": base.T})
    back = keep.load(tied, framework="numpy")
    assert all(np.array_equal(back[name], base.T) for name in "abc")
    assert tied.stored_bytes < once.stored_bytes + 400


def test_views_of_torch_parameters_and_conjugates_are_stored_as_values(keep: zoo.Zoo) -> None:
    weight = torch.nn.Parameter(torch.arange(12.0).reshape(3, 4))
    wave = torch.tensor([1 + 2j], dtype=torch.complex64).conj()
    back = keep.load(keep.add({"t": weight.t(), "wave": wave}))
    assert torch.equal(back["t"], weight.detach().t())
    assert back["wave"].tolist() == [1 - 2j]


def test_loaded_tensors_are_in_memory_of_their_own(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    keep.load(line[1])["layer.weight"].zero_()
    assert keep.load(line[1])["layer.weight"].abs().sum() > 0


def test_bfloat16_is_refused_by_numpy_with_the_way_out(keep: zoo.Zoo) -> None:
    variant = keep.add({"x": torch.ones(3, dtype=torch.bfloat16)})
    with pytest.raises(ZooError, match=r"numpy has no BF16.*framework=\"torch\""):
        keep.load(variant, framework="numpy")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1.0, 2.0], "a list is not a tensor"),
        ({"step": 3}, "a dict is not a tensor"),
        (np.array(["a"]), "arrays of <U1 cannot be stored"),
        (np.array([object()]), "arrays of object cannot be stored"),
        (np.zeros(3, np.complex128), "arrays of complex128 cannot be stored"),
        (torch.ones(2, 2).to_sparse(), "sparse_coo tensor"),
        (torch.ones(2, device="meta"), "on meta cannot be stored"),
    ],
)
def test_what_is_not_a_tensor_is_refused_by_name(keep: zoo.Zoo, value: Any, problem: str) -> None:
    with pytest.raises(ZooError, match=problem) as caught:
        keep.add({"good": np.ones(2), "bad": value})
    assert caught.value.where == "tensor 'bad'"
    assert keep.ls() == []


@pytest.mark.parametrize("name", [3, "__metadata__"])
def test_a_tensor_needs_a_usable_name(keep: zoo.Zoo, name: Any) -> None:
    with pytest.raises(ZooError, match="cannot be the name of a tensor"):
        keep.add({name: np.ones(2)})


def test_a_safetensors_file_goes_in_and_comes_out_byte_for_byte(tmp_path: Path, keep: zoo.Zoo) -> None:
    model = {
        "b.weight": torch.randn(30, 20),
        "a.weight": torch.randn(7, 3).bfloat16(),
        "flags": torch.tensor([True, False, True]),
        "step": torch.tensor(12),
        "empty": torch.empty(0, 4),
    }
    save_file(model, tmp_path / "in.safetensors", metadata={"format": "pt"})
    variant = keep.add(tmp_path / "in.safetensors")
    keep.export(variant, tmp_path / "out.safetensors")
    assert (tmp_path / "in.safetensors").read_bytes() == (tmp_path / "out.safetensors").read_bytes()
    assert variant.full_bytes == sum(t.numel() * t.element_size() for t in model.values())
