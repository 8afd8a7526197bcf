"""The user's model: made by its factory, filled with a checkpoint's weights, called on a batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from headwater.core.errors import TrainerError
from headwater.trainer.tensors import Batch
from headwater.trainer.written import as_function, name_of

_SHOWN = 4  # names in one message; the rest is counted


def build(factory: str | Callable[..., Any], arguments: Mapping[str, Any]) -> torch.nn.Module:
    """Call the factory.

    Raised: `ConfigError` for a missing import path, `TrainerError` when the arguments do not fit the factory or
    when it returns no module.
    """
    call, where = as_function(factory), name_of(factory)
    try:
        inspect.signature(call).bind(**arguments)
    except TypeError as error:
        raise TrainerError(
            f"it cannot be called with {sorted(arguments)}: {error}.",
            where=where,
            remedy="Give what it wants in `arguments`.",
        ) from error
    made = call(**arguments)
    if not isinstance(made, torch.nn.Module):
        raise TrainerError(
            f"it returned a {type(made).__name__}, not a torch.nn.Module.",
            where=where,
            remedy="A factory returns the model; a model's class must inherit nn.Module.",
        )
    return made


def load_weights(module: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy a checkpoint's tensors into `module`, all of them or an error that names those that do not fit."""
    own = module.state_dict()
    problems = [
        *(f"`{name}` is missing in the checkpoint" for name in own if name not in weights),
        *(f"`{name}` is not in the model" for name in weights if name not in own),
        *(
            f"`{name}` is {list(weights[name].shape)} in the checkpoint, {list(own[name].shape)} in the model"
            for name in own
            if name in weights and weights[name].shape != own[name].shape
        ),
    ]
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise TrainerError(
            f"the checkpoint does not fit the model: {'; '.join(problems[:_SHOWN])}{more}.",
            remedy="Use the factory and arguments that the checkpoint was trained with, or start without it.",
        )
    module.load_state_dict(dict(weights))


def weights_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of all parameters and buffers on the CPU, by name."""
    return {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in module.state_dict().items()
    }


def call(module: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Return the logits.

    Raised: `TrainerError` when the model asks for a column that the batch does not have, or returns no tensor.
    """
    try:
        logits = module(batch.features)
    except KeyError as error:
        if not error.args or error.args[0] in batch.features:
            raise
        raise TrainerError(
            f"the model asks for column {error.args[0]!r}; the batch has {batch.describe()}.",
            remedy="Keep it through the flow; encode dates and strings as numbers with .map_batches().",
        ) from error
    except RuntimeError as error:
        error.add_note(f"in the model's forward, on a batch of {batch.describe()}")
        raise
    if not isinstance(logits, torch.Tensor):
        raise TrainerError(f"the model returned a {type(logits).__name__}, not a tensor of logits.")
    return logits
