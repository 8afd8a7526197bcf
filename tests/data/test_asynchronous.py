"""One event loop for all who borrow it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from headwater.data.asynchronous import Loop

PATIENCE_S = 10


async def where() -> int:
    return threading.get_ident()


def test_borrowers_share_a_thread_that_ends_with_the_last() -> None:
    first, second = Loop(), Loop()
    ident = first.start(where()).result(PATIENCE_S)
    assert second.start(where()).result(PATIENCE_S) == ident
    assert ident in {thread.ident for thread in threading.enumerate()}
    first.close()
    first.close()
    assert second.start(where()).result(PATIENCE_S) == ident
    second.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "headwater-async"]


def test_closing_a_share_cancels_its_own_tasks_alone() -> None:
    first, second = Loop(), Loop()
    done = threading.Event()

    async def finish() -> int:
        while not done.is_set():
            await asyncio.sleep(0)
        return 3

    mine, other = first.start(asyncio.Event().wait()), second.start(finish())
    first.close()
    with pytest.raises(CancelledError):
        mine.result(PATIENCE_S)
    done.set()
    assert other.result(PATIENCE_S) == 3
    second.close()
