"""Small random libraries, as graphs: whatever a few reviews may hold that bears on a count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef

from learntogether_kg import resources
from learntogether_kg.namespaces import CL, CODER, LT, ONTOLOGY_GRAPH, REVIEW, TYP
from learntogether_kg.store.oxigraph import OxigraphStore
from tests.stores import ontology_graph

LATER = TYP["version-synthetic"]
PATTERNS = (
    "human-tool-operation",
    "assessment-forms",
    "human-management-system-operation",
    "family-professional-interactions",
    "supervision",
    "clear-roles",
    "synthetic-shared",  # under two types
    "synthetic-later",  # younger than the version of 2008
    "synthetic-moved",  # carries on supervision under another type
    "synthetic-type",  # carries on a type
    "no-type-fits",
)
CODERS = {"random-a": CL.human, "random-b": CL.human, "random-m": CL.machine}


@dataclass
class Library:
    """A random library: its reviews' graphs, and the graph of the typology."""

    graphs: dict[URIRef, Graph] = field(default_factory=dict)

    def store(self) -> OxigraphStore:
        """Returns a store that holds it, with its default coder chosen."""
        store = OxigraphStore.in_memory([(ONTOLOGY_GRAPH, typology()), *self.graphs.items()])
        store.update((resources.folder("queries") / "materialise" / "default-coder.ru").read_text(encoding="utf-8"))
        return store


_TYPOLOGY: list[Graph] = []


def typology() -> Graph:
    """Returns the ontology with a later version, patterns that only it has or that carry on, one under two types."""
    if not _TYPOLOGY:
        graph = ontology_graph()
        graph.add((LATER, RDF.type, LT.TypologyVersion))
        graph.add((LATER, DCTERMS.replaces, TYP["version-2008"]))
        for name, types, since in (
            ("synthetic-shared", ("human-tool-operation", "incidents-and-crises"), TYP["version-2008"]),
            ("synthetic-later", ("human-tool-operation",), LATER),
            ("synthetic-moved", ("human-tool-operation",), LATER),
            ("synthetic-type", (), LATER),
        ):
            pattern = TYP[name]
            graph.add((pattern, RDF.type, LT.Pattern))
            graph.add((pattern, SKOS.prefLabel, Literal(name, lang="en")))
            graph.add((pattern, LT.sinceVersion, since))
            for kind in types:
                graph.add((pattern, SKOS.broader, TYP[kind]))
        graph.add((TYP["synthetic-type"], RDF.type, LT.PatternType))
        graph.add((TYP["synthetic-type"], SKOS.notation, Literal("T7")))
        for later, earlier in (
            ("synthetic-moved", "supervision"),
            ("synthetic-type", "family-professional-interactions"),
        ):
            graph.add((TYP[later], LT.carriesOn, TYP[earlier]))
        graph.add((LATER, RDFS.label, Literal("later", lang="en")))
        _TYPOLOGY.append(graph)
    return _TYPOLOGY[0]


def _subsets(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=len(names))


@st.composite
def libraries(draw: st.DrawFn, most: int = 5) -> Library:
    """Up to so many reviews, each coded by none to three coders."""
    library = Library()
    for number in range(draw(st.integers(0, most))):
        review = REVIEW[f"random-{number}"]
        library.graphs[review] = _review(draw, review, number)
    return library


def _review(draw: st.DrawFn, review: URIRef, number: int) -> Graph:
    graph = Graph(identifier=review)
    graph.add((review, RDF.type, LT.Review))
    graph.add((review, LT.publicLabel, Literal(f"Random review {number}")))
    _facts(draw, graph, review)
    items = _items(draw, graph, review, number)
    for code in draw(_subsets(*CODERS)):
        _coding(draw, graph, review, code, items)
    return graph


def _facts(draw: st.DrawFn, graph: Graph, review: URIRef) -> None:
    if (declared := draw(st.sampled_from([None, 1, 3]))) is not None:
        graph.add((review, LT.findingsDeclared, Literal(declared)))
    if (source := draw(st.sampled_from([None, "full-report", "not-stated"]))) is not None:
        graph.add((review, LT.capturedFrom, CL[source]))
    for year in ("publicationYear", "reportYear", "periodEndYear"):
        if (value := draw(st.sampled_from([None, 2015, 2016]))) is not None:
            graph.add((review, LT[year], Literal(value)))
    for name, values in (
        ("questionKind", ("harm", "valued-practice", "not-stated")),
        ("harm", ("neglect", "not-stated")),
    ):
        for value in draw(_subsets(*values)):
            graph.add((review, LT[name], CL[value]))


def _items(draw: st.DrawFn, graph: Graph, review: URIRef, number: int) -> list[URIRef]:
    """Returns the findings and factors of a review."""
    agencies = [
        _part(graph, review, f"A{place}", "Agency", agencyKind=CL[kind])
        for place, kind in enumerate(draw(_subsets("police", "childrens-social-care", "not-stated")))
    ]
    findings = [
        _part(graph, review, name, "Finding", localId=Literal(name), statement=Literal(f"{name} of {number}"))
        for name in ("F2", "F10")[: draw(st.integers(0, 2))]
    ]
    for finding in findings:
        for stated in draw(_subsets("numbered-finding", "theme")):
            graph.add((finding, LT.statedAs, CL[stated]))
    factors = [
        _part(graph, review, f"X{place}", "ContributoryFactor", systemLevel=CL[level])
        for place, level in enumerate(draw(_subsets("front-line-level", "national-system-level")))
    ]
    for factor in factors:
        if agencies and draw(st.booleans()):
            graph.add((factor, LT.agency, draw(st.sampled_from(agencies))))
    for finding in findings:
        for factor in factors:
            if draw(st.booleans()):
                graph.add((finding, LT.supportedBy, factor))
    return [*findings, *factors]


def _coding(draw: st.DrawFn, graph: Graph, review: URIRef, code: str, items: list[URIRef]) -> None:
    coder = CODER[code]
    graph.add((coder, RDF.type, LT.Coder))
    graph.add((coder, LT.coderCode, Literal(code)))
    graph.add((coder, LT.coderKind, CODERS[code]))
    version = draw(st.sampled_from([TYP["version-2008"], LATER]))
    said: dict[str, Any] = {"codedBy": coder, "underTypology": version}
    extent = CL[draw(st.sampled_from(["whole-report", "captured-statements"]))]
    level = CL[draw(st.sampled_from(["types-only", "types-and-sub-patterns"]))]
    _part(graph, review, f"S-{code}", "CodingScope", extent=extent, codingLevel=level, **said)
    for place, item in enumerate(items):
        for rank, pattern in enumerate(draw(st.lists(st.sampled_from(PATTERNS), unique=True, max_size=2))):
            influence = CL[draw(st.sampled_from(["unsafe", "constructive", "not-stated"]))]
            name = f"K-{code}-{place}-{rank}"
            primary = Literal(rank == 0)
            _part(
                graph,
                review,
                name,
                "Classification",
                classifies=item,
                pattern=TYP[pattern],
                primary=primary,
                influence=influence,
                **said,
            )
    for place, pattern in enumerate(draw(_subsets("human-tool-operation", "supervision", "synthetic-moved"))):
        result = CL[draw(st.sampled_from(["looked-for-not-found", "cannot-tell"]))]
        name = f"P-{code}-{place}"
        _part(graph, review, name, "PatternAssessment", assesses=TYP[pattern], assessmentResult=result, **said)


def _part(graph: Graph, review: URIRef, name: str, kind: str, **properties: URIRef | Literal) -> URIRef:
    part = URIRef(f"{review}/{name}")
    graph.add((part, RDF.type, LT[kind]))
    graph.add((part, LT.inReview, review))
    for predicate, value in properties.items():
        graph.add((part, LT[predicate], value))
    return part
