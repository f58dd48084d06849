"""Evidence: from a figure to its reviews, and in each of them down to the conversations and documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Resource, Value
from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import ONTOLOGY_GRAPH
from learntogether_kg.parts import Parts
from learntogether_kg.recurrence.counts import reviews_counted
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.question import Question
from learntogether_kg.store.base import Store
from learntogether_kg.store.oxigraph import OxigraphStore

CHAIN: Final = "evidence-chain"
A_PAGE: Final = 10
"""Reviews on one page: only their graphs are asked, so that a page takes as long in a library of any size."""


@dataclass(frozen=True)
class Evidence:
    """The evidence behind a figure.

    Attributes:
        reviews: All reviews that are counted.
        page: Which page of them is shown, from 1.
        pages: How many pages there are.
        answer: The chains of the reviews of the page; see the query ``evidence-chain``.
        findings: The same, finding by finding.
    """

    reviews: tuple[AxisValue, ...]
    page: int
    pages: int
    answer: Answer
    findings: tuple[FindingEvidence, ...]


@dataclass(frozen=True)
class FindingEvidence:
    """What one finding, or one factor that no finding rests on, is supported and contradicted by.

    Attributes:
        review: The review.
        finding: The finding; None where a factor is coded itself and no finding rests on it.
        statement: What the finding, or else the factor, says.
        codes: How it is coded, by every coder.
        supports: What supports it.
        contradicts: What contradicts it.
    """

    review: Value
    finding: Value
    statement: Value
    codes: Value
    supports: tuple[Ground, ...]
    contradicts: tuple[Ground, ...]


@dataclass(frozen=True)
class Ground:
    """One thing that a finding rests on, or that speaks against it.

    Attributes:
        statement: What the factor says; empty where an episode, a perspective or a source is named straight away.
        codes: How the factor is coded itself.
        chains: The ways down from there, each as the columns of the answer by name.
    """

    statement: Value
    codes: Value
    chains: tuple[dict[str, Value], ...]

    @property
    def accounts(self) -> list[tuple[Value, list[dict[str, Value]]]]:
        """The ways down by the episode they go through, or by the source where they name none; each told once."""
        told: dict[Value, list[dict[str, Value]]] = {}
        for chain in self.chains:
            if any(chain[name] for name in ("episodeDescription", "perspectiveSays", "sourceYielded")):
                what = chain["episodeDescription"] or chain["sourceYielded"] or "How it looked to one person"
                told.setdefault(what, []).append(chain)
        return list(told.items())


def trace(  # each is something else
    coding: Coding,
    store: Store,
    question: Question,
    pattern: AxisValue,
    page: int = 1,
    parts: Parts | None = None,
) -> Evidence:
    """Returns the evidence behind a figure.

    Args:
        coding: What was counted.
        store: Where the chains are asked for.
        question: The figure: its filters and rule, without dimensions.
        pattern: The pattern that findings and factors are coded as.
        page: Which page of the reviews; one beyond the last is the last.
        parts: Where reviews of that store can be asked; made for this where there is none.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    reviews = reviews_counted(coding, question)
    pages = max(1, -(-len(reviews) // A_PAGE))
    page = min(max(page, 1), pages)
    shown = reviews[(page - 1) * A_PAGE : page * A_PAGE]
    if parts is None:
        found = queries.ask(_part(store, shown), CHAIN, {"pattern": pattern.iri})
    else:
        with parts.shelf.holding(tuple(URIRef(review.iri) for review in shown)) as part:
            found = queries.ask(part, CHAIN, {"pattern": pattern.iri})
    asked = {**question.typed, "pattern": pattern.label, "page": str(page)}
    answer = Answer(CHAIN, {name: value for name, value in asked.items() if name != "by"}, found.columns, found.rows)
    return Evidence(tuple(reviews), page, pages, answer, tuple(_by_finding(answer)))


def _part(store: Store, reviews: Sequence[AxisValue]) -> Store:
    """Returns the typology and the reviews of a page as a store of their own."""
    names = [ONTOLOGY_GRAPH, *(URIRef(review.iri) for review in reviews)]
    if isinstance(store, OxigraphStore):
        return store.part(names)
    return OxigraphStore.in_memory((name, store.graph(name)) for name in names)


def _by_finding(answer: Answer) -> list[FindingEvidence]:
    groups: dict[tuple[Value, Value], list[dict[str, Value]]] = {}
    for row in answer.rows:
        chain = dict(zip(answer.columns, row, strict=True))
        groups.setdefault((chain["review"], chain["finding"] or chain["factor"]), []).append(chain)
    return [_finding(chains) for chains in groups.values()]


def _finding(chains: Sequence[dict[str, Value]]) -> FindingEvidence:
    first = chains[0]
    about = "finding" if isinstance(first["finding"], Resource) else "factor"
    return FindingEvidence(
        first["review"],
        first["finding"],
        first[f"{about}Statement"],
        first[f"{about}Codes"],
        _grounds(chain for chain in chains if chain["relation"] != "contradicts" and _leads_on(chain)),
        _grounds(chain for chain in chains if chain["relation"] == "contradicts"),
    )


def _grounds(chains: Iterable[dict[str, Value]]) -> tuple[Ground, ...]:
    """Returns chains by the factor they go through; one without a factor by what it names first."""
    groups: dict[Value, list[dict[str, Value]]] = {}
    for chain in chains:
        first = next((chain[name] for name in ("factor", "perspective", "episode", "source") if chain[name]), None)
        groups.setdefault(first, []).append(chain)
    return tuple(
        Ground(group[0]["factorStatement"], group[0]["factorCodes"], tuple(group)) for group in groups.values()
    )


def _leads_on(chain: dict[str, Value]) -> bool:
    return any(chain[name] is not None for name in ("factor", "episode", "perspective", "source"))
