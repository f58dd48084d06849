"""The addresses, each as page, JSON and CSV."""

# Annotations are read at once here: FastAPI could not find the local ones of `_register` by their names.
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from api import recurrence, views
from api.documents import AnswerDocument, HealthDocument, ProblemDocument
from api.negotiation import MediaType, preferred
from api.pages import Pages
from api.served import Served
from api.views import Pairs, View
from learntogether_kg import __version__, queries
from learntogether_kg.recurrence.pictures import draw

router = APIRouter()

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": words,
        "content": {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}},
    }
    for status, words in ((404, "There is no such thing"), (422, "An argument is unknown or not of its type"))
}
_ANY_ARGUMENT: Final[dict[str, Any]] = {
    "name": "arguments",
    "in": "query",
    "style": "form",
    "explode": True,
    "description": "The query's parameters by name: one left out keeps its default, an empty one means any",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
}


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def _pairs(request: Request) -> Pairs:
    return request.query_params.multi_items()


Release = Annotated[Served, Depends(_served)]
Templates = Annotated[Pages, Depends(_pages)]
Arguments = Annotated[Pairs, Depends(_pairs)]
QueryName = Annotated[str, Path(description="The query's name", json_schema_extra={"enum": list(queries.catalogue())})]
ReviewName = Annotated[str, Path(description="The last part of the review's IRI")]
PatternName = Annotated[str, Path(description="The last part of the pattern's IRI, such as clear-roles")]


@router.get("/", response_class=HTMLResponse, tags=["pages"], summary="What this is, and the patterns that recur")
def home(served: Release, pages: Templates) -> Response:
    """Shows the start page."""
    asked = queries.named("recurring-patterns")
    holds = served.ask("catalogue").as_records()[0]
    return HTMLResponse(pages.render("home.html", holds=holds, query=asked, answer=served.ask(asked.name)))


@router.get(
    "/health", tags=["service"], responses={503: {"model": HealthDocument}}, summary="Whether the release is whole"
)
def health(served: Release, response: Response) -> HealthDocument:
    """Tells whether the release is as it was published; 503 where it is not."""
    whole, made = served.release.is_whole(), served.manifest
    response.status_code = 200 if whole else 503
    return HealthDocument(
        status="whole" if whole else "damaged",
        whole=whole,
        release=made.release,
        state=made.state,
        studies=made.studies,
        quads=made.quads,
        made=made.made,
        made_by=made.software,
        software=__version__,
        ontology=made.ontology,
    )


@router.get("/docs", include_in_schema=False)
def docs(pages: Templates) -> Response:
    """Shows the documentation of this API, from files that are bundled."""
    return HTMLResponse(pages.render("docs.html"))


def query_list(arguments: Arguments) -> View:
    """Returns all named queries."""
    return views.query_list(arguments)


def query(name: QueryName, served: Release, arguments: Arguments) -> View:
    """Returns the answer of a named query."""
    return views.query(served, name, arguments)


def review_list(served: Release, arguments: Arguments) -> View:
    """Returns all reviews."""
    return views.review_list(served, arguments)


def review(review: ReviewName, served: Release, arguments: Arguments) -> View:
    """Returns one review."""
    return views.review(served, review, arguments)


def pattern_list(served: Release, arguments: Arguments) -> View:
    """Returns all patterns."""
    return views.pattern_list(served, arguments)


def pattern(pattern: PatternName, served: Release, arguments: Arguments) -> View:
    """Returns one pattern."""
    return views.pattern(served, pattern, arguments)


def recurrence_table(served: Release, arguments: Arguments) -> View:
    """Returns in how many reviews patterns recur, or which of them stand together."""
    return recurrence.table(served, arguments)


def pattern_evidence(pattern: PatternName, served: Release, arguments: Arguments) -> View:
    """Returns what supports and what contradicts a pattern in the reviews that a figure counts."""
    return recurrence.evidence(served, pattern, arguments)


def interactions(served: Release, arguments: Arguments) -> View:
    """Returns the interactions of factors that reviews state."""
    return recurrence.interactions(served, arguments)


@router.get(
    "/recurrence.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_PROBLEMS},
    tags=["recurrence"],
    summary="The same figures as a picture",
    openapi_extra={"parameters": [_ANY_ARGUMENT]},
)
def recurrence_picture(served: Release, arguments: Arguments) -> Response:
    """Draws the figures of /recurrence; 404 where there is nothing to draw or too much to be read."""
    drawn = draw(recurrence.result_of(served, arguments))
    if drawn is None:
        raise HTTPException(404, "There is no picture of this table: it is empty or too large to be read")
    return Response(drawn, media_type="image/svg+xml")


def _document(view: View, served: Served) -> dict[str, object]:
    return {
        "query": view.answer.query,
        "question": view.question,
        "summary": view.summary,
        "release": served.manifest.release,
        "arguments": view.answer.arguments,
        "columns": view.columns,
        **view.about,
        "rows": view.answer.as_records(),
    }


def _as_json(view: View, served: Served) -> Response:
    return JSONResponse(_document(view, served))


def _as_csv(view: View, served: Served) -> Response:
    name = f"{view.file}-{served.manifest.release}.csv"
    # Without a byte order mark, so that the bytes are those of `ltkg ask --format csv`.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        "".join(view.answer.as_csv()), headers=headers, media_type="text/csv; charset=utf-8; header=present"
    )


def _register(path: str, view: Callable[..., View], tag: str, summary: str, parameters: tuple[Any, ...] = ()) -> None:
    """Gives an address its three forms. The bare one is negotiated; the others say their form by their ending."""
    Shown = Annotated[View, Depends(view)]  # noqa: N806  # a type

    def as_json(served: Release, shown: Shown) -> Response:
        return _as_json(shown, served)

    def as_csv(served: Release, shown: Shown) -> Response:
        return _as_csv(shown, served)

    def negotiated(request: Request, served: Release, pages: Templates, shown: Shown) -> Response:
        match preferred(request.headers.get("accept", "")):
            case MediaType.JSON:
                response = _as_json(shown, served)
            case MediaType.CSV:
                response = _as_csv(shown, served)
            case MediaType.HTML:
                response = HTMLResponse(pages.show(shown, request.url.query))
        response.headers["Vary"] = "Accept"
        return response

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
            openapi_extra={"parameters": list(parameters)} if parameters else None,
        )


_register("/queries", query_list, "queries", "Every question that can be asked")
_register("/queries/{name}", query, "queries", "The answer to one question", (_ANY_ARGUMENT,))
_register("/reviews", review_list, "reviews", "Every review in the release")
_register("/reviews/{review}", review, "reviews", "What one review found")
_register("/patterns", pattern_list, "patterns", "Every pattern of the typology")
_register(
    "/patterns/{pattern}/evidence",
    pattern_evidence,
    "recurrence",
    "What supports and what contradicts one pattern",
    (_ANY_ARGUMENT,),
)
_register("/recurrence", recurrence_table, "recurrence", "In how many reviews patterns recur", (_ANY_ARGUMENT,))
_register("/interactions", interactions, "recurrence", "Factors that reviews say worked together", (_ANY_ARGUMENT,))
_register("/patterns/{pattern}", pattern, "patterns", "Where one pattern is found")
