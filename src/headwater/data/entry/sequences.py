"""Datasets of Python objects: generators, sequences, the datasets of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.function import Function
from headwater.data.sources.datasets import as_datasets
from headwater.data.sources.generator import FromGenerator
from headwater.data.sources.sequence import FromSequence, check_sequence


@member
def from_generator(function: Callable[..., Iterable[Any]], *args: Any) -> Dataset:
    """The elements that ``function(*args)`` yields; it is called anew for each run.

    A run goes on from a state by passing over as many elements: the function gives the same ones each time.
    Raised when it raises: `DataError` with the number of the element.

    >>> from headwater import data
    >>> def squares(count):
    ...     for number in range(count):
    ...         yield number * number
    >>> list(data.from_generator(squares, 4))
    [0, 1, 4, 9]
    """
    return begin(FromGenerator(Function(function), args))


@member
def from_sequence(sequence: Any) -> Dataset:
    """The elements of anything with ``len()`` and ``[number]``, such as a torch-style dataset. Random access.

    A method ``__getitems__(numbers)``, if there is one, is asked for many at once. Another sequence is told by
    its `fingerprint` if it has one, by the values of a short list of plain ones, else by type and length.

    >>> from headwater import data
    >>> list(data.from_sequence(["a", "b", "c"]).skip(1))
    ['b', 'c']
    """
    return begin(FromSequence(check_sequence(sequence, where="data.from_sequence")))


@member
def from_datasets(dataset: Any) -> Dataset:
    """The rows of a Hugging Face `datasets.Dataset` (random access), or of an `IterableDataset` (a stream).

    A `Dataset` comes as its Arrow table stores it, through its selection, order and filter: images and audio as
    their bytes. For decoded ones, or a transform of its own, use `from_sequence`.

    >>> import datasets  # doctest: +SKIP
    >>> list(data.from_datasets(datasets.Dataset.from_dict({"x": [1, 2, 3]}).select([2, 0])))  # doctest: +SKIP
    [{'x': 3}, {'x': 1}]
    """
    return begin(as_datasets(dataset))
