"""A training that is killed anywhere goes on, and nobody can tell from the result."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.core.errors import LockedError, StorageFullError, TrainerError
from headwater.core.files import exclusive
from headwater.trainer import Checkpoint, Step, Trainer
from headwater.trainer.optimizer import SGD, AdamW, Optimizer
from headwater.trainer.safetensors import CheckpointCorruptError

PROGRESS = "training.safetensors"


class Kill(BaseException):
    """Stands for a kill inside the process."""


class Resumable:
    """A shuffled dataset whose iterators know their place, and which counts the batches it gave."""

    def __init__(self, batches: list[Any], seed: int = 0) -> None:
        self.batches = batches
        self.seed = seed
        self.num_given = 0

    @property
    def fingerprint(self) -> str:
        return f"{len(self.batches)} batches"

    def with_seed(self, seed: int) -> Resumable:
        ordered = Resumable(self.batches, seed)
        ordered._count = self._count  # type: ignore[method-assign]
        return ordered

    def iterate(self, state: dict[str, int] | None = None) -> Walk:
        return Walk(self, 0 if state is None else state["at"])

    def __iter__(self) -> Walk:
        return self.iterate()

    def _count(self) -> None:
        self.num_given += 1


class Walk:
    def __init__(self, dataset: Resumable, at: int) -> None:
        self._dataset = dataset
        self._order = np.random.default_rng(dataset.seed).permutation(len(dataset.batches))
        self._at = at

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._at == len(self._order):
            raise StopIteration
        self._at += 1
        self._dataset._count()
        return self._dataset.batches[self._order[self._at - 1]]

    def state(self) -> dict[str, int]:
        return {"at": self._at}


def kill_at(step: int) -> Any:
    def on_step(done: Step) -> None:
        if done.step == step:
            raise Kill

    return on_step


def finish(
    trainer: Trainer, dataset: Any, folder: Path, kills: list[int], every_steps: int | None
) -> Checkpoint:
    for step in kills:
        try:
            trainer.fit(dataset, seed=3, folder=folder, every_steps=every_steps, on_step=kill_at(step))
        except Kill:
            continue
    return trainer.fit(dataset, seed=3, folder=folder, every_steps=every_steps)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kills=st.lists(st.integers(1, 11), max_size=3),
    every_steps=st.one_of(st.none(), st.integers(1, 5)),
    optimizer=st.sampled_from([AdamW(), SGD(momentum=0.9), SGD()]),
    knows_place=st.booleans(),
)
def test_resuming_at_any_step_equals_an_unbroken_training(
    kills: list[int],
    every_steps: int | None,
    optimizer: Optimizer,
    knows_place: bool,
    net: Any,
    batches: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    dataset: Any = Resumable(batches[:4]) if knows_place else batches[:4]
    trainer = Trainer(net, epochs=3, optimizer=optimizer, lr=1e-2, schedule="cosine", max_steps=11)
    folder = tmp_path_factory.mktemp("training")
    resumed = finish(trainer, dataset, folder, kills, every_steps)
    unbroken = trainer.fit(dataset, seed=3)
    assert resumed == unbroken
    assert resumed.training.curve == unbroken.training.curve
    assert resumed.training.samples == unbroken.training.samples


def test_a_dataset_that_knows_its_place_is_not_read_again(net: Any, batches: Any, tmp_path: Path) -> None:
    dataset = Resumable(batches)
    finish(Trainer(net, epochs=2), dataset, tmp_path, [8], 4)
    assert dataset.num_given == 8 + (20 - 4)


def test_a_finished_training_is_returned_at_once(net: Any, batches: Any, tmp_path: Path) -> None:
    first = Trainer(net).fit(batches, folder=tmp_path)
    seen: list[Step] = []
    again = Trainer(net).fit(batches, folder=tmp_path, on_step=seen.append)
    assert again == first == Checkpoint.load(tmp_path)
    assert again.training == first.training
    assert not seen
    assert not (tmp_path / PROGRESS).exists()


def test_how_often_it_was_resumed_is_a_fact(net: Any, batches: Any, tmp_path: Path) -> None:
    assert finish(Trainer(net), batches, tmp_path, [4, 8], 2).training.resumed == 2


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize(
    ("change", "seed", "complaint"),
    [
        ({"lr": 0.5}, 3, "lr was 0.001 and is 0.5"),
        ({"arguments": {"width": 16}}, 3, "arguments was {} and is {'width': 16}"),
        ({}, 4, "seed was 3 and is 4"),
    ],
)
def test_progress_of_another_training_is_refused_with_the_difference(
    finished: bool, change: Any, seed: int, complaint: str, net: Any, batches: Any, tmp_path: Path
) -> None:
    if finished:
        Trainer(net).fit(batches, seed=3, folder=tmp_path)
    else:
        with pytest.raises(Kill):
            Trainer(net).fit(batches, seed=3, folder=tmp_path, every_steps=2, on_step=kill_at(5))
    with pytest.raises(TrainerError, match=complaint):
        Trainer(net, **change).fit(batches, seed=seed, folder=tmp_path)


def test_progress_on_another_dataset_is_refused(net: Any, batches: Any, tmp_path: Path) -> None:
    with pytest.raises(Kill):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=2, on_step=kill_at(5))
    with pytest.raises(TrainerError, match="dataset was"):
        Trainer(net).fit(batches[1:], folder=tmp_path, every_steps=2)


def test_progress_from_another_start_is_refused(net: Any, batches: Any, tmp_path: Path) -> None:
    start = Trainer(net).fit(batches)
    with pytest.raises(Kill):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=2, on_step=kill_at(5))
    with pytest.raises(TrainerError, match="start was None"):
        Trainer(net).fit(batches, start=start, folder=tmp_path, every_steps=2)


def test_a_dataset_that_became_shorter_is_noticed(net: Any, batches: Any, tmp_path: Path) -> None:
    with pytest.raises(Kill):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=2, on_step=kill_at(7))
    with pytest.raises(TrainerError, match="ended after 3 batches, but 6 of them were trained on"):
        Trainer(net).fit(batches[:3], folder=tmp_path, every_steps=2)


def test_flipped_bits_are_noticed(net: Any, batches: Any, tmp_path: Path) -> None:
    with pytest.raises(Kill):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=2, on_step=kill_at(5))
    content = bytearray((tmp_path / PROGRESS).read_bytes())
    content[-40] ^= 1
    (tmp_path / PROGRESS).write_bytes(content)
    with pytest.raises(CheckpointCorruptError, match=f"{PROGRESS}.*bytes have changed"):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=2)


def test_the_last_good_checkpoint_outlives_a_loss_that_is_no_number(
    net: Any, batches: Any, tmp_path: Path
) -> None:
    broken = [*batches[:7], {**batches[7], "x": np.full((32, 4), np.nan, np.float32)}]
    with pytest.raises(TrainerError, match=r"step 8 .*Step 6 is kept in"):
        Trainer(net).fit(broken, folder=tmp_path, every_steps=3)
    mended = Trainer(net).fit([*broken[:7], batches[7]], folder=tmp_path, every_steps=3)
    assert mended == Trainer(net).fit(batches[:8])


def test_two_trainings_in_one_folder_are_refused(net: Any, batches: Any, tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "lock", doing="something else"),
        pytest.raises(LockedError, match="something else"),
    ):
        Trainer(net).fit(batches, folder=tmp_path)


def test_a_full_disk_keeps_the_progress_before(
    net: Any, batches: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Kill):
        Trainer(net).fit(batches, folder=tmp_path, every_steps=3, on_step=kill_at(5))
    before = (tmp_path / PROGRESS).read_bytes()

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_space)
        with pytest.raises(StorageFullError, match="Free some space"):
            Trainer(net).fit(batches, folder=tmp_path, every_steps=3)
    assert (tmp_path / PROGRESS).read_bytes() == before
    assert Trainer(net).fit(batches, folder=tmp_path, every_steps=3) == Trainer(net).fit(batches)


# The parent imports torch once and forks a child per attempt; each child kills itself with SIGKILL, at a random
# step or in the middle of writing a checkpoint, until one gets through.
_MORTAL = """
import os, random, signal, sys
from pathlib import Path
import numpy as np, torch
from torch import nn
from headwater.trainer import Checkpoint, Trainer

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
    def forward(self, batch):
        return self.body(batch["x"])

def fit(folder, on_step=None):
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(16, 4)).astype(np.float32) for _ in range(20)]
    batches = [{"x": x, "label": (x.sum(1) > 0).astype(np.int8)} for x in rows]
    return Trainer(Net, epochs=2, lr=1e-2, schedule="one_cycle", threads=1).fit(
        batches, folder=folder, every_steps=3, on_step=on_step)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def child(folder, luck):
    if luck.random() < 0.4:
        replace, left = Path.replace, [luck.randrange(1, 5)]
        def torn(path, target):
            left[0] -= 1
            if left[0] == 0:
                if luck.random() < 0.5:
                    replace(path, target)
                die()
            return replace(path, target)
        Path.replace = torn
        fit(folder)
    else:
        first = []
        length = luck.randrange(1, 14)
        def on_step(step):
            first.append(step.step)
            if len(first) == length:
                die()
        fit(folder, on_step)

torch.optim.AdamW([nn.Parameter(torch.zeros(1))])  # imports 800 modules, once here instead of in each child
folder, luck, kills = sys.argv[1], random.Random(int(sys.argv[2])), 0
while True:
    attempt = luck.randrange(2**30)
    pid = os.fork()
    if pid == 0:
        child(folder, random.Random(attempt))
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        kills += 1
        continue
    if os.waitstatus_to_exitcode(status):
        sys.exit("a child failed")
    break
pid = os.fork()
if pid == 0:
    fit(folder + "/unbroken")
    os._exit(0)
os.waitpid(pid, 0)
resumed, unbroken = Checkpoint.load(folder), Checkpoint.load(folder + "/unbroken")
print(kills, resumed == unbroken, resumed.training.curve == unbroken.training.curve, resumed.training.steps)
"""


@pytest.mark.parametrize("seed", [1])
def test_a_process_killed_at_random_moments_ends_with_the_same_bits(seed: int, tmp_path: Path) -> None:
    script = tmp_path / "mortal.py"
    script.write_text(_MORTAL)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "training"), str(seed)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kills, *equal, steps = done.stdout.split()
    assert int(kills) >= 5
    assert equal == ["True", "True"]
    assert steps == "40"
