"""A small multilayer perceptron over embeddings of the categories."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from examples.flights.flow import BUCKETS

NUM_VALUES = 20
_SIZES = (*BUCKETS.values(), 24, 7)  # the last two are the hour of day and the weekday


class Network(nn.Module):
    """Six embeddings beside twenty values, two hidden layers, one logit: "late"."""

    def __init__(self, width: int = 16, hidden: int = 256) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in _SIZES)
        self.body = nn.Sequential(
            nn.Linear(len(_SIZES) * width + NUM_VALUES, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden // 2),
            nn.ReLU(),
        )
        self.head = nn.Linear(hidden // 2, 1)

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return one logit per flight, ``[N]``."""
        logits: Tensor = self.head(self.embed(batch)).squeeze(-1)
        return logits

    def embed(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the activations before the last layer, ``[N, 64]``: what drift is measured on."""
        categories = batch["category"]
        parts = [embedding(categories[:, i]) for i, embedding in enumerate(self.embeddings)]
        features: Tensor = self.body(torch.cat([*parts, batch["value"]], dim=1))
        return features


def build(width: int = 16, hidden: int = 256) -> Network:
    """Return a fresh network; the trainer names this function by its import path."""
    return Network(width, hidden)
