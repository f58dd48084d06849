"""The process that checks uploads. It stays warm, and does each check in a child of its own that it can lose.

A child is a copy of the warm process, so a check needs no start; it has its own limits of time and memory, and when it
ends, all that it knew of the upload is gone with it.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from learntogether_kg import reports, reviews
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.template import write_template
from learntogether_kg.reports import ReportFormat
from learntogether_kg.validation.page import format_results
from learntogether_kg.validation.report import Stage, ValidationReport, as_dict

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

READY: Final = b"ready"
_MEGABYTE: Final = 1024 * 1024
_BROKE: Final = 70
"""The exit code of a check that went wrong in a way nobody has foreseen."""


@dataclass(frozen=True)
class Limits:
    """What one check may use.

    Attributes:
        seconds: Time on the clock.
        megabytes: Memory, that of the warm process included.
    """

    seconds: float
    megabytes: int


@dataclass(frozen=True)
class Job:
    """One upload to check.

    Attributes:
        name: Its name; only the ending matters, and the report calls it so.
        data: What it holds.
        stage: What it is checked for.
        forms: The forms of report to give, beside the part of a page.
    """

    name: str
    data: bytes
    stage: Stage
    forms: tuple[ReportFormat, ...]


def run(connection: Connection, limits: Limits) -> None:
    """Does one job after another until the connection ends. An answer is JSON: what comes back is data, nothing else.

    Args:
        connection: Jobs come in, ``READY`` and then an answer for each job go out.
        limits: What one check may use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which then ends the connection
    logging.disable()  # a library's remark might quote the upload
    _warm_up()
    connection.send_bytes(READY)
    while True:
        try:
            answer = _in_a_child(connection.recv(), limits)
        except EOFError:
            return
        connection.send_bytes(answer)


def answer(job: Job) -> dict[str, Any]:
    """Returns what a check found: the verdict and the forms asked for, or the one sentence why it was refused."""
    try:
        report = reviews.check(Path(job.name), job.stage, data=job.data)
        written = {form: _write(form, report, job.data) for form in job.forms}
    except UnreadableFileError as error:
        return {"refused": f"{error.where}: {error.reason}" if error.where else error.reason}
    except MemoryError:
        return {"failed": "memory"}
    forms = {form.value: base64.b64encode(data).decode() for form, data in written.items()}
    return {"verdict": report.verdict, "conforms": report.conforms, "results": format_results(report), "forms": forms}


def _write(form: ReportFormat, report: ValidationReport, data: bytes) -> bytes:
    if form is ReportFormat.JSON:  # one upload, one document; the command line gives a list of them
        return json.dumps(as_dict(report), ensure_ascii=False).encode()
    return reports.write(form, [report], data)


def _warm_up() -> None:
    """Reads the ontology and the shapes, and goes the whole way once with an empty workbook."""
    workbook = io.BytesIO()
    write_template(workbook)
    answer(Job("warm.xlsx", workbook.getvalue(), Stage.DRAFT, tuple(ReportFormat)))
    gc.collect()
    gc.freeze()  # so that children share this memory


def _in_a_child(job: Job, limits: Limits) -> bytes:
    receiving, sending = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        with _LastWords(sending):
            _limit(limits)
            sending.send_bytes(json.dumps(answer(job)).encode())
        os._exit(0)
    sending.close()
    try:
        found = receiving.recv_bytes()
    except EOFError:
        found = b""
    receiving.close()
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _BROKE:
        print(f"A check of an upload went wrong: {found.decode()}", file=sys.stderr, flush=True)
        found = b""
    return found or json.dumps({"failed": _reason(status)}).encode()


def _limit(limits: Limits) -> None:
    """Sets what the system itself enforces, also in native code: the alarm's own action is to end the process."""
    import resource  # noqa: PLC0415  # not every system has it

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    resource.setrlimit(resource.RLIMIT_DATA, (limits.megabytes * _MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is kept: no byte can go to any file


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "time" if os.WTERMSIG(status) == signal.SIGALRM else "memory"
    return "fault"


class _LastWords:
    """Ends the process on any error, telling where it happened but nothing of what the upload says."""

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


Answer = Mapping[str, Any]
