"""Tensors from elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch.utils.data import DataLoader

from headwater import data
from headwater.core.errors import DataError
from headwater.data.torch import as_tensor
from headwater.trainer.batches import Reader


def batches(count: int = 100) -> data.Dataset:
    columns = {"x": np.arange(count * 3, dtype=np.float32).reshape(count, 3), "label": np.arange(count) % 2}
    return data.from_arrays(columns).shuffle(20).batch(8)


def test_tensors_hold_what_the_arrays_hold() -> None:
    for ours, tensors in zip(batches(), batches().to_torch(), strict=True):
        assert set(ours) == set(tensors)
        assert torch.equal(tensors["x"], torch.as_tensor(ours["x"]))
        assert tensors["label"].dtype == torch.int64


def test_memory_is_shared_where_it_may_be_written() -> None:
    array = np.arange(6.0)
    assert as_tensor(array).data_ptr() == array.ctypes.data


@pytest.mark.parametrize("how", ["read-only", "reversed", "swapped"])
def test_arrays_that_torch_cannot_share_are_copied_without_a_warning(how: str) -> None:
    array = np.arange(6.0)
    frozen = array.view()
    frozen.flags.writeable = False
    given = {"read-only": frozen, "reversed": array[::-1], "swapped": array.astype(">f8")}[how]
    tensor = as_tensor(given)
    assert tensor.tolist() == given.tolist()
    tensor += 1
    assert array.tolist() == list(range(6))


def test_what_has_no_tensor_stays_as_it_is() -> None:
    columns = {"x": [1.0, 2.0], "when": np.array([0, 1], "datetime64[us]"), "s": pa.array(["a", "b"])}
    batch = next(iter(data.from_arrays(columns).batch(2).to_torch()))
    assert isinstance(batch["x"], torch.Tensor)
    assert isinstance(batch["when"], np.ndarray)
    assert batch["s"].to_pylist() == ["a", "b"]


def test_columns_choose_what_comes() -> None:
    assert list(next(iter(batches().to_torch(columns=["label"])))) == ["label"]
    with pytest.raises(DataError, match=r"no column 'lable'.*x, label"):
        next(iter(batches().to_torch(columns=["lable"])))


def test_state_dict_resumes_exactly(plain: Any) -> None:
    loader = batches().to_torch()
    run = iter(loader)
    for _ in range(4):
        next(run)
    state = loader.state_dict()
    rest = [batch["x"].tolist() for batch in run]
    other = batches().to_torch()
    other.load_state_dict(state)
    assert other.state_dict() == state
    assert [batch["x"].tolist() for batch in other] == rest
    assert len(list(other)) == len(other) == 13  # the next epoch is whole again


def numbers(tensors: Any) -> list[int]:
    return [int(number) for number in tensors]


def test_each_pass_is_an_epoch_of_its_own_order() -> None:
    shuffled = data.range(10).shuffle()
    tensors = shuffled.to_torch()
    passes = [numbers(tensors) for _ in range(3)]
    assert passes == [list(shuffled.iterate(epoch=epoch)) for epoch in range(3)]
    assert len(set(map(tuple, passes))) == 3


def test_set_epoch_says_which_pass_comes_next() -> None:
    shuffled = data.range(10).shuffle()
    tensors = shuffled.to_torch()
    tensors.set_epoch(5)
    assert tensors.state_dict()["epoch"] == 5
    assert [numbers(tensors), numbers(tensors)] == [list(shuffled.iterate(epoch=epoch)) for epoch in (5, 6)]


@pytest.mark.parametrize("wrong", [-1, 1.5, True])
def test_what_is_no_epoch_is_refused(wrong: Any) -> None:
    with pytest.raises(DataError, match=r"to_torch\(\)\.set_epoch: .* no number of an epoch"):
        batches().to_torch().set_epoch(wrong)


@pytest.mark.parametrize("said", [None, 2, 7])
def test_a_state_goes_on_in_its_epoch_and_the_next_pass_begins_the_next(said: int | None) -> None:
    shuffled = data.range(10).shuffle()
    tensors = shuffled.to_torch()
    tensors.set_epoch(2)
    run = iter(tensors)
    begun = [int(next(run)) for _ in range(4)]
    other = shuffled.to_torch()
    other.load_state_dict(tensors.state_dict())
    if said is not None:
        other.set_epoch(said)
    first = numbers(other) if said == 7 else begun + numbers(other)  # of another epoch, the state is dropped
    assert first == list(shuffled.iterate(epoch=said or 2))
    assert numbers(other) == list(shuffled.iterate(epoch=(said or 2) + 1))


def test_the_trainer_reads_each_epoch_the_same_however_often_it_was_looked_at() -> None:
    shuffled = data.range(10).shuffle()
    tensors: Any = shuffled.batch(2).to_torch()
    next(Reader(tensors, seed=0, epoch=0))
    read = [torch.cat(list(Reader(tensors, seed=0, epoch=epoch))).tolist() for epoch in (1, 0)]  # type: ignore[arg-type]
    assert read == [list(shuffled.iterate(epoch=epoch)) for epoch in (1, 0)]


def test_a_state_of_another_graph_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(DataError, match="operator 0 was"):
        batches().to_torch().load_state_dict(data.from_arrays({"x": [1]}).shuffle().to_torch().state_dict())


def test_plain_values_become_tensors() -> None:
    assert [t.tolist() for t in data.range(4).batch(2).to_torch()] == [[0, 1], [2, 3]]
    assert [int(t) for t in data.range(2).to_torch()] == [0, 1]


def test_a_dataloader_takes_it_as_it_is() -> None:
    loader: DataLoader[Any] = DataLoader(batches().to_torch(), batch_size=None)
    assert sum(len(batch["label"]) for batch in loader) == 100


@pytest.mark.parametrize("num_workers", [1, 2])
@pytest.mark.parametrize("count", [100, 5])
def test_workers_of_a_dataloader_share_the_elements_and_keep_their_order(num_workers: int, count: int) -> None:
    loader: DataLoader[Any] = DataLoader(batches(count).to_torch(), batch_size=None, num_workers=num_workers)
    expected = [batch["x"].tolist() for batch in batches(count)]
    for _ in range(2):
        assert [batch["x"].tolist() for batch in loader] == expected
    assert len(loader) == len(expected)


class Worker:
    num_workers = 2

    def __init__(self, number: int) -> None:
        self.id = number


def test_a_worker_has_the_state_of_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.data.torch.get_worker_info", lambda: Worker(1))
    tensors = batches().to_torch(pin=True)
    run = iter(tensors)
    next(run)
    state = tensors.state_dict()
    rest = [batch["x"].tolist() for batch in run]
    assert rest == [batch["x"].tolist() for batch in batches()][3::2]
    tensors.load_state_dict(state)
    assert [batch["x"].tolist() for batch in tensors] == rest
    monkeypatch.setattr("headwater.data.torch.get_worker_info", lambda: Worker(0))
    with pytest.raises(DataError, match=r"shard\(2, 1\)"):
        batches().to_torch().load_state_dict(state)


def test_columns_are_shared_with_torch_through_dlpack() -> None:
    arrays = {"x": np.arange(12, dtype=np.float32).reshape(6, 2)}
    batch = next(iter(data.from_arrays(arrays).map_batches(lambda columns: {"x": columns["x"] + 1}).batch(4)))
    tensor = torch.utils.dlpack.from_dlpack(batch["x"])
    assert tensor.data_ptr() == batch["x"].ctypes.data
    assert tensor.tolist() == (arrays["x"][:4] + 1).tolist()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="wants a CUDA device")
def test_tensors_are_pinned_where_there_is_a_gpu() -> None:
    assert next(iter(batches().to_torch()))["x"].is_pinned()
