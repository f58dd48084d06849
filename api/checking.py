"""Checking uploads, each in a process that ends with the check, by the ontology of the release that is served.

An ontology with the extensions of a library is in use for the whole of a process, so what asks for another one than the
package's own is made where the process ends with it.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException

from api.processes import RETRY_AFTER, AllBusyError, Processes, UnfinishedError
from api.worker import Limits
from learntogether_kg import ontology, reports, reviews
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.template import write_template
from learntogether_kg.reports import ReportFormat
from learntogether_kg.validation.page import format_results
from learntogether_kg.validation.report import Stage, ValidationReport, as_dict

_AT_HOME: Final = "check it on your own machine with `ltkg validate`"
_FAILED: Final = {
    "time": f"The check took too long and was stopped; {_AT_HOME}",
    "memory": f"The check needed more memory than it may have and was stopped; {_AT_HOME}",
    "fault": f"This file made the check fail. Nothing of it was kept; {_AT_HOME}, and tell the keeper of this library",
}

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One upload to check.

    Attributes:
        name: Its name; only the ending matters, and the report calls it so.
        data: What it holds.
        stage: What it is checked for.
        forms: The forms of report to give, beside the part of a page.
        extensions: The extensions of the ontology that it is checked with.
    """

    name: str
    data: bytes
    stage: Stage
    forms: tuple[ReportFormat, ...]
    extensions: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Blank:
    """A workbook to fill.

    Attributes:
        depth: How far the review goes.
        extensions: The extensions of the ontology whose terms it offers.
    """

    depth: str
    extensions: tuple[Path, ...] = ()

    def write(self) -> bytes:
        """Returns the workbook, with the terms of the ontology in use."""
        workbook = io.BytesIO()
        write_template(workbook, self.depth)
        return workbook.getvalue()


class Checks:
    """What a process does that checks uploads."""

    name = "A check of an upload"

    def warm_up(self) -> None:
        """Reads the ontology and the shapes, and goes the whole way once with an empty workbook."""
        self.answer(Job("warm.xlsx", Blank("findings").write(), Stage.DRAFT, tuple(ReportFormat)))

    def answer(self, job: Job | Blank) -> bytes:
        """Returns a workbook; or what a check found as JSON: verdict and forms, or the sentence why it was refused."""
        ontology.use_extensions(job.extensions)
        if isinstance(job, Blank):
            return job.write()
        try:
            report = reviews.check(Path(job.name), job.stage, data=job.data)
            written = {form: _write(form, report, job.data) for form in job.forms}
        except UnreadableFileError as error:
            found: Answer = {"refused": f"{error.where}: {error.reason}" if error.where else error.reason}
        else:
            found = {
                "verdict": report.verdict,
                "conforms": report.conforms,
                "results": format_results(report),
                "forms": {form.value: base64.b64encode(data).decode() for form, data in written.items()},
            }
        return json.dumps(found).encode()


class Checker:
    """Checks uploads, a fixed number at once.

    Args:
        limits: What one check may use.
        at_once: How many checks may run at the same time.
    """

    def __init__(self, limits: Limits, at_once: int) -> None:
        self._processes: Processes[Job | Blank] = Processes(Checks(), limits, at_once)

    def start(self) -> None:
        """Starts the processes, so that the first upload need not wait; returns at once."""
        self._processes.start()

    def stop(self) -> None:
        """Ends the processes."""
        self._processes.stop()

    def check(self, job: Job) -> Answer:
        """Returns what a check found; see `Checks.answer`.

        Raises:
            UnreadableFileError: The upload is no review that can be read.
            HTTPException: 503 where all processes stay busy; 422 where the check did not come to an end.
        """
        found: Answer = json.loads(self._ask(job))
        if "refused" in found:
            raise UnreadableFileError(job.name, str(found["refused"]))
        return found

    def blank(self, asked: Blank) -> bytes:
        """Returns a workbook to fill.

        Raises:
            HTTPException: As for `check`, where the library has an extension.
        """
        return self._ask(asked) if asked.extensions else asked.write()

    def _ask(self, job: Job | Blank) -> bytes:
        try:
            return self._processes.ask(job)
        except AllBusyError:
            raise busy() from None
        except UnfinishedError as error:
            raise HTTPException(422, _FAILED[error.reason]) from None


def busy() -> HTTPException:
    """Returns the error for one upload too many."""
    return HTTPException(
        503, "Other reviews are being checked. Try again in a few seconds", {"Retry-After": str(RETRY_AFTER)}
    )


def _write(form: ReportFormat, report: ValidationReport, data: bytes) -> bytes:
    if form is ReportFormat.JSON:  # one upload, one document; the command line gives a list of them
        return json.dumps(as_dict(report), ensure_ascii=False).encode()
    return reports.write(form, [report], data)
