"""Processes that do the same work: how many run, and when they start."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.memory import few_arenas
from api.processes import OFFERED, Processes
from api.worker import Limits

pytestmark = pytest.mark.skipif(not OFFERED, reason="this system cannot give each job a process of its own")


class Echo:
    """Answers with the job itself, after as long as it says."""

    name = "An echo"

    def warm_up(self) -> None:
        """Needs nothing."""

    def answer(self, job: tuple[str, str]) -> bytes:
        """Returns the job's text once the file that it names can be read: a pipe, until somebody writes to it."""
        path, text = job
        Path(path).read_bytes()
        return text.encode()


@pytest.fixture
def processes() -> Iterator[Processes[tuple[str, str]]]:
    found = Processes(Echo(), Limits(60, 4096), 2)
    yield found
    found.stop()


def running(processes: Processes[tuple[str, str]]) -> int:
    return sum(each._process is not None and each._process.is_alive() for each in processes._processes)


def test_only_as_many_run_as_there_was_work_for_at_once(processes: Processes[tuple[str, str]], tmp_path: Path) -> None:
    processes.start()
    assert running(processes) == 1
    for text in ("one", "two"):
        assert processes.ask(("/dev/null", text)) == text.encode()
    assert running(processes) == 1, "one after the other needs no second"

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(processes.ask, (str(pipe), "held"))
        writer = os.open(pipe, os.O_WRONLY)  # waits until the job reads
        assert processes.ask(("/dev/null", "beside")) == b"beside"
        assert running(processes) == 2
        os.close(writer)
        assert held.result() == b"held"


def test_threads_share_few_pools_of_memory_where_the_c_library_can_be_told() -> None:
    assert few_arenas() == (platform.libc_ver()[0] == "glibc")
