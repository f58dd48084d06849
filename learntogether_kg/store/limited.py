"""A query from outside over a store on disk, in a process of its own that is ended when its time is up.

An engine in native code cannot be told to stop, and a query may take for ever.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from learntogether_kg.errors import LearnTogetherError, QueryTimeError, StoreUnavailableError
from learntogether_kg.store.endpoint import Question, Reply, reply

_START_SECONDS: Final = 30
"""Starting the process does not count, but does not take for ever."""


def reply_within(
    path: Path, question: Question, prefixes: Mapping[str, str], seconds: float, aside: Mapping[str, bytes]
) -> Reply:
    """Returns the answer to a question; see `endpoint.reply`.

    Args:
        path: The store's folder.
        question: What is asked.
        prefixes: Under which a graph may be written.
        seconds: How long it may take.
        aside: As for `endpoint.reply`.

    Raises:
        QueryTimeError: It takes longer.
        StoreUnavailableError: The process ended without an answer, as it does for want of memory.
        LearnTogetherError: As `endpoint.reply` raises.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, path, question, dict(prefixes), dict(aside)), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_SECONDS):
            raise StoreUnavailableError(path, "the process that evaluates the query did not start; try again")
        ours.recv()
        if not ours.poll(seconds):
            raise QueryTimeError(seconds)
        found = ours.recv()
    except EOFError:
        raise StoreUnavailableError(path, "the evaluation ended without an answer; ask for less") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if isinstance(found, LearnTogetherError):
        raise found
    assert isinstance(found, Reply), "the process sends a reply or an error of ours"
    return found


def _answer(to: Connection, path: Path, question: Question, prefixes: dict[str, str], aside: dict[str, bytes]) -> None:
    to.send(None)  # from here on the time counts
    try:
        to.send(reply(path, question, prefixes, aside))
    except LearnTogetherError as error:
        to.send(error)
