"""A process that stays warm, and does each job in a child of its own that it can lose.

A child is a copy of the warm process, so a job needs no start; it has its own limits of time and memory, and when it
ends, all that it knew is gone with it.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from api.sealing import deny_sockets

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

READY: Final = b"ready"
DONE: Final = b"+"
"""Comes before the answer of a job that came to an end."""
FAILED: Final = b"-"
"""Comes before the reason why there is no answer: time, memory or fault."""
_MEGABYTE: Final = 1024 * 1024
_BROKE: Final = 70
"""The exit code of a job that went wrong in a way nobody has foreseen."""

J_contra = TypeVar("J_contra", contravariant=True)


class Work(Protocol[J_contra]):
    """What a process does. It is sent to the process when that starts.

    Attributes:
        name: What a job is called in the server's log.
    """

    name: str

    def warm_up(self) -> None:
        """Loads what every job needs. No store may stand open after it: its threads would be missing in a child."""

    def answer(self, job: J_contra) -> bytes:
        """Returns the answer to a job, or raises MemoryError."""


@dataclass(frozen=True)
class Limits:
    """What one job may use.

    Attributes:
        seconds: Time on the clock.
        megabytes: Memory, that of the warm process included.
        niceness: How far it stands back behind other processes where there are too few cores, from 0 to 19.
    """

    seconds: float
    megabytes: int
    niceness: int = 0


def run(connection: Connection, limits: Limits, work: Work[J_contra]) -> None:
    """Does one job after another until the connection ends. What comes back is bytes, never code.

    Args:
        connection: Jobs come in, ``READY`` and then an answer for each job go out.
        limits: What one job may use.
        work: What to do.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which then ends the connection
    os.nice(limits.niceness)  # before anything is loaded, which takes as long as the server's own start
    logging.disable()  # a library's remark might quote what was sent
    work.warm_up()
    gc.collect()
    gc.freeze()  # so that children share this memory
    connection.send_bytes(READY)
    while True:
        try:
            answer = _in_a_child(connection.recv(), limits, work)
        except (EOFError, ConnectionError):  # the latter where the server ends without reading what was said
            return
        connection.send_bytes(answer)


def _in_a_child(job: J_contra, limits: Limits, work: Work[J_contra]) -> bytes:
    receiving, sending = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        with _LastWords(sending):
            _limit(limits)
            sending.send_bytes(_answer(job, work))
        os._exit(0)
    sending.close()
    try:
        found = receiving.recv_bytes()
    except (EOFError, OSError):  # OSError: it was ended in the middle of a word
        found = b""
    receiving.close()
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _BROKE:
        print(f"{work.name} went wrong: {found.decode()}", file=sys.stderr, flush=True)
        found = b""
    return found or FAILED + _reason(status)


def _answer(job: J_contra, work: Work[J_contra]) -> bytes:
    try:
        return DONE + work.answer(job)
    except MemoryError:
        return FAILED + b"memory"


def _limit(limits: Limits) -> None:
    """Sets what the system itself enforces, also in native code: the alarm's own action is to end the process."""
    import resource  # noqa: PLC0415  # not every system has it

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    resource.setrlimit(resource.RLIMIT_DATA, (limits.megabytes * _MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is kept: no byte can go to any file
    deny_sockets()  # nothing is fetched either, whatever a file or a query makes native code try


def _reason(status: int) -> bytes:
    if os.WIFSIGNALED(status):
        return b"time" if os.WTERMSIG(status) == signal.SIGALRM else b"memory"
    return b"fault"


class _LastWords:
    """Ends the process on any error, telling where it happened but nothing of what the job says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        try:
            self._connection.send_bytes(f"{kind.__name__}\n{''.join(traceback.format_tb(trace))}".encode())
        finally:
            os._exit(_BROKE)
