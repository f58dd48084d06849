"""Recoding: what a person decided a classification becomes, put into the review's graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import RDF, XSD, Graph, Literal, URIRef

from learntogether_kg.ingest.dates import bounds
from learntogether_kg.namespaces import CL, CODER, LT

_OF_THE_EARLIER = (
    LT.pattern,
    LT.underTypology,
    LT.dateAsStated,
    LT.earliest,
    LT.latest,
    LT.notStated,
    LT.recodedFrom,
    LT.recodedFromVersion,
    LT.recodedFromDate,
    LT.recodedBy,
)

_KEPT_OF_IT = {
    LT.recodedFrom: LT.pattern,
    LT.recodedFromVersion: LT.underTypology,
    LT.recodedFromDate: LT.dateAsStated,
}


@dataclass(frozen=True)
class Decision:
    """What one classification becomes.

    Attributes:
        node: The classification.
        pattern: What it is classified as from now on.
        coder: The code of the person who decided.
        date: When, as that person wrote it.
    """

    node: URIRef
    pattern: URIRef
    coder: str
    date: str


def recode(graph: Graph, decisions: Iterable[Decision], version: URIRef) -> Graph:
    """Returns a review's graph with some classifications made anew under a newer version of the typology.

    The earlier one gives way to the later, which keeps its coder, item, influence and place, and says what it was
    recoded from, under which version, dated when, and by whom. The earlier stays in the releases that hold it.

    Args:
        graph: The review's graph; it is not changed.
        decisions: What was decided.
        version: The newer version.
    """
    made = Graph(identifier=graph.identifier)
    made += graph
    for each in decisions:
        after = URIRef(f"{str(each.node).partition('--')[0]}--{version.rpartition('#')[2].rpartition('/')[2]}")
        for predicate, value in graph.predicate_objects(each.node):
            made.remove((each.node, predicate, value))
            if predicate not in _OF_THE_EARLIER:
                made.add((after, predicate, value))
        for predicate, earlier in _KEPT_OF_IT.items():
            for value in graph.objects(each.node, earlier):
                made.add((after, predicate, value))
        who = CODER[each.coder]
        made.add((after, LT.pattern, each.pattern))
        made.add((after, LT.underTypology, version))
        made.add((after, LT.recodedBy, who))
        made.add((after, LT.dateAsStated, Literal(each.date)))
        for predicate, instant in zip((LT.earliest, LT.latest), bounds(each.date) or (), strict=False):
            made.add((after, predicate, Literal(instant, datatype=XSD.dateTime)))
        if (who, RDF.type, LT.Coder) not in made:
            made.add((who, RDF.type, LT.Coder))
            made.add((who, LT.coderCode, Literal(each.coder)))
            made.add((who, LT.coderKind, CL.human))
    return made
