"""Every error says what, where and what next, also on the other side of a process."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from headwater import LINE
from headwater.core import errors
from headwater.core.errors import CorruptError, HeadwaterError, SamplesError

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HeadwaterError)]


class SegmentCorrupt(SamplesError, CorruptError):  # noqa: N818 - named as a capability would
    """A refinement, as capabilities make them."""


@pytest.mark.parametrize(
    ("where", "remedy", "said"),
    [
        ("", "", "too few."),
        ("Amount(0)", "", "Amount(0): too few."),
        ("", "Use 1.", "too few. Use 1."),
        ("Amount(0)", "Use 1.", "Amount(0): too few. Use 1."),
    ],
)
def test_an_error_reads_as_place_problem_remedy(where: str, remedy: str, said: str) -> None:
    assert str(HeadwaterError("too few.", where=where, remedy=remedy)) == said


@pytest.mark.parametrize("kind", [*EVERY, SegmentCorrupt], ids=lambda kind: kind.__name__)
def test_an_error_survives_the_way_between_processes(kind: type[HeadwaterError]) -> None:
    error = kind("a problem.", where="here", remedy="Do this.")
    for back in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(back) is kind
        assert (back.problem, back.where, back.remedy) == ("a problem.", "here", "Do this.")
        assert str(back) == str(error)


def test_a_refined_error_is_caught_by_either_name() -> None:
    for kind in (SamplesError, CorruptError, HeadwaterError):
        with pytest.raises(kind):
            raise SegmentCorrupt("bytes have changed.")


def test_the_docstring_shows_every_error() -> None:
    shown = inspect.getdoc(errors) or ""
    assert [kind.__name__ for kind in EVERY if kind.__name__ not in shown] == []


def test_every_word_of_the_line_has_an_error() -> None:
    assert [word for word in LINE if not hasattr(errors, f"{word.capitalize()}Error")] == []
