"""``/sparql``: the SPARQL 1.1 Protocol for queries, a page to write one on, and what the service says of itself."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api import protocol
from api.dependencies import Release, Templates
from api.descriptions import describe_dataset, describe_service, written
from api.documents import problems
from api.evaluation import Evaluator
from api.negotiation import weight
from api.pages import Pages
from api.protocol import Sent, welcome
from api.served import Served
from api.settings import Settings
from learntogether_kg.answers import heading
from learntogether_kg.errors import FormNotOfferedError
from learntogether_kg.namespaces import shorten
from learntogether_kg.store.endpoint import GRAPH_TYPES, RESULT_TYPES, Question, Reply

router = APIRouter(tags=["SPARQL"])

SEE: Final = "limits"
"""The part of the page that tells what is cut, and why."""
ON_A_PAGE: Final = 500
"""So many rows are shown on a page; the files hold them all."""
_OFF: Final = "SPARQL is not offered here. The named queries at /queries answer most questions; whoever runs this "
_OFF_HINT: Final = "server can offer SPARQL with `ltkg serve --sparql`"
_WHOLE_HINT: Final = (
    "server can offer SPARQL with `ltkg serve --sparql --sparql-whole-server`, where the library's own server holds "
    "nothing else"
)
_FIRST: Final = """\
PREFIX lt: <https://w3id.org/learntogether/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?review ?label WHERE {
  ?review a lt:Review ; lt:publicLabel ?label .
}
ORDER BY ?label
"""
_TEXT: Final = {"schema": {"type": "string"}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The answer; without a query the page or the service description",
        "content": {
            types[0]: {}
            for offered in (RESULT_TYPES, GRAPH_TYPES, {"page": ("text/html",)})
            for types in offered.values()
        },
    },
    **problems(
        {
            400: "The query or a parameter is not as the standards say",
            401: "This release is asked with a token, and there is none",
            403: "An update, or a query that would reach beyond the release; or the token is not an analyst's",
            404: "SPARQL is not offered here",
            406: "The answer has none of the forms that are welcome",
            413: "The query is too long",
            415: "The body is neither a form nor a query",
            503: "Too many queries are being evaluated, or this one needs too much memory",
            504: "The query takes too long",
        }
    ),
}
_PARAMETERS: Final[list[dict[str, Any]]] = [
    {"name": "query", "in": "query", "description": "A SPARQL 1.1 query", "schema": {"type": "string"}},
    *(
        {
            "name": name,
            "in": "query",
            "description": f"{words}; each must be a graph of this release",
            "schema": {"type": "array", "items": {"type": "string", "format": "uri"}},
        }
        for name, words in (
            ("default-graph-uri", "The graphs that stand for the default graph, which is else the union of all"),
            ("named-graph-uri", "The graphs that GRAPH may name, which are else all"),
        )
    ),
    {
        "name": "format",
        "in": "query",
        "description": "The form of the answer; left out, Accept decides",
        "schema": {"type": "string", "enum": [*RESULT_TYPES, *GRAPH_TYPES]},
    },
]
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            protocol.FORM: {
                "schema": {
                    "type": "object",
                    "required": ["query"],
                    "properties": {each["name"]: each["schema"] for each in _PARAMETERS},
                }
            },
            protocol.QUERY: _TEXT,
        },
    },
    "parameters": _PARAMETERS[1:],
}


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _offered(settings: Annotated[Settings, Depends(_settings)]) -> None:
    if not settings.offers_sparql:
        raise HTTPException(404, _OFF + (_WHOLE_HINT if settings.sparql else _OFF_HINT))


Set = Annotated[Settings, Depends(_settings)]


@router.get(
    "/sparql",
    response_class=Response,
    dependencies=[Depends(_offered)],
    responses=_ANSWERS,
    openapi_extra={"parameters": _PARAMETERS},
    summary="Answer a SPARQL query",
)
async def sparql(request: Request, served: Release, pages: Templates, settings: Set) -> Response:
    """Answers a query; without one it shows the page, or describes itself to who prefers RDF."""
    sent = await protocol.read(request)
    if sent.query is None:
        return _introduction(request, sent, served, pages, settings)
    return await _answered(request, sent, served, pages, settings)


@router.post(
    "/sparql",
    response_class=Response,
    dependencies=[Depends(_offered)],
    responses=_ANSWERS,
    openapi_extra=_BODY,
    summary="Answer a SPARQL query that is sent as a form or as the body",
)
async def ask_by_post(request: Request, served: Release, pages: Templates, settings: Set) -> Response:
    """Answers a query."""
    return await _answered(request, await protocol.read(request), served, pages, settings)


@router.get(
    "/.well-known/void",
    response_class=Response,
    responses={200: {"content": {types[0]: {} for types in GRAPH_TYPES.values()}}},
    summary="What the release holds, in VoID",
)
def void(request: Request, served: Release, settings: Set) -> Response:
    """Describes the release."""
    endpoint = _endpoint(request) if settings.offers_sparql else None
    graph = describe_dataset(_dataset(request), endpoint, str(request.base_url), served.manifest)
    return _document(written(graph, _graph_form(request)), GRAPH_TYPES[_graph_form(request)][0], served)


async def _answered(request: Request, sent: Sent, served: Served, pages: Pages, settings: Settings) -> Response:
    evaluator: Evaluator = request.app.state.evaluator
    on_a_page = not sent.form and _prefers_page(sent.accept)
    question = Question(
        query=sent.query or "",
        default_graphs=sent.default_graphs,
        named_graphs=sent.named_graphs,
        results=("json",) if on_a_page else sent.results(),
        graphs=("turtle",) if on_a_page else sent.graphs(),
        rows=min(ON_A_PAGE, settings.sparql_rows) if on_a_page else settings.sparql_rows,
        size=settings.sparql_answer_megabytes * 1024 * 1024,
        link=f"{_endpoint(request)}#{SEE}",
    )
    reply = await evaluator.evaluate(served.release, question)
    if on_a_page:
        return _page(request, served, pages, settings, sent, reply)
    response = _document(reply.body, reply.media_type, served)
    if reply.cut:
        response.headers["X-LTKG-Truncated"] = _limit(reply.cut, settings)
        response.headers["Link"] = f'<{question.link}>; rel="help"; title="The answer was cut at a limit"'
    return response


def _introduction(request: Request, sent: Sent, served: Served, pages: Pages, settings: Settings) -> Response:
    if not sent.form and _prefers_page(sent.accept):
        return _page(request, served, pages, settings, sent, None)
    forms = sent.graphs()
    if not forms:
        raise FormNotOfferedError(GRAPH_TYPES)
    graph = describe_service(_endpoint(request), _dataset(request), served.manifest)
    return _document(written(graph, forms[0]), GRAPH_TYPES[forms[0]][0], served)


def _page(
    request: Request, served: Served, pages: Pages, settings: Settings, sent: Sent, reply: Reply | None
) -> Response:
    """Returns the page with the query and, where there is one, its answer."""
    found, graph, said = None, "", None
    if reply is not None and reply.form == "json":
        document = json.loads(reply.body)
        said, found = document.get("boolean"), _table(document) if "results" in document else None
    elif reply is not None:
        graph = reply.body.decode()
    forms = GRAPH_TYPES if graph else RESULT_TYPES
    asked = [("query", sent.query or ""), *(("default-graph-uri", each) for each in sent.default_graphs)]
    asked += [("named-graph-uri", each) for each in sent.named_graphs]
    page = pages.render(
        "sparql.html",
        query=_FIRST if sent.query is None else sent.query,
        answered=reply is not None,
        found=found,
        graph=graph,
        said=said,
        cut=reply.cut if reply else "",
        most=ON_A_PAGE,
        links=[(form, f"/sparql?{urlencode([*asked, ('format', form)])}") for form in forms],
        settings=settings,
        endpoint=_endpoint(request),
    )
    return _document(page.encode(), "text/html; charset=utf-8", served)


def _table(document: dict[str, Any]) -> dict[str, Any]:
    variables = document["head"]["vars"]
    rows = [[_shown(binding.get(name)) for name in variables] for binding in document["results"]["bindings"]]
    return {"headings": [heading(name) for name in variables], "rows": rows}


def _shown(term: dict[str, str] | None) -> dict[str, str]:
    """Returns a term as the page shows it: its text, and what its full form adds."""
    if term is None:
        return {"text": "", "full": ""}
    if term["type"] == "uri":
        return {"text": shorten(term["value"]), "full": term["value"]}
    return {"text": term["value"], "full": term.get("xml:lang") or term.get("datatype", "")}


def _document(body: bytes, media_type: str, served: Served) -> Response:
    private = "private, no-store" if served.is_restricted else "no-cache"
    return Response(body, media_type=media_type, headers={"Vary": "Accept, Authorization", "Cache-Control": private})


def _prefers_page(accept: str) -> bool:
    """Returns whether a page is as welcome as anything else, and is named: a browser's Accept."""
    page = weight(accept, "text/html") if "text/html" in accept.lower() else 0.0
    others = (each for offered in (RESULT_TYPES, GRAPH_TYPES) for types in offered.values() for each in types)
    return page > 0 and page >= max(weight(accept, each) for each in others)


def _graph_form(request: Request) -> str:
    forms = welcome(request.headers.get("accept", ""), GRAPH_TYPES)
    return forms[0] if forms else "turtle"


def _limit(cut: str, settings: Settings) -> str:
    most = settings.sparql_rows if cut == "rows" else settings.sparql_answer_megabytes * 1024 * 1024
    return f"{cut}; limit={most}"


def _endpoint(request: Request) -> str:
    return str(request.url_for("sparql"))


def _dataset(request: Request) -> str:
    return f"{request.url_for('void')}#dataset"
