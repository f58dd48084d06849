"""What each address shows: an answer, and what a page says around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rdflib import URIRef
from starlette.exceptions import HTTPException

from api import arguments
from api.paging import Pairs
from api.served import Served
from learntogether_kg import query_files
from learntogether_kg.answers import Answer, Resource, Value
from learntogether_kg.namespaces import local_name
from learntogether_kg.parts import Walk
from learntogether_kg.query_files import NamedQuery
from learntogether_kg.tokens import Role

if TYPE_CHECKING:
    from api.releases import Listed, Offer

SECONDS = 20
"""How long a part of an answer may take, unless a server is told otherwise."""


@dataclass(frozen=True)
class View:
    """What one address shows, in whichever form.

    Attributes:
        answer: The rows.
        summary: What they are, in a line.
        question: The competency question they answer, or "none".
        columns: What each column means.
        template: The page that shows them.
        file: How a file of them is called, without ending.
        about: What the page is about, as further members of its JSON.
        context: What the page shows besides.
        links: For each row the addresses it leads to, as they stand in the JSON; nothing where rows lead nowhere.
        in_parts: Whether the page shows a part of the rows at a time; JSON always does.
        following: The address of the page after this one, where the answer itself is one page of many.
    """

    answer: Answer | Walk
    summary: str
    question: str
    columns: dict[str, str]
    template: str
    file: str
    about: dict[str, object] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)
    links: tuple[dict[str, str | None], ...] = ()
    in_parts: bool = False
    following: str = ""


def query_list(pairs: Pairs) -> View:
    """Returns all named queries."""
    arguments.refuse_any("queries", pairs)
    columns = {
        "query": "The query's name, which is also its address",
        "topic": "What it is about",
        "summary": "What it answers",
        "question": "The competency question it answers",
        "takes": "Its parameters with their defaults",
    }
    rows = tuple(
        (
            query.name,
            query.topic,
            query.summary,
            query.question,
            tuple(f"{p.name}={_default(p)}" for p in query.parameters),
        )
        for query in query_files.catalogue().values()
    )
    answer = Answer("queries", {}, tuple(columns), rows)
    context: dict[str, object] = {"topics": _by_topic(query_files.catalogue().values())}
    return View(
        answer, "Every question that can be asked here", "none", columns, "queries.html", "queries", {}, context
    )


def query(served: Served, name: str, pairs: Pairs) -> View:
    """Returns the answer of a named query.

    Raises:
        UnknownQueryError: There is none of that name.
        QueryArgumentError: An argument is unknown, not of its type, or given twice.
    """
    asked = query_files.named(name)
    typed = arguments.once(name, pairs)
    answer = served.answer(name, typed)
    return _view(asked, answer, "query.html", name, context={"query": asked, "typed": typed}, in_parts=True)


def release_list(releases: Offer, role: Role | None, pairs: Pairs) -> View:
    """Returns all releases of the library, oldest first, and then those that were purged.

    How many reviews a restricted release holds is nobody's to know without a token.
    """
    arguments.refuse_any("releases", pairs)
    columns = {
        "release": "The name to ask it by: ?release=NAME at every address",
        "made": "When it was made, in UTC",
        "state": "The state of the library that was published",
        "studies": "Reviews and syntheses in it; empty where that is not public",
        "profile": "The profile of disclosure control it was published under",
        "madeBy": "The version of the software that made it",
        "ontology": "The fingerprint of its ontology, typology and code lists",
        "served": "Whether it answers where an address names no release",
        "purged": "Whether it was removed for good, since a review in it had to be; it answers 410 then",
    }
    rows = tuple(_release_row(each, role, releases.default) for each in releases.listing())
    answer = Answer("releases", {}, tuple(columns), rows)
    return View(answer, "Every release of this library", "none", columns, "releases.html", "releases")


def _release_row(listed: Listed, role: Role | None, default: str) -> tuple[Value, ...]:
    made = listed.manifest
    if made is None:
        return (listed.name, None, None, None, None, None, None, False, True)
    studies = None if listed.restricted and role is None else made.studies
    served = listed.name == default
    return (listed.name, made.made, made.state, studies, listed.profile, made.software, made.ontology, served, False)


def review_list(served: Served, pairs: Pairs) -> View:
    """Returns all reviews."""
    arguments.refuse_any("reviews", pairs)
    return _view(query_files.named("reviews"), served.answer("reviews"), "reviews.html", "reviews", in_parts=True)


def review(served: Served, name: str, pairs: Pairs) -> View:
    """Returns what one review found.

    Raises:
        UnknownReviewError: The release holds no such review.
    """
    resource = served.review(name)
    arguments.refuse_any("review-findings", pairs)
    listed = served.answer("reviews")
    if isinstance(listed, Walk):
        record = replace(listed, only=URIRef(resource.iri)).part(0, None, SECONDS)
    else:
        record = _only(listed, "review", resource)
    return _about(served, resource, "review", "review-findings", record)


def pattern_list(served: Served, pairs: Pairs) -> View:
    """Returns all patterns."""
    arguments.refuse_any("pattern-list", pairs)
    return _view(query_files.named("pattern-list"), served.ask("pattern-list"), "patterns.html", "patterns")


def pattern(served: Served, name: str, pairs: Pairs) -> View:
    """Returns where one pattern is found."""
    if name not in served.patterns:
        raise HTTPException(
            404, f"There is no pattern {name!r} in this release. Those it holds are listed at /patterns"
        )
    arguments.refuse_any("pattern-reviews", pairs)
    resource, everything = served.patterns[name], served.ask("pattern-list")
    return _about(served, resource, "pattern", "pattern-reviews", _only(everything, "pattern", resource), everything)


def _only(answer: Answer, column: str, resource: Resource) -> Answer:
    """Returns the rows of an answer that are about one resource."""
    index = answer.columns.index(column)
    return replace(answer, rows=tuple(row for row in answer.rows if row[index] == resource))


def _about(  # each is another thing of the two
    served: Served, resource: Resource, kind: str, of: str, record: Answer, everything: Answer | None = None
) -> View:
    """Returns the page of a review or a pattern: its row of the list it stands in, and the answer of a query about it.

    Args:
        served: The release.
        resource: The review or pattern.
        kind: Which of the two; also the name of the query's parameter.
        of: The query about it.
        record: Its row of that list.
        everything: The list, where the page shows more of it.
    """
    answer = served.answer(of, {kind: resource.iri})
    name = served.pattern_name(resource.iri) or local_name(resource.iri)
    context: dict[str, object] = {
        "resource": resource,
        "record": record,
        "listed_by": query_files.named(record.query),
        "everything": everything,
        "further": list(_queries_about(kind, besides=of)),
        "argument": name,
    }
    file = f"{kind}-{name}"
    return _view(
        query_files.named(of),
        answer,
        f"{kind}.html",
        file,
        about={kind: record.as_records()[0]},
        context=context,
        in_parts=True,
    )


def _view(
    asked: NamedQuery,
    answer: Answer | Walk,
    template: str,
    file: str,
    *,
    about: dict[str, object] | None = None,
    context: dict[str, object] | None = None,
    in_parts: bool = False,
) -> View:
    columns = {name: asked.columns.get(name, "") for name in answer.columns}
    more = {"query": asked, **(context or {})}
    return View(answer, asked.summary, asked.question, columns, template, file, about or {}, more, in_parts=in_parts)


def _queries_about(kind: str, besides: str) -> Iterable[NamedQuery]:
    for candidate in query_files.catalogue().values():
        if candidate.name != besides and any(parameter.name == kind for parameter in candidate.parameters):
            yield candidate


def _default(parameter: query_files.Parameter) -> str:
    return local_name(parameter.default_text) or "any"


def _by_topic(catalogue: Iterable[NamedQuery]) -> dict[str, list[NamedQuery]]:
    topics: dict[str, list[NamedQuery]] = {}
    for each in catalogue:
        topics.setdefault(each.topic, []).append(each)
    return topics
