"""A worker process of a run: it gets the steps once, then blocks, and sends back what becomes of them."""

from __future__ import annotations

import pickle
import socket
import traceback
from collections.abc import Sequence

from headwater.data.chain import Stepwise, bound
from headwater.data.cursor import Env
from headwater.data.origin import described
from headwater.data.parallel.hands import Step, make
from headwater.data.parallel.post import Letter, Post
from headwater.data.parallel.wire import not_sent, tidy


def main(descriptor: int) -> None:
    """Serve the run at the other end of a socket until it hangs up."""
    post = Post(socket.socket(fileno=descriptor))
    try:
        _, program, _ = post.receive()
        steps = _steps(program)
        post.send("ready")
        while True:
            _, (number, first), letter = post.receive()
            if letter is not None:
                _serve(post, steps, number, first, letter)
    except (EOFError, OSError):
        return


def _steps(program: bytes) -> Sequence[Step]:
    nodes: Sequence[Stepwise]
    env: Env
    nodes, env = pickle.loads(program)  # noqa: S301 - from the run that started this process
    return [bound(node, env) for node in nodes]


def _serve(post: Post, steps: Sequence[Step], number: int, first: int, letter: Letter) -> None:
    try:
        made = make(steps, letter.block, first)
        try:
            post.send("made", (number, made.wall_s, made.wanted_s), tidy(made.block))
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise not_sent(error, described(int(made.block.positions[0]))) from error
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where the run can tell
        post.send("failed", (number, _sendable(error), traceback.format_exc()))
    post.give_back(letter)


def _sendable(error: Exception) -> Exception | None:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled the line before
    except Exception:  # noqa: BLE001 - an error of the user's own, whose making nobody foresaw
        return None
    return error
