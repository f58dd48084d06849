"""Does one thing to many files side by side, each core taking the next file."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from learntogether_kg.errors import LearnTogetherError, UnreadableFileError

T = TypeVar("T")

FEW: Final = 10
"""Up to so many files one process is done sooner: another one takes the time of some five to read the ontology."""

_AHEAD: Final = 2


def cores() -> int:
    """Returns how many processes can run at once on the cores that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(
    function: Callable[[Path], T], paths: Sequence[Path], size: int | None = None
) -> Generator[T | LearnTogetherError, None, None]:
    """Yields what a function returns for each file, in the order of the files, as soon as those before it are done.

    What is under way at any moment is bounded by the number of processes, so that memory does not grow with the files.
    An error of ours is yielded in its file's place. So is one for a file at which the process that had it ended, by a
    fault in native code or for want of memory; the other files are not touched by that.

    Args:
        function: What to do; another process must be able to import it.
        paths: The files.
        size: How many processes; by default as many as there are cores, and one where there are few files.
    """
    if size is None:
        size = cores() if len(paths) > FEW else 1
    if size == 1:
        yield from (_attempt(function, path) for path in paths)
    else:
        yield from _side_by_side(partial(_attempt, function), paths, size)


def _side_by_side(
    function: Callable[[Path], T | LearnTogetherError], paths: Sequence[Path], size: int
) -> Generator[T | LearnTogetherError, None, None]:
    waiting, running = deque(paths), deque[tuple[Path, Future[T | LearnTogetherError]]]()
    pool = _pool(size)
    try:
        while waiting or running:
            try:
                while waiting and len(running) < size * _AHEAD:
                    running.append((waiting[0], pool.submit(function, waiting[0])))
                    waiting.popleft()
                result = running[0][1].result()
            except BrokenProcessPool:
                # It may have been any of those under way, so each of them gets a process of its own.
                doubtful = [path for path, _ in running]
                running.clear()
                for path in doubtful:
                    yield _alone(function, path)
                pool = _pool(size)
            else:
                running.popleft()
                yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(function: Callable[[Path], T | LearnTogetherError], path: Path) -> T | LearnTogetherError:
    with _pool(1) as pool:
        try:
            return pool.submit(function, path).result()
        except BrokenProcessPool:
            reason = "the process that read it broke off; save it anew from the program it was made with and try again"
            return UnreadableFileError(path, reason)


def _attempt(function: Callable[[Path], T], path: Path) -> T | LearnTogetherError:
    try:
        return function(path)
    except LearnTogetherError as error:
        return error


def _pool(size: int) -> ProcessPoolExecutor:
    # Never a plain fork: a store that is open in this process has threads, which a fork would lose.
    way = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return ProcessPoolExecutor(size, multiprocessing.get_context(way), _leave_interrupts_to_the_parent)


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl+C reaches every process of a terminal; only the one that was called should answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
