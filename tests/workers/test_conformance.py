"""What every kind of workers does alike."""

from __future__ import annotations

import operator
import pickle
from concurrent.futures import CancelledError, Future, wait

import pytest

from headwater.core import config
from headwater.core.errors import HeadwaterError
from headwater.workers import Workers


def test_calls_give_what_the_functions_return(workers: Workers) -> None:
    running = [workers.submit(pow, 2, power) for power in range(5)]
    assert [one.result(60) for one in running] == [1, 2, 4, 8, 16]


def test_keyword_arguments_arrive(workers: Workers) -> None:
    assert workers.submit(sorted, [1, 3, 2], reverse=True).result(60) == [3, 2, 1]


def test_an_error_is_raised_where_the_result_is_asked_for(workers: Workers) -> None:
    failing: Future[float] = workers.submit(operator.truediv, 1, 0)
    with pytest.raises(ZeroDivisionError):
        failing.result(60)
    assert workers.submit(abs, -1).result(60) == 1


def test_it_says_how_many_calls_run_at_once(workers: Workers) -> None:
    assert workers.num_workers == 2


def test_closing_twice_and_calling_again_afterwards_are_fine(workers: Workers) -> None:
    assert workers.submit(abs, -1).result(60) == 1
    workers.close()
    workers.close()
    assert workers.submit(abs, -2).result(60) == 2


def test_closing_leaves_no_call_undecided(workers: Workers) -> None:
    running = [workers.submit(pow, 3, power) for power in range(50)]
    workers.close()
    assert wait(running, timeout=60).not_done == set()
    for power, one in enumerate(running):
        try:
            assert one.result() == 3**power
        except CancelledError:
            assert one.cancelled()


def test_a_copy_for_another_process_works_by_itself(workers: Workers) -> None:
    workers.submit(abs, -1).result(60)
    with pickle.loads(pickle.dumps(workers)) as copy:
        assert copy == workers
        assert copy.submit(abs, -3).result(60) == 3


def test_a_configuration_names_it_and_gives_it_back(workers: Workers) -> None:
    tree = config.to_family_tree(workers)
    assert config.validate(Workers, tree) == workers  # type: ignore[type-abstract]
    with pytest.raises(HeadwaterError, match="at least one worker"):
        config.validate(Workers, {workers.kind: {"num_workers": 0}})  # type: ignore[type-abstract]
