"""A few warm processes that do the same work, and no more jobs of it at once."""

from __future__ import annotations

import multiprocessing
import os
import queue
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final, Generic, TypeVar

from api.worker import DONE, READY, Limits, Work, run

OFFERED: Final = hasattr(os, "fork")
"""Whether this system can give each job a process of its own that is quick to start and can be ended."""

RETRY_AFTER: Final = 5
_START_SECONDS: Final = 60
_GRACE_SECONDS: Final = 5
_PATIENCE_SECONDS: Final = 5

J = TypeVar("J")


class AllBusyError(Exception):
    """All processes stayed busy; caught by whoever gives them work."""


class UnfinishedError(Exception):
    """A job was stopped. Caught by whoever gave it.

    Attributes:
        reason: time, memory or fault.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Processes(Generic[J]):
    """Processes for one kind of work.

    Args:
        work: What they do.
        limits: What one job may use.
        at_once: How many jobs may run at the same time.
    """

    def __init__(self, work: Work[J], limits: Limits, at_once: int) -> None:
        self.at_once = at_once
        self._processes = [_Process(work, limits) for _ in range(at_once)]
        # The last one comes first: what has run stays busy before another is started.
        self._free: queue.LifoQueue[_Process[J]] = queue.LifoQueue()
        for process in self._processes:
            self._free.put(process)

    def start(self) -> None:
        """Starts the process that is asked first, so that the first job need not wait; returns at once.

        Each holds some 100 MB, so the others start when there is more to do at once.
        """
        self._processes[-1].start()

    def stop(self) -> None:
        """Ends the processes."""
        for process in self._processes:
            process.stop()

    def ask(self, job: J) -> bytes:
        """Returns the answer to a job.

        Raises:
            AllBusyError: All processes stay busy.
            UnfinishedError: The job did not come to an end.
        """
        try:
            process = self._free.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            raise AllBusyError from None
        try:
            found = process.ask(job)
        finally:
            self._free.put(process)
        if not found.startswith(DONE):
            raise UnfinishedError(found[1:].decode())
        return found[1:]


class _Process(Generic[J]):
    """One process, started when it is first needed and anew whenever it is lost."""

    def __init__(self, work: Work[J], limits: Limits) -> None:
        self._work = work
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
        self._process = context.Process(target=run, args=(theirs, self._limits, self._work), daemon=True)
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

    def ask(self, job: J) -> bytes:
        with suppress(EOFError, OSError):
            self.start()
            if not self._ready:
                self._ready = self._receive(_START_SECONDS) == READY
            if self._ready:
                assert self._connection is not None
                self._connection.send(job)
                received = self._receive(self._limits.seconds + _GRACE_SECONDS)
                if received:
                    return received
        self.stop()
        return b"-fault"

    def _receive(self, seconds: float) -> bytes:
        assert self._connection is not None
        return self._connection.recv_bytes() if self._connection.poll(seconds) else b""
