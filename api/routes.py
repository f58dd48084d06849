"""The addresses, each as page, JSON and CSV."""

# Annotations are read at once here: FastAPI could not find the local ones of `_register` by their names.
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from rdflib import URIRef
from starlette.exceptions import HTTPException

from api import layers, recurrence, typology, views
from api.asked import Asked
from api.dependencies import Arguments, Now, Release, Rows, Templates
from api.dereferencing import ReviewName, write
from api.documents import AnswerDocument, HealthDocument, ProblemDocument
from api.middleware import CutShortError
from api.negotiation import RDF, MediaType, among, preferred, weight
from api.paging import FARTHEST, IN_A_DOCUMENT, LIMIT, LONGEST, OFFSET, ON_A_PAGE, PIN, Paged, Pairs, Part, split
from api.settings import Settings
from api.views import View
from learntogether_kg import __version__, queries, query_catalogue
from learntogether_kg.errors import LearnTogetherError
from learntogether_kg.parts import Walk
from learntogether_kg.recurrence.pictures import draw
from learntogether_kg.typology.difference import Form

router = APIRouter()

A_BATCH: Final = 100
"""So many rows of a long table are sent at once."""

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": words,
        "content": {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}},
    }
    for status, words in (
        (401, "The token is not known, or was revoked"),
        (403, "Disclosure control does not allow it without a token"),
        (404, "There is no such thing"),
        (410, "The release was purged"),
        (422, "An argument is unknown or not of its type"),
        (503, "The library cannot be read at the moment"),
    )
}
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


def _arguments_like(**example: str) -> dict[str, Any]:
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


QueryName = Annotated[
    str,
    Path(
        description="The query's name",
        json_schema_extra={"enum": list(queries.catalogue())},
        openapi_examples={"sample": {"value": "recurring-patterns"}},
    ),
]
PatternName = Annotated[
    str,
    Path(description="The last part of the pattern's IRI", openapi_examples={"sample": {"value": "clear-roles"}}),
]


@router.get("/", response_class=HTMLResponse, tags=["pages"], summary="What this is, and the patterns that recur")
def home(asked: Now, served: Release, pages: Templates) -> Response:
    """Shows the start page; of a release whose records are not public, leads to what is."""
    if not asked.records_are_open:
        return RedirectResponse(f"/recurrence?{urlencode({PIN: asked.pin})}" if asked.pin else "/recurrence", 303)
    recurring = queries.named("recurring-patterns")
    holds = served.ask("catalogue").as_records()[0]
    return HTMLResponse(pages.render("home.html", holds=holds, query=recurring, answer=served.ask(recurring.name)))


@router.get(
    "/health", tags=["service"], responses={503: {"model": HealthDocument}}, summary="Whether the release is whole"
)
def health(asked: Now, served: Release, response: Response) -> HealthDocument:
    """Tells whether the release is as it was published; 503 where it is not.

    How much a release holds whose records are not public is told to nobody without a token.
    """
    whole, made = served.is_whole, served.manifest
    response.status_code = 200 if whole else 503
    response.headers["Cache-Control"] = "no-store"
    return HealthDocument(
        status="whole" if whole else "damaged",
        whole=whole,
        release=made.release,
        state=made.state,
        studies=made.studies if asked.records_are_open else None,
        quads=made.quads if asked.records_are_open else None,
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
    found = views.pattern(served, pattern, arguments)
    mapped = typology.mappings_of(typology.in_use(served).typology.graph, URIRef(served.patterns[pattern].iri))
    return replace(found, context={**found.context, "mapped": mapped})


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
    openapi_extra={"parameters": [_arguments_like(by="type"), _PIN]},
)
def recurrence_picture(served: Release, arguments: Arguments) -> Response:
    """Draws the figures of /recurrence; 404 where there is nothing to draw or too much to be read."""
    drawn = draw(recurrence.result_of(served, arguments))
    if drawn is None:
        raise HTTPException(404, "There is no picture of this table: it is empty or too large to be read")
    return Response(drawn, media_type="image/svg+xml")


def layer_table(served: Release, arguments: Arguments) -> View:
    """Returns in how many reviews each pattern of the typology was found: the counts that a layer keeps."""
    return layers.table(served, arguments)


def layer_difference(asked: Now, request: Request, arguments: Arguments) -> View:
    """Returns what differs between the layers of two releases, by default the one asked and the one before it."""
    return layers.difference(request.app.state.releases, asked.release, arguments)


def typology_overview(asked: Now, served: Release, arguments: Arguments) -> View:
    """Returns the versions of the typology and the other schemes; the page has every term and mapping besides."""
    return typology.overview(served, arguments, asked.records_are_open)


def typology_difference(served: Release, arguments: Arguments) -> View:
    """Returns what differs between two versions of the typology, or a version and another scheme."""
    return typology.difference(served, arguments)


def emerging_candidates(served: Release, arguments: Arguments) -> View:
    """Returns groups of items coded as a type only that say much the same, suggested by a program and never stored."""
    return typology.candidates(served, arguments)


@router.get(
    "/layers.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_PROBLEMS},
    tags=["layers"],
    summary="A layer as a heat map",
    openapi_extra={"parameters": [_arguments_like(codes="any"), _PIN]},
)
def layer_picture(served: Release, arguments: Arguments) -> Response:
    """Draws the counts of /layers: types across, patterns down."""
    return Response(layers.picture(served, arguments), media_type="image/svg+xml")


@router.get(
    "/layers/layer.json",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}, **_PROBLEMS},
    tags=["layers"],
    summary="A layer as a file",
    openapi_extra={"parameters": [_arguments_like(codes="any"), _PIN]},
)
def layer_file(asked: Now, served: Release, arguments: Arguments) -> Response:
    """Returns the file that `ltkg layer save` writes and `compare`, `upgrade` and `draw` read."""
    headers = {"Content-Disposition": f'attachment; filename="layer-{asked.release.name}.json"'}
    return Response(layers.layer_of(served, arguments).write(), headers=headers, media_type="application/json")


@router.get(
    "/layers/difference.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_PROBLEMS},
    tags=["layers"],
    summary="The difference of two layers as a heat map",
    openapi_extra={"parameters": [_arguments_like(codes="any"), _PIN]},
)
def layer_difference_picture(asked: Now, request: Request, arguments: Arguments) -> Response:
    """Draws the differences of /layers/difference."""
    drawn = layers.difference_picture(request.app.state.releases, asked.release, arguments)
    return Response(drawn, media_type="image/svg+xml")


@router.get(
    "/typology/difference.md",
    response_class=Response,
    responses={200: {"content": {"text/markdown": {}}}, **_PROBLEMS},
    tags=["typology"],
    summary="What differs between two versions, as Markdown",
    openapi_extra={"parameters": [_arguments_like(old="version-2008", new="later-wording"), _PIN]},
)
def typology_difference_as_markdown(served: Release, arguments: Arguments) -> Response:
    """Returns the same as `ltkg typology diff --format markdown`."""
    return Response(typology.difference_of(served, arguments).write(Form.MARKDOWN), media_type="text/markdown")


def release_list(asked: Now, request: Request, arguments: Arguments) -> View:
    """Returns all releases of the library."""
    return views.release_list(request.app.state.releases, asked.role, arguments)


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


_IN_RDF: Final[dict[str, Callable[[str, Asked], Response]]] = {
    "/queries": lambda form, _: write(query_catalogue.graph(), form),
    "/typology": lambda form, asked: RedirectResponse(asked.keep(f"/ontology.{form}") or "", 303),
}
"""The pages that are also given in RDF, by negotiation, or lead to it."""


def _register(path: str, view: Callable[..., View], tag: str, summary: str, *parameters: dict[str, Any]) -> None:
    """Gives an address its three forms. The bare one is negotiated; the others say their form by their ending."""
    Shown = Annotated[View, Depends(view)]  # noqa: N806  # a type

    def split_for(request: Request, asked: Asked, arguments: Pairs, shown: View, part: Part) -> Paged:
        # A walk through all parts stays with the release it began with, also when the server goes on to a newer one.
        pairs = [*arguments, (PIN, asked.release.name)]
        return split(shown.answer, part, request.url.path, pairs, request.app.state.settings.query_seconds)

    def as_json(request: Request, asked: Now, arguments: Arguments, part: Rows, shown: Shown) -> Response:
        return _as_json(shown, split_for(request, asked, arguments, shown, part.within(IN_A_DOCUMENT)), asked)

    def as_csv(request: Request, asked: Now, part: Rows, shown: Shown) -> Response:
        return _as_csv(shown, part, asked, request.app.state.settings)

    def negotiated(
        request: Request, asked: Now, pages: Templates, arguments: Arguments, part: Rows, shown: Shown
    ) -> Response:
        accept = request.headers.get("accept", "")
        form = among(accept, RDF, "page") if path in _IN_RDF else "page"
        if form != "page" and weight(accept, RDF[form]) > max(weight(accept, each) for each in MediaType):
            return _IN_RDF[path](form, asked)
        match preferred(accept):
            case MediaType.JSON:
                return as_json(request, asked, arguments, part, shown)
            case MediaType.CSV:
                return as_csv(request, asked, part, shown)
        part = part.within(ON_A_PAGE) if shown.in_parts else Part()
        paged = split_for(request, asked, arguments, shown, part)
        return _linked(
            HTMLResponse(pages.show(shown, paged, urlencode(arguments), request.app.state.sparql)), paged, shown, asked
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


_register("/releases", release_list, "service", "Every release of this library")
_register("/queries", query_list, "queries", "Every question that can be asked")
_register("/queries/{name}", query, "queries", "The answer to one question", _arguments_like(minimum="3", codes="any"))
_register("/reviews", review_list, "reviews", "Every review in the release")
_register("/reviews/{review}", review, "reviews", "What one review found")
_register("/patterns", pattern_list, "patterns", "Every pattern of the typology")
_register(
    "/patterns/{pattern}/evidence",
    pattern_evidence,
    "recurrence",
    "What supports and what contradicts one pattern",
    _arguments_like(codes="any", influence="unsafe"),
)
_register(
    "/recurrence",
    recurrence_table,
    "recurrence",
    "In how many reviews patterns recur",
    _arguments_like(by="type", codes="any"),
)
_register(
    "/interactions",
    interactions,
    "recurrence",
    "Factors that reviews say worked together",
    _arguments_like(only="harmless-alone"),
)
_register("/typology", typology_overview, "typology", "The typology: versions, other schemes, mappings, terms")
_register(
    "/typology/difference",
    typology_difference,
    "typology",
    "What differs between two versions of the typology",
    _arguments_like(old="version-2008", new="later-wording"),
)
_register(
    "/typology/emerging",
    emerging_candidates,
    "typology",
    "What may call for a new sub-pattern",
    _arguments_like(likeness="0.3"),
)
_register("/layers", layer_table, "layers", "Counts over the whole typology", _arguments_like(codes="any"))
_register(
    "/layers/difference",
    layer_difference,
    "layers",
    "The counts of two releases beside each other",
    _arguments_like(codes="any"),
)
_register("/patterns/{pattern}", pattern, "patterns", "Where one pattern is found")
