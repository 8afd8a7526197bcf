"""Anything with the four answers is a scorer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.core.key import Keys, as_keys
from headwater.core.scorer import Scorer


class Constant:
    digest = "constant"

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        return np.full((len(keys), 2), 0.5, np.float32)

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        return np.zeros((len(keys), 3), np.float32)

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        return np.zeros(len(keys), np.float32)


def test_a_class_that_answers_is_a_scorer_without_inheriting() -> None:
    scorer: Scorer = Constant()
    assert isinstance(scorer, Scorer)
    assert len(scorer.losses(as_keys([1, 2]))) == 2


def test_a_class_that_lacks_an_answer_is_none() -> None:
    assert not isinstance(object(), Scorer)
