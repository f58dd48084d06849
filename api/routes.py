"""The addresses, and what each shows."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from rdflib import URIRef
from starlette.exceptions import HTTPException

from api import layers, recurrence, typology, views
from api.asked import Asked
from api.dependencies import Arguments, Now, Release, Templates
from api.dereferencing import ReviewName, write
from api.documents import HealthDocument
from api.paging import PIN
from api.representations import one_form, three_forms
from api.views import View
from learntogether_kg import __version__, query_catalogue, query_files
from learntogether_kg.recurrence.pictures import draw
from learntogether_kg.typology.difference import Form

router = APIRouter()

QueryName = Annotated[
    str,
    Path(
        description="The query's name",
        json_schema_extra={"enum": list(query_files.catalogue())},
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
    recurring = query_files.named("recurring-patterns")
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


@three_forms(
    router,
    "/queries",
    "queries",
    "Every question that can be asked",
    in_rdf=lambda form, _: write(query_catalogue.graph(), form),
)
def query_list(arguments: Arguments) -> View:
    """Returns all named queries."""
    return views.query_list(arguments)


@three_forms(router, "/queries/{name}", "queries", "The answer to one question", minimum="3", codes="any")
def query(name: QueryName, served: Release, arguments: Arguments) -> View:
    """Returns the answer of a named query."""
    return views.query(served, name, arguments)


@three_forms(router, "/reviews", "reviews", "Every review in the release")
def review_list(served: Release, arguments: Arguments) -> View:
    """Returns all reviews."""
    return views.review_list(served, arguments)


@three_forms(router, "/reviews/{review}", "reviews", "What one review found")
def review(review: ReviewName, served: Release, arguments: Arguments) -> View:
    """Returns one review."""
    return views.review(served, review, arguments)


@three_forms(router, "/patterns", "patterns", "Every pattern of the typology")
def pattern_list(served: Release, arguments: Arguments) -> View:
    """Returns all patterns."""
    return views.pattern_list(served, arguments)


@three_forms(router, "/patterns/{pattern}", "patterns", "Where one pattern is found")
def pattern(pattern: PatternName, served: Release, arguments: Arguments) -> View:
    """Returns one pattern."""
    found = views.pattern(served, pattern, arguments)
    mapped = typology.mappings_of(typology.in_use(served).typology.graph, URIRef(served.patterns[pattern].iri))
    return replace(found, context={**found.context, "mapped": mapped})


@three_forms(router, "/recurrence", "recurrence", "In how many reviews patterns recur", by="type", codes="any")
def recurrence_table(served: Release, arguments: Arguments) -> View:
    """Returns in how many reviews patterns recur, or which of them stand together."""
    return recurrence.table(served, arguments)


@three_forms(
    router,
    "/patterns/{pattern}/evidence",
    "recurrence",
    "What supports and what contradicts one pattern",
    codes="any",
    influence="unsafe",
)
def pattern_evidence(pattern: PatternName, served: Release, arguments: Arguments) -> View:
    """Returns what supports and what contradicts a pattern in the reviews that a figure counts."""
    return recurrence.evidence(served, pattern, arguments)


@three_forms(router, "/interactions", "recurrence", "Factors that reviews say worked together", only="harmless-alone")
def interactions(served: Release, arguments: Arguments) -> View:
    """Returns the interactions of factors that reviews state."""
    return recurrence.interactions(served, arguments)


@one_form(router, "/recurrence.svg", "image/svg+xml", "recurrence", "The same figures as a picture", by="type")
def recurrence_picture(served: Release, arguments: Arguments) -> Response:
    """Draws the figures of /recurrence; 404 where there is nothing to draw or too much to be read."""
    drawn = draw(recurrence.result_of(served, arguments))
    if drawn is None:
        raise HTTPException(404, "There is no picture of this table: it is empty or too large to be read")
    return Response(drawn, media_type="image/svg+xml")


@three_forms(router, "/layers", "layers", "Counts over the whole typology", codes="any")
def layer_table(served: Release, arguments: Arguments) -> View:
    """Returns in how many reviews each pattern of the typology was found: the counts that a layer keeps."""
    return layers.table(served, arguments)


@three_forms(router, "/layers/difference", "layers", "The counts of two releases beside each other", codes="any")
def layer_difference(asked: Now, request: Request, arguments: Arguments) -> View:
    """Returns what differs between the layers of two releases, by default the one asked and the one before it."""
    return layers.difference(request.app.state.releases, asked.release, arguments)


def _to_ontology(form: str, asked: Asked) -> Response:
    return RedirectResponse(asked.keep(f"/ontology.{form}") or "", 303)


@three_forms(
    router, "/typology", "typology", "The typology: versions, other schemes, mappings, terms", in_rdf=_to_ontology
)
def typology_overview(asked: Now, served: Release, arguments: Arguments) -> View:
    """Returns the versions of the typology and the other schemes; the page has every term and mapping besides."""
    return typology.overview(served, arguments, asked.records_are_open)


@three_forms(
    router,
    "/typology/difference",
    "typology",
    "What differs between two versions of the typology",
    old="version-2008",
    new="later-wording",
)
def typology_difference(served: Release, arguments: Arguments) -> View:
    """Returns what differs between two versions of the typology, or a version and another scheme."""
    return typology.difference(served, arguments)


@three_forms(router, "/typology/emerging", "typology", "What may call for a new sub-pattern", likeness="0.3")
def emerging_candidates(served: Release, arguments: Arguments) -> View:
    """Returns groups of items coded as a type only that say much the same, suggested by a program and never stored."""
    return typology.candidates(served, arguments)


@one_form(router, "/layers.svg", "image/svg+xml", "layers", "A layer as a heat map", codes="any")
def layer_picture(served: Release, arguments: Arguments) -> Response:
    """Draws the counts of /layers: types across, patterns down."""
    return Response(layers.picture(served, arguments), media_type="image/svg+xml")


@one_form(router, "/layers/layer.json", "application/json", "layers", "A layer as a file", codes="any")
def layer_file(asked: Now, served: Release, arguments: Arguments) -> Response:
    """Returns the file that `ltkg layer save` writes and `compare`, `upgrade` and `draw` read."""
    headers = {"Content-Disposition": f'attachment; filename="layer-{asked.release.name}.json"'}
    return Response(layers.layer_of(served, arguments).write(), headers=headers, media_type="application/json")


@one_form(
    router,
    "/layers/difference.svg",
    "image/svg+xml",
    "layers",
    "The difference of two layers as a heat map",
    codes="any",
)
def layer_difference_picture(asked: Now, request: Request, arguments: Arguments) -> Response:
    """Draws the differences of /layers/difference."""
    drawn = layers.difference_picture(request.app.state.releases, asked.release, arguments)
    return Response(drawn, media_type="image/svg+xml")


@one_form(
    router,
    "/typology/difference.md",
    "text/markdown",
    "typology",
    "What differs between two versions, as Markdown",
    old="version-2008",
    new="later-wording",
)
def typology_difference_as_markdown(served: Release, arguments: Arguments) -> Response:
    """Returns the same as `ltkg typology diff --format markdown`."""
    return Response(typology.difference_of(served, arguments).write(Form.MARKDOWN), media_type="text/markdown")


@three_forms(router, "/releases", "service", "Every release of this library")
def release_list(asked: Now, request: Request, arguments: Arguments) -> View:
    """Returns all releases of the library."""
    return views.release_list(request.app.state.releases, asked.role, arguments)
