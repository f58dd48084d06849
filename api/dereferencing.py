"""The IRIs of reviews, patterns and terms as addresses: to a page for a reader, as RDF for a program.

``https://w3id.org/learntogether/`` is to lead here, so the path after it is the path here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from rdflib import Graph, URIRef
from starlette.exceptions import HTTPException

from api.dependencies import Now, Release
from api.negotiation import RDF, among
from learntogether_kg import query_catalogue
from learntogether_kg.namespaces import REVIEW

router = APIRouter(tags=["identifiers"])

WRITERS: Final[Mapping[str, str]] = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml", "nt": "nt"}
"""Ending to rdflib's name of the form."""
ReviewName = Annotated[
    str,
    Path(description="The last part of the review's IRI", openapi_examples={"sample": {"value": "d953e70da436741e"}}),
]
_PAGE: Final = "page"
_AS_RDF: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "As RDF, where Accept prefers it", "content": {media_type: {} for media_type in RDF.values()}},
    303: {"description": "To the page"},
}


def write(graph: Graph, form: str) -> Response:
    """Returns a graph in a form, the key of `RDF`."""
    return Response(graph.serialize(format=WRITERS[form]), media_type=RDF[form])


def _wanted(request: Request) -> str:
    return among(request.headers.get("accept", ""), RDF, _PAGE)


@router.get("/id/review/{review}", response_class=Response, responses=_AS_RDF, summary="A review by its IRI")
def review(
    request: Request,
    asked: Now,
    served: Release,
    review: ReviewName,
) -> Response:
    """Leads to the review's page, or gives its named graph where the client prefers RDF."""
    found = served.review(review)
    wanted = _wanted(request)
    if wanted == _PAGE:
        return RedirectResponse(asked.keep(f"/reviews/{review}") or "", 303)
    return write(served.graph(found), wanted)


@router.get(
    "/id/review/{review}/{node:path}",
    response_class=Response,
    responses=_AS_RDF,
    summary="Anything in a review by its IRI",
)
def node(
    request: Request,
    asked: Now,
    served: Release,
    review: ReviewName,
    node: Annotated[
        str,
        Path(description="The rest of the IRI of something in it", openapi_examples={"sample": {"value": "F1"}}),
    ],
) -> Response:
    """Leads to the page of the review that says it, or gives the review's named graph, where it is described."""
    graph = served.graph(served.review(review))
    if (URIRef(f"{REVIEW}{review}/{node}"), None, None) not in graph:
        raise HTTPException(404, f"The review {review!r} holds nothing named {node!r}. See /reviews/{review}")
    wanted = _wanted(request)
    if wanted == _PAGE:
        return RedirectResponse(asked.keep(f"/reviews/{review}") or "", 303)
    return write(graph, wanted)


@router.get("/codelists", response_class=Response, responses=_AS_RDF, summary="The code lists by IRI")
def codelists(request: Request, asked: Now) -> Response:
    """Leads to the ontology's reference, or to the ontology as RDF, which holds the code lists."""
    return RedirectResponse(asked.keep(_or_whole(request, "/ontology")) or "", 303)


def _or_whole(request: Request, page: str) -> str:
    wanted = _wanted(request)
    return page if wanted == _PAGE else f"/ontology.{wanted}"


@router.get("/queries.ttl", response_class=Response, summary="All named queries as Turtle", tags=["queries"])
def queries_as_turtle() -> Response:
    """Returns the catalogue of queries as RDF: each a sh:SPARQLExecutable."""
    return write(query_catalogue.graph(), "ttl")


@router.get("/queries.jsonld", response_class=Response, summary="All named queries as JSON-LD", tags=["queries"])
def queries_as_json_ld() -> Response:
    """Returns the catalogue of queries as RDF: each a sh:SPARQLExecutable."""
    return write(query_catalogue.graph(), "jsonld")
