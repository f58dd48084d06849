"""A few warm processes that check uploads, and no more of them at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from starlette.exceptions import HTTPException

from api.worker import READY, Answer, Job, Limits, run
from learntogether_kg.errors import UnreadableFileError

OFFERED: Final = hasattr(os, "fork")
"""Whether this system can give each check a process of its own that is quick to start and can be ended."""

RETRY_AFTER: Final = 5
_START_SECONDS: Final = 60
_GRACE_SECONDS: Final = 5
_PATIENCE_SECONDS: Final = 5
_AT_HOME: Final = "check it on your own machine with `ltkg validate`"
_FAILED: Final = {
    "time": f"The check took too long and was stopped; {_AT_HOME}",
    "memory": f"The check needed more memory than it may have and was stopped; {_AT_HOME}",
    "fault": f"This file made the check fail. Nothing of it was kept; {_AT_HOME}, and tell the keeper of this library",
}


class Checker:
    """Checks uploads, a fixed number at once.

    Args:
        limits: What one check may use.
        at_once: How many checks may run at the same time.
    """

    def __init__(self, limits: Limits, at_once: int) -> None:
        self._workers = [_Worker(limits) for _ in range(at_once)]
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._free.put(worker)

    def start(self) -> None:
        """Starts the processes, so that the first upload need not wait; returns at once."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.stop()

    def check(self, job: Job) -> Answer:
        """Returns what a check found; see `api.worker.answer`.

        Raises:
            UnreadableFileError: The upload is no review that can be read.
            HTTPException: 503 where all processes stay busy; 422 where the check did not come to an end.
        """
        try:
            worker = self._free.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            raise busy() from None
        try:
            found = worker.ask(job)
        finally:
            self._free.put(worker)
        if "refused" in found:
            raise UnreadableFileError(job.name, str(found["refused"]))
        if "failed" in found:
            raise HTTPException(422, _FAILED[str(found["failed"])])
        return found


def busy() -> HTTPException:
    """Returns the error for one upload too many."""
    return HTTPException(
        503, "Other reviews are being checked. Try again in a few seconds", {"Retry-After": str(RETRY_AFTER)}
    )


class _Worker:
    """One process, started when it is first needed and anew whenever it is lost."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._ready = False

    def start(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self.stop()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, self._limits), daemon=True)
        self._process.start()
        theirs.close()

    def stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None
        self._ready = False

    def ask(self, job: Job) -> Answer:
        with suppress(EOFError, OSError):
            self.start()
            if not self._ready:
                self._ready = self._receive(_START_SECONDS) == READY
            if self._ready:
                assert self._connection is not None
                self._connection.send(job)
                received = self._receive(self._limits.seconds + _GRACE_SECONDS)
                if received:
                    found: Answer = json.loads(received)
                    return found
        self.stop()
        return {"failed": "fault"}

    def _receive(self, seconds: float) -> bytes:
        assert self._connection is not None
        return self._connection.recv_bytes() if self._connection.poll(seconds) else b""
