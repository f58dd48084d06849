"""What a benchmark gives, and ways to come by it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One figure.

    Attributes:
        what: What was measured, for people.
        value: The figure.
        unit: Its unit.
        at_most: What it should not be above, where that was promised.
        at_least: What it should not be below, likewise.
        more: Whether it was given up at that figure, so that it is more in truth.
    """

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    more: bool = False

    @property
    def verdict(self) -> str:
        """Whether a promise is kept; empty where there is none."""
        if self.at_most is None and self.at_least is None:
            return ""
        kept = (self.at_most is None or (self.value <= self.at_most and not self.more)) and (
            self.at_least is None or self.value >= self.at_least
        )
        promised = f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"
        return f"{'kept' if kept else 'NOT KEPT'}: {promised}"


def fastest(function: Callable[[], Any], times: int = 5) -> float:
    """Returns the milliseconds of the fastest of several calls, after one to warm up: others only add to it."""
    function()
    return min(once(function) for _ in range(times))


def once(function: Callable[[], Any]) -> float:
    """Returns the milliseconds that one call takes; whatever else the machine is doing adds to it."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def least_processor_time(function: Callable[[], Any], times: int = 5) -> float:
    """Returns the milliseconds of processor time, of all threads together, of the cheapest of several calls.

    Other programs on the machine add far less to it than to the time on the clock.
    """
    function()
    return min(_processor_time(function) for _ in range(times))


def _processor_time(function: Callable[[], Any]) -> float:
    start = time.process_time()
    function()
    return (time.process_time() - start) * 1000


def ltkg(*arguments: object) -> None:
    """Runs the command line as a process of its own. It may say that a review does not conform, and nothing worse."""
    done = subprocess.run(_command(arguments), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)


def peak_memory(*arguments: object) -> float | None:
    """Returns the most MB that the command line and its processes had at once; None where /proc does not tell.

    Memory that processes share is counted for each of them.
    """
    if not Path("/proc/self/stat").exists():
        return None
    process = subprocess.Popen(
        _command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    most = 0
    while process.poll() is None:
        most = max(most, _memory_of_session(process.pid))
        time.sleep(0.02)
    return most * os.sysconf("SC_PAGE_SIZE") / 1e6


def _command(arguments: Sequence[object]) -> list[str]:
    return [sys.executable, "-m", "learntogether_kg.cli", *map(str, arguments)]


def _memory_of_session(session: int) -> int:
    """Returns the pages that all processes of a session have in memory; see proc(5) for the fields."""
    pages = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session:
            pages += int(fields[21])
    return pages


def memory_of_session(session: int) -> float | None:
    """Returns the MB that all processes of a session have in memory, shared pages divided among those who share them.

    None where /proc does not tell.
    """
    kilobytes = 0
    for process in _of_session(session):
        with suppress(OSError):  # it has ended
            text = (process / "smaps_rollup").read_text(encoding="utf-8")
            kilobytes += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return kilobytes * 1024 / 1e6 if kilobytes else None


def settled_memory_of_session(session: int, seconds: float = 4.0) -> float | None:
    """Returns what `memory_of_session` does, once it has stayed within 1 MB for some seconds."""
    known, until = memory_of_session(session), time.monotonic() + seconds
    while known is not None and time.monotonic() < until:
        time.sleep(0.2)  # reading it without a pause would take the processor from what is to settle
        now = memory_of_session(session)
        if now is not None and abs(now - known) > 1:
            known, until = now, time.monotonic() + seconds
    return known


def processor_seconds_of_session(session: int) -> float:
    """Returns the processor time that the processes of a session have taken, and their children that have ended."""
    ticks = 0
    for process in _of_session(session):
        with suppress(OSError):
            ticks += sum(map(int, _fields(process)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _of_session(session: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_fields(process)[3]) == session:
                yield process


def _fields(process: Path) -> list[str]:
    """Returns what stands in the process's file after its name; see proc(5)."""
    return (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
