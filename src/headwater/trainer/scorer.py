"""What one model thinks of samples, by key: the trainer's answer to selection and drift detection."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.errors import TrainerError
from headwater.core.key import Keys, as_keys
from headwater.core.source import Source
from headwater.core.spec import Block, Spec
from headwater.trainer.batches import Batches
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.written import name_of

if TYPE_CHECKING:
    from headwater.trainer.inference import Inference
    from headwater.trainer.tensors import Batch
    from headwater.trainer.trainer import Trainer

Answers: TypeAlias = dict[str, NDArray[np.float32]]

_CHUNK = 65_536  # keys in flight at once: bounds what the flow's shuffle buffers and our realignment hold
_CACHE_BYTES = 256 * 2**20  # answers kept: 64 floats for each of a million samples


class Rows:
    """The rows of a source under some of its keys; a source itself, which a flow can read."""

    def __init__(self, source: Source, keys: Keys) -> None:
        self._source = source
        self._keys = keys

    @property
    def spec(self) -> Spec:
        """The source's columns."""
        return self._source.spec

    @property
    def fingerprint(self) -> str:
        """The digest of the source's fingerprint and the keys."""
        return digest_of(self._source.fingerprint, self._keys)

    def keys(self) -> Keys:
        """The keys, ascending."""
        return self._keys

    def read(self, keys: Keys) -> Block:
        """The rows of `keys` in that order."""
        return self._source.read(keys)


class ModelScorer:
    """A `core.scorer.Scorer`: runs `flow` over the asked-for rows of `source` and the model over its batches.

    The flow may shuffle, for rows find their place again by the column ``key``, which it has to keep; it may
    not drop rows. The model is built at the first question and kept. The last answers are kept too, by key set.
    """

    def __init__(
        self, trainer: Trainer, checkpoint: Checkpoint, source: Source, flow: Callable[[Source], Batches]
    ) -> None:
        self._trainer = trainer
        self._checkpoint = checkpoint
        self._source = source
        self._flow = flow
        self._inference: Inference | None = None
        self._kept: OrderedDict[str, Answers] = OrderedDict()

    @property
    def digest(self) -> str:
        """The digest of the weights and of what makes a model of them."""
        trainer = self._trainer
        return digest_of(
            [
                self._checkpoint.model_digest,
                name_of(trainer.model),
                dict(trainer.arguments),
                name_of(trainer.loss),
            ]
        )

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        """Class probabilities, ``[N, C]``; two columns for a binary model."""
        return self._answer("probabilities", keys)

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        """``model.embed(batch)``, or the input of the last ``nn.Linear``, ``[N, D]``."""
        return self._answer("embeddings", keys)

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        """Loss of each sample, ``[N]``; the flow must give ``label``."""
        return self._answer("losses", keys)

    def _answer(self, word: str, keys: Keys) -> NDArray[np.float32]:
        asked, places = np.unique(as_keys(keys), return_inverse=True)
        name = digest_of(asked)
        kept = self._kept.get(name, {})
        if word not in kept:
            kept = {**kept, **self._compute(word, asked)}
            self._keep(name, kept)
        self._kept.move_to_end(name)
        return kept[word][places]

    def _compute(self, word: str, asked: Keys) -> Answers:
        """Return `word` and the probabilities, which come with every forward, for sorted unique keys."""
        chunks = [self._chunk(word, asked[at : at + _CHUNK]) for at in range(0, max(len(asked), 1), _CHUNK)]
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}

    def _chunk(self, word: str, asked: Keys) -> Answers:
        answers: Answers = {}
        is_missing = np.ones(len(asked), dtype=np.bool_)
        for keys, rows in self._forward(word, asked):
            at = np.searchsorted(asked, keys)
            is_missing[at] = False
            for name, values in rows.items():
                if name not in answers:
                    answers[name] = np.empty((len(asked), *values.shape[1:]), np.float32)
                answers[name][at] = values
        if is_missing.any():
            raise _lost(asked[is_missing], len(asked))
        return answers or _empty(word)

    def _forward(self, word: str, asked: Keys) -> Iterator[tuple[Keys, Answers]]:
        from headwater.trainer.inference import Inference, merged
        from headwater.trainer.tensors import batch_of

        if self._inference is None:
            self._inference = Inference(self._trainer, self._checkpoint)
        for arrays in merged(self._flow(Rows(self._source, asked))) if len(asked) else ():
            batch = batch_of(arrays, self._inference.device)
            if batch.keys is None:
                raise TrainerError(
                    f"the flow's batches carry no `key`; they have {batch.describe()}.",
                    where="scorer",
                    remedy="Keep the column `key` through .map_batches().",
                )
            yield batch.keys, self._ask(word, batch, self._inference)

    def _ask(self, word: str, batch: Batch, inference: Inference) -> Answers:
        from headwater.trainer.loss import probabilities, sample_losses

        if word == "embeddings":
            logits, embeddings = inference.logits_and_embeddings(batch)
            return {"probabilities": probabilities(logits), word: embeddings.float().cpu().numpy()}
        logits = inference.logits(batch)
        answers: Answers = {"probabilities": probabilities(logits)}
        if word == "losses":
            answers[word] = sample_losses(self._trainer.loss, logits, batch).cpu().numpy()
        return answers

    def _keep(self, name: str, answers: Answers) -> None:
        self._kept[name] = answers
        self._kept.move_to_end(name)
        while len(self._kept) > 1 and sum(map(_size_bytes, self._kept.values())) > _CACHE_BYTES:
            self._kept.popitem(last=False)


def _size_bytes(answers: Answers) -> int:
    return sum(values.nbytes for values in answers.values())


def _empty(word: str) -> dict[str, Any]:
    """Nothing was asked: there is no row to learn the widths from."""
    shape = {"probabilities": (0, 2), "embeddings": (0, 0), "losses": (0,)}
    return {word: np.empty(shape[word], np.float32)}


def _lost(keys: Keys, num_asked: int) -> TrainerError:
    return TrainerError(
        f"the flow gave no row for {len(keys)} of {num_asked} keys, the first is {int(keys[0])}.",
        where="scorer",
        remedy="A flow for scoring keeps every row: move .filter(), .take() and .skip() to the selection.",
    )
