"""The later wording of the six types is on record, provisional, and takes part in no coding and no count."""

from __future__ import annotations

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef

from learntogether_kg import ontology, queries, query_files, resources
from learntogether_kg.ingest.layout import choices, sheets
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT, TYP

WHOLE = ontology.load_ontology()
OWN = Graph().parse(resources.folder("ontology") / "extensions" / "later-wording.ttl")
MAPPED = ontology.read_file(resources.folder("ontology") / "mappings" / "later-wording.sssom.tsv")
SCHEME = TYP["later-wording"]
TERMS = set(OWN.subjects(SKOS.inScheme, SCHEME))
TYPES = set(WHOLE.subjects(RDF.type, LT.PatternType))


def test_each_term_comes_close_to_one_type_of_2008_and_each_type_to_one_term() -> None:
    pairs = set(MAPPED.subject_objects(SKOS.closeMatch))
    assert {term for term, _ in pairs} == TERMS
    assert {kind for _, kind in pairs} == TYPES
    assert len(pairs) == len(TERMS) == 6


def test_all_of_it_says_that_it_is_provisional_and_names_no_source() -> None:
    for iri in TERMS | {SCHEME}:
        assert [str(note)[:13] for note in OWN.objects(iri, SKOS.editorialNote)] == ["provisional: "]
        assert (iri, DCTERMS.source, None) not in OWN
    assert "(provisional)" in str(OWN.value(SCHEME, SKOS.prefLabel))


def test_it_says_nothing_of_the_terms_of_2008() -> None:
    """Mappings are stated by the later terms, so that the published typology stays as it is."""
    assert {
        s for s in OWN.subjects() if isinstance(s, URIRef) and s in set(WHOLE.subjects(SKOS.inScheme, TYP.scheme))
    } == set()


def test_no_term_of_it_is_a_pattern_or_stands_below_one() -> None:
    assert [term for term in TERMS if set(WHOLE.objects(term, RDF.type)) != {SKOS.Concept}] == []
    assert [term for term in TERMS if (term, SKOS.broader, None) in WHOLE or (None, SKOS.broader, term) in WHOLE] == []
    assert TERMS & {concept.iri for concept in ontology.concepts(TYP.scheme)} == set()


def test_no_list_of_the_workbook_offers_it() -> None:
    offered = {c.iri for sheet in sheets() for column in sheet.columns for c in choices(column.entries)}
    assert offered & (TERMS | {SCHEME}) == set()
    versions = {
        str(label) for iri in WHOLE.subjects(RDF.type, LT.TypologyVersion) for label in WHOLE.objects(iri, RDFS.label)
    }
    assert versions == {"Typology of 2008"}


def test_no_query_but_that_on_mappings_answers_with_it(sample_library: Library) -> None:
    store = sample_library.current().store
    for name in query_files.catalogue():
        told = "".join(queries.ask(store, name).as_csv())
        assert (str(TYP["later-"]) in told) == (name == "mappings"), name


def test_the_types_of_2008_keep_their_words() -> None:
    assert WHOLE.value(TYP["human-tool-operation"], SKOS.prefLabel) == Literal("Human-tool operation", lang="en")
