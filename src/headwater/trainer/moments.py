"""The optimizer's state as named tensors (``3.exp_avg``) and back, bit by bit.

The number is the parameter's place in ``module.parameters()``, frozen ones left out. What is no tensor (a step
counter held as an int, None where momentum is off) travels beside them as JSON. Hyper-parameters do not travel:
they are the trainer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from headwater.core.errors import TrainerError

_COUNTER = "step"  # torch keeps Adam's on the CPU whatever the parameter's device, unless the kernel reads it


def moments_of(optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the state's tensors (copies, on the CPU) and its other values, both by name."""
    tensors: dict[str, torch.Tensor] = {}
    others: dict[str, Any] = {}
    for place, parameter in enumerate(_parameters(optimizer)):
        for word, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, torch.Tensor):
                tensors[f"{place}.{word}"] = value.detach().to("cpu", copy=True).contiguous()
            else:
                others[f"{place}.{word}"] = value
    return tensors, others


def load_moments(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor], others: Mapping[str, Any]
) -> None:
    """Give `optimizer` the state that `moments_of` returned; dtypes stay as they were."""
    parameters = _parameters(optimizer)
    for name, value in [*tensors.items(), *others.items()]:
        place, word = name.split(".", 1)
        if int(place) >= len(parameters):
            raise TrainerError(
                f"the optimizer state `{name}` is of parameter {place}, but the model has {len(parameters)}.",
                remedy="Train with keep_optimizer=False to start the optimizer anew.",
            )
        parameter = parameters[int(place)]
        if isinstance(value, torch.Tensor):
            stays = word == _COUNTER and not optimizer.defaults.get("fused")
            value = value.to("cpu" if stays else parameter.device, copy=True)
            _check_shape(name, value, parameter)
        optimizer.state[parameter][word] = value


def _check_shape(name: str, value: torch.Tensor, parameter: torch.Tensor) -> None:
    if value.ndim and value.shape != parameter.shape:
        raise TrainerError(
            f"the optimizer state `{name}` is {list(value.shape)}, its parameter {list(parameter.shape)}.",
            remedy="Train with keep_optimizer=False to start the optimizer anew.",
        )


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
