"""A loader with the arguments of torch's DataLoader gives what that gives, and knows where it stands."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler, TensorDataset

from headwater import data
from headwater.core.errors import DataError
from headwater.data.loader import Loader
from headwater.data.options import Options


class Rows:
    """A map-style dataset of dicts."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index == 13:
            raise ValueError("unlucky")
        return {"x": np.full(3, index, np.float32), "y": index, "name": f"row {index}", "pair": (index, 0.5)}


def tensors(count: int = 10) -> Any:
    return TensorDataset(torch.arange(count * 2.0).reshape(count, 2), torch.arange(count))


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, torch.Tensor):
        return ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    if isinstance(theirs, dict):
        return bool(ours.keys() == theirs.keys()) and all(same(ours[name], theirs[name]) for name in theirs)
    if isinstance(theirs, list | tuple):
        return type(ours) is type(theirs) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and bool(np.all(ours == theirs))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 4},
        {"batch_size": 4, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 3, "collate_fn": lambda rows: [str(row) for row in rows]},
        {"batch_size": 3, "sampler": [4, 1, 1, 7]},
        {"batch_sampler": BatchSampler(SequentialSampler(range(7)), 3, False)},
        {"batch_size": 4, "num_workers": 0, "pin_memory": False, "timeout": 0, "persistent_workers": False},
    ],
    ids=lambda options: "-".join(options) or "defaults",
)
@pytest.mark.parametrize("dataset", [tensors(), Rows(10), [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]])
def test_batches_are_those_of_torchs_loader(dataset: Any, options: dict[str, Any]) -> None:
    theirs: DataLoader[Any] = DataLoader(dataset, **options)
    ours = Loader(dataset, **options)
    assert len(ours) == len(theirs)
    for _ in range(2):
        assert all(same(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("parallel", ["inline", "threads", "processes"])
def test_wherever_the_code_runs_the_batches_are_the_same(parallel: Any) -> None:
    options = Options(parallel=parallel, num_workers=2)
    rows: Any = Rows(12)
    theirs: DataLoader[Any] = DataLoader(rows, 5)
    assert all(same(a, b) for a, b in zip(Loader(rows, 5, options=options), theirs, strict=True))


def test_a_dataset_that_reads_many_at_once_is_asked_for_many() -> None:
    class Many(Rows):
        def __getitems__(self, indices: list[int]) -> list[Any]:
            return [index * 10 for index in indices]

    assert [batch.tolist() for batch in Loader(Many(4), batch_size=3)] == [[0, 10, 20], [30]]


def order(loader: Loader) -> list[int]:
    return [int(y) for _, ys in loader for y in ys]


def test_each_epoch_has_its_order_which_follows_from_the_seed() -> None:
    first, second = (order(it) for it in [Loader(tensors(50), 4, shuffle=True)] * 2)
    assert sorted(first) == sorted(second) == list(range(50))
    assert len({tuple(first), tuple(second), tuple(range(50))}) == 3
    again = Loader(tensors(50), 4, shuffle=True)
    assert (order(again), order(again)) == (first, second)
    seven = torch.Generator().manual_seed(7)
    assert order(Loader(tensors(50), 4, shuffle=True, generator=seven)) != first
    assert order(Loader(tensors(50), 4, shuffle=True, seed=7)) == order(
        Loader(tensors(50), 4, shuffle=True, generator=seven)
    )


def test_set_epoch_says_which_pass_comes_next() -> None:
    counted, told = (Loader(list(range(20)), 4, shuffle=True) for _ in range(2))
    passes = [[batch.tolist() for batch in counted] for _ in range(3)]
    told.set_epoch(2)
    assert [batch.tolist() for batch in told] == passes[2]
    told.set_epoch(1)
    next(iter(told))
    state = told.state_dict()
    told.load_state_dict(state)
    told.set_epoch(1)  # the state is of this epoch, and stays
    assert [batch.tolist() for batch in told] == passes[1][1:]
    told.load_state_dict(state)
    told.set_epoch(0)
    assert [batch.tolist() for batch in told] == passes[0]


def test_a_loop_that_is_left_ends_its_epoch() -> None:
    loader, other = (Loader(tensors(50), 4, shuffle=True) for _ in range(2))
    next(iter(loader))
    order(other)
    assert order(loader) == order(other)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": list(range(20, 0, -1))}])
def test_the_state_is_exact_at_every_batch_and_between_epochs(options: dict[str, Any]) -> None:
    loader = Loader(tensors(21), 4, **options)
    order(loader)
    whole = []
    states = [json.dumps(loader.state_dict())]
    for _, ys in loader:
        whole.append(ys.tolist())
        states.append(json.dumps(loader.state_dict()))
    states.append(json.dumps(loader.state_dict()))
    following = order(loader)
    for at, state in enumerate(states[:-1]):
        again = Loader(tensors(21), 4, **options)
        again.load_state_dict(json.loads(state))
        assert json.loads(json.dumps(again.state_dict())) == json.loads(state)
        assert [ys.tolist() for _, ys in again] == whole[at:]
        assert order(again) == following
    ended = Loader(tensors(21), 4, **options)
    ended.load_state_dict(json.loads(states[-1]))
    assert order(ended) == following


def test_a_state_of_other_arguments_is_refused() -> None:
    loader = Loader(tensors(), 4)
    next(iter(loader))
    with pytest.raises(DataError, match="operator"):
        Loader(tensors(), 5).load_state_dict(loader.state_dict())


def test_rows_of_a_dataset_are_batched_and_become_tensors() -> None:
    rows = data.from_arrays({"x": np.arange(10), "y": np.ones((10, 2))})
    batches = list(Loader(rows, 4, shuffle=True, drop_last=True))
    assert [type(batch["x"]) for batch in batches] == [torch.Tensor] * 2
    assert [list(batch["y"].shape) for batch in batches] == [[4, 2]] * 2
    with pytest.raises(DataError, match=r"belong to map-style.*map_batches"):
        Loader(rows, sampler=[1])


def test_after_an_error_the_state_is_that_of_the_batch_before() -> None:
    loader, again = (Loader(Rows(20), 4) for _ in range(2))
    with pytest.raises(DataError, match="ValueError: unlucky"):
        list(loader)
    again.load_state_dict(loader.state_dict())
    with pytest.raises(DataError, match="ValueError: unlucky"):
        next(iter(again))


@pytest.mark.parametrize(
    ("dataset", "options", "problem"),
    [
        (iter([1]), {}, r"has no __getitem__.*from_generator"),
        ([1], {"shuffled": True}, r"no argument 'shuffled'.*Did you mean `shuffle`"),
        ([1], {"shuffle": True, "sampler": [0]}, "exclude each other"),
        ([1], {"batch_size": None, "drop_last": True}, "no last one"),
        ([1], {"batch_size": 0}, "at least 1 element"),
    ],
)
def test_arguments_are_checked_at_once(dataset: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        Loader(dataset, **options)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="wants a CUDA device")
def test_tensors_are_pinned_on_demand() -> None:
    first = next(iter(Loader(tensors(), 2, pin_memory=True)))
    assert all(part.is_pinned() for part in first)
