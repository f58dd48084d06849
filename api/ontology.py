"""The ontology's reference: pages for people, and the whole as Turtle, JSON-LD or RDF/XML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from rdflib import URIRef
from starlette.exceptions import HTTPException

from api.dependencies import Templates
from api.dereferencing import WRITERS
from api.negotiation import RDF, weight
from api.typology import mappings_of
from learntogether_kg import reference
from learntogether_kg.ingest import plain_json
from learntogether_kg.ontology import load_ontology

router = APIRouter(tags=["ontology"])

FORMS: Final[Mapping[str, tuple[str, str]]] = {form: (media_type, WRITERS[form]) for form, media_type in RDF.items()}
"""Ending to media type and rdflib's name for it."""


@cache
def _serialised(form: str) -> str:
    return load_ontology().serialize(format=FORMS[form][1])


@router.get("/ontology/context.jsonld", summary="The JSON-LD context with which a review is plain JSON")
def context() -> Response:
    """Returns the context."""
    return JSONResponse({"@context": plain_json.context()}, media_type="application/ld+json")


@router.get("/ontology.{form}", summary="The whole ontology as ttl, jsonld, rdf or nt")
def ontology_as(
    form: Annotated[
        str,
        Path(
            description="The ending",
            openapi_examples={"sample": {"value": "ttl"}},
            json_schema_extra={"enum": list(FORMS)},
        ),
    ],
) -> Response:
    """Returns the ontology, the typology and the code lists in one form."""
    if form not in FORMS:
        raise HTTPException(404, f"The ontology is not given as .{form}; ask for one of .{', .'.join(FORMS)}")
    return Response(_serialised(form), media_type=FORMS[form][0])


@router.get("/ontology", response_class=HTMLResponse, summary="The reference of the ontology, in the form asked for")
def ontology(request: Request, pages: Templates) -> Response:
    """Returns the reference as a page, or the ontology itself where the client prefers Turtle, JSON-LD or RDF/XML."""
    accept = request.headers.get("accept", "")
    best = max(FORMS, key=lambda form: weight(accept, FORMS[form][0]))
    if weight(accept, FORMS[best][0]) > weight(accept, "text/html"):
        response = ontology_as(best)
    else:
        groups = {kind: [t for t in reference.terms().values() if t.kind == kind] for kind in reference.KINDS.values()}
        response = HTMLResponse(
            pages.render("ontology.html", groups=groups, rules=reference.wider_rules(), forms=FORMS)
        )
    response.headers["Vary"] = "Accept"
    return response


@router.get("/ontology/{name}", response_class=HTMLResponse, summary="What one term means, its rules and its queries")
def term(
    name: Annotated[
        str,
        Path(
            description="The term's prefixed name",
            openapi_examples={"sample": {"value": "lt:Finding"}},
        ),
    ],
    pages: Templates,
) -> Response:
    """Returns the page of a term.

    Args:
        name: Its prefixed name such as ``lt:Finding``; without prefix it is one of the ontology's own.
        pages: Draws the page.
    """
    if ":" not in name and f"lt:{name}" in reference.terms():
        return RedirectResponse(f"/ontology/lt:{name}", status_code=303)
    found = reference.terms().get(name)
    if found is None:
        raise HTTPException(404, f"The ontology has no term {name!r}. Those it has are listed at /ontology")
    return HTMLResponse(
        pages.render(
            "term.html",
            term=found,
            mapped=mappings_of(load_ontology(), URIRef(found.iri)),
            rules=reference.rules().get(name, ()),
            questions=reference.questions().get(name, ()),
        )
    )
