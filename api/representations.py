"""The forms of an address: a page, JSON and CSV of one view, and files such as pictures."""

# Annotations are read at once here: FastAPI could not find the local ones of `three_forms` by their names.
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from api.asked import Asked
from api.dependencies import Arguments, Now, Rows, Templates
from api.documents import AnswerDocument, problems
from api.middleware import CutShortError
from api.negotiation import RDF, MediaType, among, preferred, weight
from api.paging import FARTHEST, IN_A_DOCUMENT, LIMIT, LONGEST, OFFSET, ON_A_PAGE, PIN, Paged, Pairs, Part, split
from api.settings import Settings
from api.views import View
from learntogether_kg.errors import LearnTogetherError
from learntogether_kg.parts import Walk

A_BATCH: Final = 100
"""So many rows of a long table are sent at once."""

_PROBLEMS: Final = problems(
    {
        401: "The token is not known, or was revoked",
        403: "Disclosure control does not allow it without a token",
        404: "There is no such thing",
        410: "The release was purged",
        422: "An argument is unknown or not of its type",
        503: "The library cannot be read at the moment",
    }
)
_PIN: Final[dict[str, Any]] = {
    "name": PIN,
    "in": "query",
    "description": "The release to ask; left out, the one that is served by default. /releases lists them",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
}
_EVERYWHERE: Final[tuple[dict[str, Any], ...]] = (
    _PIN,
    {
        "name": LIMIT,
        "in": "query",
        "description": "How many rows there are at most; the Link header leads to the next. CSV gives all unless told",
        "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST},
    },
    {
        "name": OFFSET,
        "in": "query",
        "description": "How many rows to leave out at the beginning",
        "schema": {"type": "integer", "minimum": 0, "maximum": FARTHEST, "default": 0},
    },
)


def _arguments_like(example: dict[str, str]) -> dict[str, Any]:
    """Returns how OpenAPI describes arguments whose names depend on what is asked, with an example of them."""
    return {
        "name": "arguments",
        "in": "query",
        "style": "form",
        "explode": True,
        "description": "Parameters by name: one left out keeps its default, an empty one means any",
        "schema": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
        "example": example,
    }


def three_forms(
    router: APIRouter,
    path: str,
    tag: str,
    summary: str,
    *,
    in_rdf: Callable[[str, Asked], Response] | None = None,
    **example: str,
) -> Callable[[Callable[..., View]], Callable[..., View]]:
    """Returns what gives an address its three forms, to a function that returns what it shows.

    The bare one is negotiated; the others say their form by their ending.

    Args:
        router: Where the address is added.
        path: The address.
        tag: What OpenAPI sorts it under.
        summary: What OpenAPI calls it.
        in_rdf: What answers where RDF is asked for instead, given the form; None where that is not to be had.
        example: Arguments of an example, where the address takes any.
    """

    def give(view: Callable[..., View]) -> Callable[..., View]:
        parameters = [_arguments_like(example)] if example else []
        Shown = Annotated[View, Depends(view)]  # noqa: N806  # a type

        def as_json(request: Request, asked: Now, arguments: Arguments, part: Rows, shown: Shown) -> Response:
            return _as_json(shown, _split(request, asked, arguments, shown, part.within(IN_A_DOCUMENT)), asked)

        def as_csv(request: Request, asked: Now, part: Rows, shown: Shown) -> Response:
            return _as_csv(shown, part, asked, request.app.state.settings)

        def negotiated(
            request: Request, asked: Now, pages: Templates, arguments: Arguments, part: Rows, shown: Shown
        ) -> Response:
            accept = request.headers.get("accept", "")
            if in_rdf:
                form = among(accept, RDF, "page")
                if form != "page" and weight(accept, RDF[form]) > max(weight(accept, each) for each in MediaType):
                    return in_rdf(form, asked)
            match preferred(accept):
                case MediaType.JSON:
                    return as_json(request, asked, arguments, part, shown)
                case MediaType.CSV:
                    return as_csv(request, asked, part, shown)
            part = part.within(ON_A_PAGE) if shown.in_parts else Part()
            paged = _split(request, asked, arguments, shown, part)
            return _linked(
                HTMLResponse(pages.show(shown, paged, urlencode(arguments), request.app.state.sparql)),
                paged,
                shown,
                asked,
            )

        page = {
            "description": "As a page, JSON or CSV, as asked for by Accept",
            "content": {"text/html": {}, "text/csv": {}},
        }
        for ending, endpoint, found in (
            (".json", as_json, {"model": AnswerDocument}),
            (".csv", as_csv, {"content": {"text/csv": {}}}),
            ("", negotiated, {"model": AnswerDocument, **page}),
        ):
            router.add_api_route(
                path + ending,
                endpoint,
                response_class=Response,
                responses={200: found, **_PROBLEMS},
                tags=[tag],
                summary=summary,
                description=view.__doc__ or "",
                openapi_extra={"parameters": [*parameters, *_EVERYWHERE]},
            )
        return view

    return give


def one_form(
    router: APIRouter, path: str, media_type: str, tag: str, summary: str, **example: str
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Returns what gives an address with one form only to a function that answers it.

    Args:
        router: Where the address is added.
        path: The address, which ends like a file of that kind.
        media_type: The kind.
        tag: What OpenAPI sorts it under.
        summary: What OpenAPI calls it.
        example: Arguments of an example.
    """
    return router.get(
        path,
        response_class=Response,
        responses={200: {"content": {media_type: {}}}, **_PROBLEMS},
        tags=[tag],
        summary=summary,
        openapi_extra={"parameters": [_arguments_like(example), _PIN]},
    )


def _split(request: Request, asked: Asked, arguments: Pairs, shown: View, part: Part) -> Paged:
    # A walk through all parts stays with the release it began with, also when the server goes on to a newer one.
    pairs = [*arguments, (PIN, asked.release.name)]
    return split(shown.answer, part, request.url.path, pairs, request.app.state.settings.query_seconds)


def _document(view: View, paged: Paged, asked: Asked) -> dict[str, object]:
    links = [{name: asked.keep(to) for name, to in each.items()} for each in paged.part.rows(view.links)]
    return {
        "query": view.answer.query,
        "question": view.question,
        "summary": view.summary,
        "release": asked.release.name,
        "arguments": view.answer.arguments,
        "columns": view.columns,
        "total": paged.total,
        "next": paged.next or asked.keep(view.following),
        **view.about,
        **({"links": links} if links else {}),
        "rows": paged.answer.as_records(),
    }


def _linked(response: Response, paged: Paged, view: View, asked: Asked) -> Response:
    """Adds where the next rows are (RFC 8288)."""
    link = paged.link or (f'<{asked.keep(view.following)}>; rel="next"' if view.following else "")
    if link:
        response.headers["Link"] = link
    return response


def _as_json(view: View, paged: Paged, asked: Asked) -> Response:
    return _linked(JSONResponse(_document(view, paged, asked)), paged, view, asked)


def _as_csv(view: View, part: Part, asked: Asked, settings: Settings) -> Response:
    """Returns all rows, unless the address says how many. Long answers are sent while they are written."""
    name = f"{view.file}-{asked.release.name}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if view.following:
        headers["Link"] = f'<{asked.keep(view.following)}>; rel="next"'
    # Without a byte order mark, so that the bytes are those of `ltkg ask --format csv`.
    media_type = "text/csv; charset=utf-8; header=present"
    if isinstance(view.answer, Walk):
        lines = view.answer.lines(part.offset, part.limit, settings.stream_seconds)
    else:
        lines = part.of(view.answer).as_csv()
    # What is wrong from the start, or is short, has its status and its length; the rest follows while it is written.
    begun = list(islice(lines, IN_A_DOCUMENT + 1))
    if len(begun) <= IN_A_DOCUMENT:
        return Response("".join(begun), headers=headers, media_type=media_type)
    return StreamingResponse(chain(("".join(begun),), _batches(lines)), headers=headers, media_type=media_type)


def _batches(lines: Iterator[str]) -> Iterator[str]:
    try:
        while batch := "".join(islice(lines, A_BATCH)):
            yield batch
    except LearnTogetherError as error:
        raise CutShortError from error
