"""Datasets of several datasets."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.core.errors import DataError
from headwater.data.dataset import Dataset
from headwater.data.entry.family import member
from headwater.data.fluent.mixing import merged
from headwater.data.operators.choose_from import ChooseFrom
from headwater.data.operators.sample_from import SampleFrom


@member
def zip(*datasets: Dataset, **named: Dataset) -> Dataset:  # noqa: A001 - as Python calls it
    """Elements side by side, up to the end of the shortest.

    Datasets given by name make dicts with one value for each: ``zip(image=images, text=texts)``. Without names,
    dicts of different columns become one dict, and anything else a tuple.

    >>> from headwater import data
    >>> list(data.zip(a=data.range(2), b=data.range(5, 9)))
    [{'a': 0, 'b': 5}, {'a': 1, 'b': 6}]
    """
    if bool(datasets) == bool(named):
        raise DataError(
            "datasets are given either by name or without.",
            where="data.zip",
            remedy="Write data.zip(a, b) or data.zip(x=a, y=b).",
        )
    first, *others = datasets or tuple(named.values())
    _check([first], "zip")
    return first.zip(*others, names=tuple(named) or None)


@member
def concatenate(*datasets: Dataset) -> Dataset:
    """All elements of the first dataset, then those of the second, and so on; also written ``a + b``.

    >>> from headwater import data
    >>> list(data.concatenate(data.range(2), data.range(5, 7)))
    [0, 1, 5, 6]
    """
    _check(datasets, "concatenate")
    return datasets[0].concatenate(*datasets[1:])


@member
def sample_from(
    datasets: Sequence[Dataset],
    weights: Sequence[float] | None = None,
    *,
    seed: int | None = None,
    stop_on_empty: bool = False,
) -> Dataset:
    """A random mixture: each element comes from a dataset drawn by `weights`, equal ones if left out.

    When one ends, the rest share in proportion to their weights; with `stop_on_empty` it is the end of all. To
    keep the proportions to the end without stopping early, let the small ones ``.repeat()``. The choice for
    element i is a function of the seed, of i, and of which datasets have ended.

    >>> from headwater import data
    >>> sorted(data.sample_from([data.range(3), data.range(10, 13)], [0.9, 0.1]))
    [0, 1, 2, 10, 11, 12]
    """
    _check(datasets, "sample_from")
    given = (1.0,) * len(datasets) if weights is None else tuple(map(float, weights))
    return merged(list(datasets), "sample_from", lambda parts: SampleFrom(parts, given, seed, stop_on_empty))


@member
def choose_from(choices: Dataset, datasets: Sequence[Dataset], *, stop_on_empty: bool = True) -> Dataset:
    """The elements of `datasets` in the order that `choices` dictates: a dataset of their numbers, from 0.

    It ends with the choices, or when a chosen dataset has no more; with ``stop_on_empty=False`` choices of it
    are passed over.

    >>> from headwater import data
    >>> turns = data.range(2).repeat()
    >>> list(data.choose_from(turns, [data.range(3), data.range(10, 12)]))
    [0, 10, 1, 11, 2]
    """
    _check(datasets, "choose_from")
    return merged([choices, *datasets], "choose_from", lambda parts: ChooseFrom(parts, stop_on_empty))


def _check(datasets: Sequence[Dataset], call: str) -> None:
    if not isinstance(datasets, list | tuple) or not datasets or not isinstance(datasets[0], Dataset):
        raise DataError(
            "it takes datasets, at least one.",
            where=f"data.{call}",
            remedy=f"Write data.{call}([first, second]) with datasets such as data.range(3)."
            if call.endswith("from")
            else f"Write data.{call}(first, second).",
        )
