"""How and where to train: batches and a model become a checkpoint, at a cost that is known beforehand.

Importing this does not import torch; the first `fit` or `evaluate` does.
"""

from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.metrics import measure, measure_groups
from headwater.trainer.optimizer import Optimizer
from headwater.trainer.predictions import Predictions
from headwater.trainer.schedule import Schedule
from headwater.trainer.trainer import Trainer
from headwater.trainer.training import Step, Training

__all__ = [
    "Checkpoint",
    "Optimizer",
    "Predictions",
    "Schedule",
    "Step",
    "Trainer",
    "Training",
    "measure",
    "measure_groups",
]
