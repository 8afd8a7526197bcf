"""The backends that the conformance suite runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.workers import Local, Workers

BACKENDS = {"threads": lambda: Local(2), "processes": lambda: Local(2, processes=True)}


@pytest.fixture(params=sorted(BACKENDS))
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """Each kind of workers, closed afterwards."""
    with BACKENDS[request.param]() as started:
        yield started
