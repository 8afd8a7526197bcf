from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from headwater.trainer.curve import Curve
from headwater.trainer.schedule import Constant, Cosine, Linear, OneCycle, Schedule


def rates_of_torch(num_steps: int, make: str) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule: lr_scheduler.LRScheduler
    if make == "one_cycle":
        schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=num_steps, cycle_momentum=False)
    elif make == "cosine":
        schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_steps)
    else:
        schedule = lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.25, total_iters=num_steps)
    rates = []
    for step in range(num_steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step < num_steps - 1:
            schedule.step()
    return rates


@settings(max_examples=25, deadline=None)
@given(num_steps=st.integers(2, 80))
def test_curves_are_torchs(num_steps: int) -> None:
    ours: dict[str, Schedule] = {"one_cycle": OneCycle(), "cosine": Cosine(), "linear": Linear(end=0.25)}
    for name, schedule in ours.items():
        rates = [schedule.factor(step, num_steps) for step in range(num_steps)]
        assert rates == pytest.approx(rates_of_torch(num_steps, name), abs=1e-9)


@settings(max_examples=50)
@given(
    schedule=st.sampled_from([Constant, Linear, Cosine, OneCycle]),
    warmup=st.integers(0, 10),
    num_steps=st.integers(1, 40),
    beyond=st.integers(0, 5),
)
def test_factors_stay_between_zero_and_one_also_past_the_end(
    schedule: type[Schedule], warmup: int, num_steps: int, beyond: int
) -> None:
    made = schedule(warmup_steps=warmup)
    assert all(0 <= made.factor(step, num_steps) <= 1 for step in range(num_steps + beyond))


def test_the_warm_up_climbs_to_the_whole_rate_before_the_curve_begins() -> None:
    factors = [Cosine(warmup_steps=4).factor(step, 10) for step in range(10)]
    assert factors[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert all(one > other for one, other in pairwise(factors[4:]))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=300), st.integers(0, 300))
def test_a_curve_stays_small_keeps_the_mean_and_survives_a_pause(losses: list[float], pause: int) -> None:
    whole, paused = Curve(most=8), Curve(most=8)
    for at, loss in enumerate(losses):
        if at == pause:
            paused = Curve.load(paused.dump())
        whole.add(loss)
        paused.add(loss)
    points = whole.points()
    assert points == paused.points()
    assert len(points) <= 8
    assert points[-1].step == len(losses)
    steps = [0, *(point.step for point in points)]
    total = sum(point.loss * (after - before) for point, (before, after) in zip(points, pairwise(steps)))
    assert total == pytest.approx(sum(losses), abs=1e-6)
