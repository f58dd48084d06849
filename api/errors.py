"""Errors as responses: a status for each class, told as a problem document (RFC 9457) or as a page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from api import validation
from api.asked import mark_changed, settled
from api.middleware import security_headers
from api.negotiation import names_html
from api.pages import Pages
from api.releases import Offer
from learntogether_kg import errors, query_files
from learntogether_kg.namespaces import BASE

STATUS: Final[dict[type[errors.LearnTogetherError], HTTPStatus]] = {
    errors.LearnTogetherError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.OntologyError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InconsistentOntologyError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.UndescribedTermsError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.QueryFileError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.UnreadableFileError: HTTPStatus.BAD_REQUEST,
    errors.InvalidReviewError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AgreementError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RepeatedReviewError: HTTPStatus.CONFLICT,
    errors.DuplicateReviewError: HTTPStatus.CONFLICT,
    errors.LibraryError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LibraryMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LibraryBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ForeignLibraryError: HTTPStatus.CONFLICT,
    errors.ExposureError: HTTPStatus.FORBIDDEN,
    errors.DisclosureError: HTTPStatus.FORBIDDEN,
    errors.ProfileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ReleaseExistsError: HTTPStatus.CONFLICT,
    errors.UnknownReleaseError: HTTPStatus.NOT_FOUND,
    errors.PurgedReleaseError: HTTPStatus.GONE,
    errors.UnfinishedPurgeError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UnknownReviewError: HTTPStatus.NOT_FOUND,
    errors.UnknownQueryError: HTTPStatus.NOT_FOUND,
    errors.UnknownVersionError: HTTPStatus.NOT_FOUND,
    errors.QueryArgumentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLongError: HTTPStatus.GATEWAY_TIMEOUT,
    errors.ReachingQueryError: HTTPStatus.FORBIDDEN,
    errors.MalformedQueryError: HTTPStatus.BAD_REQUEST,
    errors.FormNotOfferedError: HTTPStatus.NOT_ACCEPTABLE,
    errors.ServerError: HTTPStatus.BAD_GATEWAY,
    errors.TokenError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StateChangedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.PassedStateError: HTTPStatus.GONE,
    errors.BackupError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DifferingServerError: HTTPStatus.NOT_IMPLEMENTED,
    errors.QueryTimeError: HTTPStatus.GATEWAY_TIMEOUT,
}
"""A status for every class of our errors; a test holds that none is missing."""

_UNAVAILABLE: Final = (
    "The library cannot be read at the moment. Try again later; if that does not help, tell its keeper"
)
_RETRY_AFTER: Final = "30"
_BROKEN: Final = "Something is wrong on the server, not with what you asked. Tell the keeper of this library"
_ADVICE: Final = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. Start again from /",
    HTTPStatus.METHOD_NOT_ALLOWED: "This library is served read-only. Ask by GET or HEAD",
}


_ALLOWED: Final = {"/validate": "GET, HEAD, POST", "/sparql": "GET, HEAD, POST"}
"""What may be done at addresses where more can be done than reading."""


@dataclass(frozen=True)
class Problem:
    """A problem document.

    Attributes:
        type: An IRI that names the kind of problem.
        title: The kind in words.
        status: The HTTP status.
        detail: What is wrong this time, and what to do.
    """

    type: str
    title: str
    status: int
    detail: str


def problem_of(error: errors.LearnTogetherError) -> Problem:
    """Returns one of our errors as a problem. What went wrong inside stays inside: it may name files of the server."""
    status = STATUS[type(error)]
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower()
    title = (type(error).__doc__ or words).partition(".")[0]
    return Problem(f"{BASE}problem/{words}", title, status, _detail(error, status))


def _detail(error: errors.LearnTogetherError, status: HTTPStatus) -> str:
    if isinstance(error, errors.PassedStateError | errors.StateChangedError):
        return _live_detail(error)
    match error:
        case errors.UnknownQueryError():
            hint = f"; did you mean {' or '.join(error.close)}?" if error.close else "."
            return f"There is no query named {error.name!r}{hint} All of them are listed at /queries"
        case errors.UnknownReleaseError():
            return f"There is no release named {error.name!r} here. Those there are stand at /releases"
        case errors.PurgedReleaseError():
            rebuilt = f"Without it the release is {error.successor!r}. " if error.successor else ""
            return (
                f"Release {error.name!r} was purged: a review in it had to be removed for good. "
                f"{rebuilt}Those that remain stand at /releases"
            )
        case errors.UnknownReviewError():
            return f"There is no review {error.review!r} in this release. Those it holds are listed at /reviews"
    inside = {HTTPStatus.SERVICE_UNAVAILABLE: _UNAVAILABLE, HTTPStatus.INTERNAL_SERVER_ERROR: _BROKEN}
    return inside.get(status, str(error))


def _live_detail(error: errors.PassedStateError | errors.StateChangedError) -> str:
    if isinstance(error, errors.StateChangedError):
        return "The library was changed while it was asked. Ask again"
    return (
        f"This is a live library, which keeps its newest state only: {error.state} has passed, it is at "
        f"state-{error.now} now. Ask without ?release=, or begin again at the first page"
    )


def install(app: FastAPI) -> None:
    """Makes an application answer every error as a problem."""
    app.add_exception_handler(errors.LearnTogetherError, _on_ours)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_request)
    app.add_exception_handler(Exception, _on_other)


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.LearnTogetherError)
    match error:
        case errors.StateChangedError():
            mark_changed(request.scope)
            return _response(request, problem_of(error), {"Retry-After": "1"})
        case errors.StoreUnavailableError():
            return _response(request, problem_of(error), {"Retry-After": _RETRY_AFTER})
        case errors.UnknownQueryError():
            return _response(request, problem_of(error), helpful=error.close)
        case errors.QueryArgumentError() if error.query in query_files.catalogue():
            return _response(request, problem_of(error), helpful=[error.query])
    return _response(request, problem_of(error))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    own_words = error.detail != status.phrase
    detail = error.detail if own_words else _ADVICE.get(status, status.description or status.phrase)
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _ALLOWED.get(request.url.path, "GET, HEAD")
    return _response(request, Problem("about:blank", status.phrase, status, detail), headers)


async def _on_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
    return _response(request, Problem("about:blank", status.phrase, status, f"{wrong}. See /docs"))


async def _on_other(request: Request, _: Exception) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    # This handler stands outside of the middleware that adds the headers.
    return _response(request, Problem("about:blank", status.phrase, status, _BROKEN), security_headers(""))


def _pages(request: Request) -> Pages:
    """Returns the pages of the release that is asked; those of the one served by default where that is the problem."""
    asked = settled(request.scope)
    if asked is not None:
        return asked.release.pages.pinned(asked.pin)
    releases: Offer = request.app.state.releases
    return releases.pages()


def _response(
    request: Request, problem: Problem, headers: dict[str, str] | None = None, helpful: Collection[str] = ()
) -> Response:
    """Returns a problem as the client can read it; ``helpful`` names queries that a page may link to."""
    headers = {"Vary": "Accept, Authorization", "Cache-Control": "no-store", **(headers or {})}
    data_asked = request.url.path.endswith((".json", ".csv"))
    if request.url.path == "/validate":
        headers |= validation.UNKEPT
    if names_html(request.headers.get("accept", "")) and not data_asked:
        pages = _pages(request)
        if request.url.path == "/validate":
            page = validation.show(request, pages, problem=problem)
            return HTMLResponse(page, problem.status, headers)
        page = pages.render("error.html", problem=problem, queries=helpful)
        return HTMLResponse(page, problem.status, headers)
    return JSONResponse(asdict(problem), problem.status, headers, media_type="application/problem+json")
