"""Evaluating SPARQL queries, each in a process that ends with the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException

from api.processes import OFFERED, RETRY_AFTER, AllBusyError, Processes, UnfinishedError
from api.worker import Limits
from learntogether_kg import errors, queries, query_catalogue, query_files
from learntogether_kg.answers import Answer
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import PREFIXES
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.store.endpoint import Question, Reply, reply
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.reach import refuse_reaching_out

BEHIND_OTHERS: Final = 10
"""The niceness of an evaluation: where there are too few cores, other answers come first."""
_PATIENCE_SECONDS: Final = 5
_WAITING: Final = 16
"""So many queries may wait for a process; one more is told to come again."""
_NARROW: Final = "Ask for less: fewer patterns, a LIMIT, or one of the named queries at /queries"
_FAILED: Final = {
    "time": (504, "The query took longer than {seconds} seconds, which is the limit here, and was stopped. " + _NARROW),
    "memory": (503, "The query needed more than {megabytes} MB, which is the limit here, and was stopped. " + _NARROW),
    "fault": (500, "The query made its evaluation fail. Tell the keeper of this library"),
}
_ERRORS: Final = {
    kind.__name__: kind for kind in (errors.MalformedQueryError, errors.ReachingQueryError, errors.FormNotOfferedError)
}


@dataclass(frozen=True)
class Named:
    """A named query.

    Attributes:
        name: Its name.
        arguments: As for `queries.ask`, found good already.
    """

    name: str
    arguments: Mapping[str, str]


class Evaluations:
    """What a process does that evaluates queries."""

    name = "The evaluation of a query"

    def warm_up(self) -> None:
        """Loads the parser and the catalogue of queries.

        The store is opened for each query anew: an open one does not survive a fork.
        """
        query_files.catalogue()
        query_catalogue.graph()
        refuse_reaching_out("SELECT * WHERE { ?from ?p ?o }", lambda _: False)

    def answer(self, job: tuple[Path, Question | Named]) -> bytes:
        """Returns the reply: a line of JSON about it, then its body. A refusal has the error's name in that line.

        Of a named query it is the packed answer.
        """
        path, asked = job
        if isinstance(asked, Named):
            return queries.ask(OxigraphStore.open(path), asked.name, asked.arguments).packed()
        try:
            found = reply(path, asked, prefixes=PREFIXES, aside=query_catalogue.aside())
        except tuple(_ERRORS.values()) as error:
            return json.dumps({"error": type(error).__name__, "detail": str(error)}).encode()
        about = {name: value for name, value in asdict(found).items() if name != "body"}
        return json.dumps(about).encode() + b"\n" + found.body


class Evaluator:
    """Evaluates queries over releases, a fixed number at once.

    Args:
        limits: What one query may use.
        at_once: How many may be evaluated at the same time.
    """

    def __init__(self, limits: Limits, at_once: int) -> None:
        self._limits = limits
        self._processes = Processes(Evaluations(), limits, at_once)
        # Its own, and not that of the whole server: queries that wait must not take the threads of other answers.
        self._places = anyio.CapacityLimiter(at_once)

    def start(self) -> None:
        """Starts the processes, so that the first query need not wait; returns at once."""
        self._processes.start()

    def stop(self) -> None:
        """Ends the processes."""
        self._processes.stop()

    async def evaluate(self, release: Snapshot | LiveState, question: Question) -> Reply:
        """Returns the reply to a question; that of a live library is its server's.

        Args:
            release: What is asked.
            question: What is asked.

        Raises:
            MalformedQueryError: It is not SPARQL.
            ReachingQueryError: It would do more than read the release.
            QueryTimeError: The server of a live library takes too long.
            FormNotOfferedError: Its answer cannot be given in the forms asked for.
            HTTPException: 503 where all processes stay busy or it needs too much memory, 504 where it takes too long.
        """
        if not OFFERED:
            raise HTTPException(503, "This server's system cannot evaluate queries safely; use /queries instead")
        if self._places.statistics().tasks_waiting >= _WAITING:
            raise _busy()
        place = object()
        try:
            with anyio.fail_after(_PATIENCE_SECONDS):
                await self._places.acquire_on_behalf_of(place)
        except TimeoutError:
            raise _busy() from None
        try:
            # The thread is one of the evaluator's own: the places are counted already.
            found = await to_thread.run_sync(self._ask, release, question, limiter=anyio.CapacityLimiter(1))
        finally:
            self._places.release_on_behalf_of(place)
        return found

    def ask_named(self, store: Path, name: str, arguments: Mapping[str, str]) -> Answer:
        """Returns the answer of a named query, whole.

        Args:
            store: The folder of the release's store.
            name: The query's name.
            arguments: As for `queries.ask`, found good already.

        Raises:
            TooLongError: It takes too long.
            HTTPException: 503 where all processes stay busy or it needs too much memory.
        """
        if not OFFERED:
            return queries.ask(OxigraphStore.open(store), name, arguments)
        try:
            return Answer.unpack(self._processes.ask((store, Named(name, dict(arguments)))))
        except AllBusyError:
            raise _busy() from None
        except UnfinishedError as error:
            if error.reason == "time":
                raise errors.TooLongError(name) from None
            status, words = _FAILED[error.reason]
            raise HTTPException(status, words.format(megabytes=self._limits.megabytes)) from None

    def _ask(self, release: Snapshot | LiveState, question: Question) -> Reply:
        if isinstance(release, LiveState):
            return release.reply(question, PREFIXES, self._limits.seconds, query_catalogue.aside())
        try:
            answer = self._processes.ask((release.path / "store", question))
        except AllBusyError:
            raise _busy() from None
        except UnfinishedError as error:
            status, words = _FAILED[error.reason]
            detail = words.format(seconds=f"{self._limits.seconds:g}", megabytes=self._limits.megabytes)
            raise HTTPException(status, detail) from None
        line, _, body = answer.partition(b"\n")
        about = json.loads(line)
        if "error" in about:
            raise _refusal(about["error"], about["detail"])
        return Reply(**about, body=body)


def _busy() -> HTTPException:
    return HTTPException(
        503, "Other queries are being evaluated. Try again in a few seconds", {"Retry-After": str(RETRY_AFTER)}
    )


def _refusal(name: str, detail: str) -> errors.LearnTogetherError:
    """Returns the error that a process told of, without the data that only that process needed."""
    kind = _ERRORS[name]
    refusal = kind.__new__(kind, detail)
    refusal.args = (detail,)
    return refusal
