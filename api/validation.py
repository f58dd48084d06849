"""``/validate``: a review is checked and forgotten. ``/template.xlsx``: a workbook to fill."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from api.checking import Answer, Blank, Checker, Job
from api.dependencies import Release, Templates
from api.documents import ReportDocument, problems
from api.negotiation import weight
from api.pages import Pages
from api.processes import OFFERED
from api.uploads import Form, Receiver
from learntogether_kg.reports import ENDINGS, MEDIA_TYPES, ReportFormat
from learntogether_kg.validation.report import Stage

router = APIRouter(tags=["validation"])

PAGE: Final = "page"
UNKEPT: Final = {"Cache-Control": "no-store"}
_ANSWERED: Final = {
    PAGE: "text/html",
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv",
    ReportFormat.TURTLE: "text/turtle",
    ReportFormat.XLSX: MEDIA_TYPES[ReportFormat.XLSX],
    ReportFormat.TEXT: "text/plain",
}
"""What Accept may ask for; the page that stands alone is asked for by the field ``format``."""
_EXAMPLE: Final = {
    "file": "review.xlsx",
    "stage": "draft",
    "conforms": False,
    "counts": {"violation": 1, "warning": 0, "info": 0},
    "answered": 0,
    "results": [
        {
            "cell": "Findings!D3",
            "severity": "Violation",
            "rule": "FindingShape-influence",
            "message": "A finding needs “influence” exactly once, and it must be an entry of the list “influences”.",
            "remedy": "Choose from the drop-down; choose “not stated” where the source does not say.",
            "suggestion": "“Unsafe”",
            "reason": "The same pattern may support good practice in one review and make practice unsafe in another.",
            "answer": "",
            "value": "Unsaef",
            "path": "lt:influence",
            "focus_node": "https://w3id.org/learntogether/id/review/0123456789abcdef/F1",
        }
    ],
}
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A workbook (.xlsx), or a review as .ttl, .trig or .jsonld",
                        },
                        "stage": {
                            "type": "string",
                            "enum": [stage.value for stage in Stage],
                            "default": Stage.PUBLICATION.value,
                            "description": "What it is checked for",
                        },
                        "format": {
                            "type": "string",
                            "enum": ["", PAGE, *(form.value for form in ReportFormat)],
                            "default": "",
                            "description": "The form of the report; left out or empty, Accept decides",
                        },
                    },
                },
                "encoding": {"file": {"contentType": "application/octet-stream"}},
            }
        },
    }
}
_PROBLEMS: Final = problems(
    {
        400: "The file cannot be read as a review",
        403: "Who asks may not upload here",
        408: "The upload took too long",
        413: "The file is too large",
        415: "It is not a form",
        422: "The form is not complete, or the check did not come to an end",
        503: "Too many reviews are being checked; Retry-After says when to try again",
    }
)


def _receiver(request: Request) -> Receiver:
    receiver: Receiver = request.app.state.receiver
    return receiver


def _checker(request: Request) -> Checker:
    checker: Checker = request.app.state.checker
    return checker


Checks = Annotated[Checker, Depends(_checker)]
Depth = Annotated[
    Literal["findings", "evidence", "full"], Query(description="How far the review goes; each shows more sheets")
]


@router.get("/template.xlsx", response_class=Response, summary="A workbook for one review")
def template(served: Release, checker: Checks, depth: Depth = "findings") -> Response:
    """Returns a new workbook with an id of its own, so no two answers are the same; its lists are the release's."""
    workbook = checker.blank(Blank(depth, tuple(served.release.extensions())))
    headers = {**UNKEPT, **_attachment("review.xlsx")}
    return Response(workbook, headers=headers, media_type=MEDIA_TYPES[ReportFormat.XLSX])


@router.get("/validate", response_class=HTMLResponse, summary="The form to check a review with")
def form(request: Request, pages: Templates) -> Response:
    """Shows the form."""
    return HTMLResponse(show(request, pages), headers=UNKEPT)


@router.post(
    "/validate",
    response_class=Response,
    summary="What a check says of a review; nothing of it is kept",
    responses={
        200: {
            "description": "The report, whether or not the review conforms",
            "model": ReportDocument,
            "content": {
                "application/json": {"example": _EXAMPLE},
                **{media_type: {} for media_type in _ANSWERED.values() if media_type != "application/json"},
            },
        },
        **_PROBLEMS,
    },
    openapi_extra=_FORM,
)
async def validate(
    request: Request,
    pages: Templates,
    receiver: Annotated[Receiver, Depends(_receiver)],
    checker: Checks,
    served: Release,
) -> Response:
    """Checks a review in memory, by the release's ontology, and answers with a report; what was sent is forgotten."""
    if not OFFERED:
        raise HTTPException(403, "This server's system cannot check uploads safely; use `ltkg validate` instead")
    sent = await receiver.receive(request)
    stage, wanted = _stage(sent.fields), _wanted(sent.fields, request.headers.get("accept", ""))
    extensions = tuple(await run_in_threadpool(served.release.extensions))
    job = Job(sent.name, sent.data, stage, _forms(sent, wanted), extensions)
    found = await run_in_threadpool(checker.check, job)
    if wanted == PAGE:
        downloads = [_download(sent.name, form, found) for form in job.forms]
        page = show(request, pages, found=found, name=sent.name, stage=stage, downloads=downloads)
        response: Response = HTMLResponse(page)
    else:
        made = ReportFormat(wanted)
        response = Response(base64.b64decode(found["forms"][made]), media_type=MEDIA_TYPES[made])
        if made not in (ReportFormat.JSON, ReportFormat.TEXT):
            response.headers.update(_attachment(_file_name(sent.name, made)))
    response.headers.update({**UNKEPT, "Vary": "Accept"})
    return response


def show(request: Request, pages: Pages, **context: object) -> str:
    """Returns the page with the form.

    Args:
        request: Who asks; the form is there only for who may upload.
        pages: Draws the page.
        context: What else it shows: the answer to an upload, or the problem with one.
    """
    receiver = _receiver(request)
    settled: dict[str, object] = {"found": None, "problem": None, "stage": Stage.DRAFT, "name": "", "downloads": []}
    return pages.render(
        "validate.html",
        **{
            **settled,
            **context,
            "admitted": OFFERED and receiver.admits(request),
            "open_to_all": receiver.open_to_all,
        },
    )


def _stage(fields: Mapping[str, str]) -> Stage:
    given = fields.get("stage") or Stage.PUBLICATION
    if given not in list(Stage):
        raise HTTPException(422, f"The stage {given!r} is not one of {', '.join(Stage)}")
    return Stage(given)


def _wanted(fields: Mapping[str, str], accept: str) -> str:
    """Returns the form of the answer: what the field ``format`` says, else what Accept prefers."""
    given = fields.get("format", "")
    known = [PAGE, *(form.value for form in ReportFormat)]
    if given and given not in known:
        raise HTTPException(422, f"The format {given!r} is not one of {', '.join(known)}")
    return given or max(_ANSWERED, key=lambda form: weight(accept, _ANSWERED[form]))


def _forms(sent: Form, wanted: str) -> tuple[ReportFormat, ...]:
    if wanted != PAGE:
        return (ReportFormat(wanted),)
    forms = (ReportFormat.HTML, ReportFormat.CSV, ReportFormat.TURTLE)
    return (ReportFormat.XLSX, *forms) if sent.name.lower().endswith(".xlsx") else forms


def _download(name: str, form: ReportFormat, found: Answer) -> dict[str, str]:
    """Returns a link that holds the file itself, since nothing is kept that it could be fetched from later."""
    address = f"data:{MEDIA_TYPES[form].replace(' ', '')};base64,{found['forms'][form]}"
    return {"form": form.value, "address": address, "name": _file_name(name, form)}


def _file_name(name: str, form: ReportFormat) -> str:
    return f"{PurePath(name).stem}-checked.{ENDINGS[form]}"


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
