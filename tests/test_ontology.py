"""The ontology is complete, holds together, loads from its own folder alone, and lists its concepts in order."""

from __future__ import annotations

import shutil
import socket
from collections import Counter
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, URIRef

from learntogether_kg import ontology, resources
from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import BASE, CL, LT, LTS, ONTOLOGY_GRAPH, TYP

SRC = BASE + "sources#"
OURS = (str(LT), str(TYP), str(CL), str(LTS), SRC)
KINDS = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
GRAPH = ontology.load_ontology()
CONCEPTS = sorted(GRAPH.subjects(RDF.type, SKOS.Concept))
SCHEMES = sorted(GRAPH.subjects(RDF.type, SKOS.ConceptScheme))
CODE_LISTS = [scheme for scheme in SCHEMES if not scheme.startswith(TYP)]
PROPERTIES = sorted({iri for kind in KINDS for iri in GRAPH.subjects(RDF.type, kind) if str(iri).startswith(OURS)})
CLASSES = sorted(iri for iri in GRAPH.subjects(RDF.type, OWL.Class) if str(iri).startswith(OURS))
SOURCES = sorted(GRAPH.subjects(RDF.type, LT.PublishedSource))
FILES = resources.files("ontology", "**/*.ttl")


def english(iri: URIRef, predicate: URIRef) -> list[str]:
    return [str(text) for text in GRAPH.objects(iri, predicate) if isinstance(text, Literal) and text.language == "en"]


def has_source_or_says_provisional(iri: URIRef) -> bool:
    return any(GRAPH.objects(iri, DCTERMS.source)) or any(
        note.startswith("provisional: ") for note in english(iri, SKOS.editorialNote)
    )


def test_there_are_terms_to_check():
    assert len(CLASSES) > 30
    assert len(PROPERTIES) > 100
    assert len(CONCEPTS) > 200
    assert len(CODE_LISTS) == 42


def test_every_class_and_property_has_one_label_and_one_definition():
    terms = [*CLASSES, *PROPERTIES]
    assert [iri for iri in terms if len(english(iri, RDFS.label)) != 1 or len(english(iri, SKOS.definition)) != 1] == []


def test_every_concept_has_one_label_and_one_definition():
    assert [c for c in CONCEPTS if len(english(c, SKOS.prefLabel)) != 1 or len(english(c, SKOS.definition)) != 1] == []


def test_every_scheme_has_a_title_and_a_definition():
    assert [s for s in SCHEMES if len(english(s, DCTERMS.title)) != 1 or len(english(s, SKOS.definition)) != 1] == []


def test_every_term_concept_and_scheme_names_its_source_or_says_it_is_provisional():
    terms = [*CLASSES, *PROPERTIES, *CONCEPTS, *SCHEMES]
    assert [iri for iri in terms if not has_source_or_says_provisional(iri)] == []


def test_no_term_both_names_a_source_and_says_it_is_provisional():
    terms = [*CLASSES, *PROPERTIES, *CONCEPTS, *SCHEMES]
    sourced = [iri for iri in terms if any(GRAPH.objects(iri, DCTERMS.source))]
    assert [c for c in sourced if any(n.startswith("provisional") for n in english(c, SKOS.editorialNote))] == []


def test_every_definition_is_a_sentence_of_its_own():
    described = [*CLASSES, *PROPERTIES, *CONCEPTS, *SCHEMES]
    texts = {iri: english(iri, SKOS.definition)[0] for iri in described}
    assert [iri for iri, text in texts.items() if not text.endswith(".")] == []
    repeated = {text for text, count in Counter(texts.values()).items() if count > 1}
    assert [iri for iri, text in texts.items() if text in repeated] == []


def test_every_class_has_one_example_and_it_is_not_its_definition():
    assert [iri for iri in CLASSES if len(english(iri, SKOS.example)) != 1] == []
    assert [iri for iri in CLASSES if english(iri, SKOS.example) == english(iri, SKOS.definition)] == []


def test_every_source_is_described():
    cited = set(GRAPH.objects(None, DCTERMS.source))
    assert cited <= set(SOURCES)
    assert [each for each in SOURCES if len(english(each, DCTERMS.title)) != 1] == []
    assert [each for each in SOURCES if (each, RDF.type, DCTERMS.BibliographicResource) not in GRAPH] == []


def test_every_iri_of_ours_that_is_used_is_declared():
    used = {term for triple in GRAPH for term in triple if isinstance(term, URIRef) and str(term).startswith(OURS)}
    assert used - set(GRAPH.subjects(RDF.type, None)) == set()


def test_every_foreign_term_that_is_used_is_declared_in_a_local_copy():
    used = set(GRAPH.predicates()) | set(GRAPH.objects(None, RDF.type))
    foreign = {term for term in used if str(term).startswith((str(SKOS), str(DCTERMS)))}
    assert foreign - set(GRAPH.subjects(RDF.type, None)) == set()
    assert {
        term for term in used if not str(term).startswith((*OURS, str(SKOS), str(DCTERMS), *map(str, (RDF, RDFS, OWL))))
    } == set()


def test_every_property_is_of_one_kind_only():
    """OWL 2 DL: no name is at once two kinds of property."""
    declared = {iri for kind in KINDS for iri in GRAPH.subjects(RDF.type, kind)}
    assert [iri for iri in declared if sum((iri, RDF.type, kind) in GRAPH for kind in KINDS) != 1] == []


def test_every_term_of_ours_is_declared_in_one_file_and_defined_by_it():
    declared: dict[URIRef, list[Path]] = {}
    for path in FILES:
        module = Graph().parse(path)
        (own,) = module.subjects(RDF.type, OWL.Ontology)
        for iri in {s for s in module.subjects(RDF.type, None) if isinstance(s, URIRef) and str(s).startswith(OURS)}:
            declared.setdefault(iri, []).append(path)
            assert set(module.objects(iri, RDFS.isDefinedBy)) == {own}, iri
    assert {iri: paths for iri, paths in declared.items() if len(paths) > 1} == {}


def test_object_properties_range_over_classes_and_datatype_properties_over_datatypes_that_reasoners_accept():
    allowed = {XSD.string, XSD.integer, XSD.boolean, XSD.dateTime}
    ranges = {iri: set(GRAPH.objects(iri, RDFS.range)) for iri in PROPERTIES}
    assert [
        iri for iri in GRAPH.subjects(RDF.type, OWL.DatatypeProperty) if iri in ranges and not ranges[iri] <= allowed
    ] == []
    assert [
        iri for iri in GRAPH.subjects(RDF.type, OWL.ObjectProperty) if iri in ranges and ranges[iri] & allowed
    ] == []
    assert [iri for iri in PROPERTIES if len(ranges[iri]) > 1 or len(set(GRAPH.objects(iri, RDFS.domain))) > 1] == []


def test_terms_of_the_web_ontology_language_itself_are_not_changed():
    """OWL 2 DL keeps rdf:, rdfs: and owl: names for itself."""
    reserved = tuple(map(str, (RDF, RDFS, OWL)))
    assert [(s, o) for s, o in GRAPH.subject_objects(RDFS.subPropertyOf) if str(o).startswith(reserved)] == []
    assert [s for s in GRAPH.subjects() if isinstance(s, URIRef) and str(s).startswith(reserved)] == []


def test_blank_nodes_stand_only_for_class_expressions_and_lists():
    parts = (OWL.unionOf, OWL.intersectionOf, OWL.onProperty, RDF.first)
    expected = {node for part in parts for node in GRAPH.subjects(part, None) if isinstance(node, BNode)}
    assert {s for s in GRAPH.subjects() if isinstance(s, BNode)} == expected


def test_every_code_list_of_a_property_is_a_scheme_and_every_code_list_is_used():
    named = set(GRAPH.objects(None, LT.codeList))
    assert named == set(CODE_LISTS)
    coded = list(GRAPH.subjects(LT.codeList, None))
    assert [iri for iri in coded if (iri, RDFS.range, SKOS.Concept) not in GRAPH] == []


def test_the_six_types_are_not_disjoint_but_reviews_and_syntheses_are():
    pairs = {frozenset(pair) for pair in GRAPH.subject_objects(OWL.disjointWith)}
    assert pairs == {
        frozenset({LT.Review, LT.Synthesis}),
        frozenset({LT.Conversation, LT.DocumentarySource}),
        frozenset({SKOS.Concept, SKOS.ConceptScheme}),
    }
    assert list(GRAPH.subjects(RDF.type, OWL.AllDisjointClasses)) == []


def test_every_concept_is_in_one_scheme_but_not_stated_is_in_every_code_list():
    schemes = {concept: set(GRAPH.objects(concept, SKOS.inScheme)) for concept in CONCEPTS}
    assert schemes.pop(CL["not-stated"]) == set(CODE_LISTS)
    assert [concept for concept, found in schemes.items() if len(found) != 1 or not found <= set(SCHEMES)] == []


def test_every_concept_is_either_a_top_concept_or_below_another_of_its_scheme():
    for concept in CONCEPTS:
        top, above = set(GRAPH.objects(concept, SKOS.topConceptOf)), set(GRAPH.objects(concept, SKOS.broader))
        assert bool(top) != bool(above), concept
        assert top <= set(GRAPH.objects(concept, SKOS.inScheme)), concept
        for each in above:
            assert set(GRAPH.objects(each, SKOS.inScheme)) == set(GRAPH.objects(concept, SKOS.inScheme)), concept


def test_every_pattern_is_accepted_since_a_version_and_carries_no_influence():
    patterns = set(GRAPH.subjects(RDF.type, LT.Pattern))
    assert patterns == set(GRAPH.subjects(SKOS.inScheme, TYP.scheme)) - {TYP["no-type-fits"]}
    assert [iri for iri in patterns if GRAPH.value(iri, LT.sinceVersion) is None] == []
    assert {GRAPH.value(iri, LT.status) for iri in patterns} <= set(GRAPH.subjects(SKOS.inScheme, CL.statuses))
    assert list(GRAPH.subjects(LT.influence, None)) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_choices_are_unique_and_places_in_the_list_differ(scheme):
    listed = ontology.concepts(scheme)
    assert len({each.choice for each in listed}) == len(listed) >= 2
    assert [each for each in listed if not each.choice or not each.definition] == []
    places = Counter((each.broader, each.order) for each in listed)
    assert {place for place, count in places.items() if count > 1} == set()


@pytest.mark.parametrize("scheme", CODE_LISTS)
def test_not_stated_is_the_last_choice_of_every_code_list(scheme):
    assert ontology.concepts(scheme)[-1].choice == "Not stated"


def test_the_typology_lists_each_type_before_its_sub_patterns():
    choices = [each.choice for each in ontology.concepts(TYP.scheme)]
    assert choices[:4] == [
        "T1 Human-tool operation",
        "T1 › Assessment forms",
        "T1 › Assessment framework",
        "T1 › Case-management framework",
    ]
    assert choices[-5:] == [
        "T5 Family-professional interactions",
        "T5 › Salience of the mother",
        "T6 Human judgement and reasoning",
        "T6 › Failure to review judgements",
        "No type fits",
    ]
    assert "T4 Assessment and longer-term work" in choices


def test_the_same_label_under_two_types_is_two_concepts():
    same = [each for each in ontology.concepts(TYP.scheme) if each.label == "Nature of the task"]
    assert [each.choice for each in same] == ["T3 › Nature of the task", "T4 › Nature of the task"]
    assert same[0].iri == TYP["nature-of-the-task-incidents"]
    assert same[1].broader == (TYP["assessment-and-longer-term-work"],)


def test_kinds_of_artefact_say_which_class_their_instances_have():
    kinds = {each.iri: each.instance_class for each in ontology.concepts(CL["artefact-kinds"])}
    assert kinds.pop(CL["not-stated"]) is None
    assert set(kinds.values()) == {LT.Tool, LT.Guidance}
    assert kinds[CL["national-guidance"]] == LT.Guidance


# Schemes made for one test: what an extension may add.
PREFIXES = f"@prefix skos: <{SKOS}> . @prefix lt: <{LT}> . @prefix x: <urn:x:> ."


def listing(turtle: str) -> list[str]:
    graph = Graph().parse(data=PREFIXES + turtle, format="turtle")
    return [each.choice for each in ontology.list_concepts(graph, URIRef("urn:x:s"))]


def test_a_concept_below_two_others_stands_once_and_names_both():
    assert listing(
        'x:a skos:inScheme x:s ; skos:prefLabel "A"@en ; skos:notation "T1" ; lt:listOrder 1 . '
        'x:b skos:inScheme x:s ; skos:prefLabel "B"@en ; skos:notation "T2" ; lt:listOrder 2 . '
        'x:c skos:inScheme x:s ; skos:prefLabel "C"@en ; skos:broader x:b, x:a . '
        'x:d skos:inScheme x:s ; skos:prefLabel "D"@en ; skos:broader x:c . '
    ) == ["T1 A", "T1/T2 › C", "T1/T2 › C › D", "T2 B"]


def test_list_order_decides_before_the_iri_does():
    assert listing(
        'x:a skos:inScheme x:s ; skos:prefLabel "A"@en ; lt:listOrder 10 . '
        'x:b skos:inScheme x:s ; skos:prefLabel "B"@en ; lt:listOrder 9 . '
        'x:c skos:inScheme x:s ; skos:prefLabel "C"@en . '
    ) == ["B", "A", "C"]


def test_two_concepts_that_read_the_same_are_refused():
    with pytest.raises(OntologyError, match="both read 'A'"):
        listing('x:a skos:inScheme x:s ; skos:prefLabel "A"@en . x:b skos:inScheme x:s ; skos:prefLabel "A"@en . ')


def test_a_concept_above_itself_is_refused():
    with pytest.raises(OntologyError, match="above itself"):
        listing(
            'x:top skos:inScheme x:s ; skos:prefLabel "T"@en . '
            'x:a skos:inScheme x:s ; skos:prefLabel "A"@en ; skos:broader x:top, x:b . '
            'x:b skos:inScheme x:s ; skos:prefLabel "B"@en ; skos:broader x:a . '
        )


def test_the_ontology_loads_with_sockets_disabled(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(ontology.read_ontology(resources.folder("ontology"))) == len(GRAPH)


def test_every_file_of_the_folder_is_reached():
    ours = {path for path in FILES if path.parent.name not in ("imports", "alignments")}
    declared = {iri for path in ours for iri in Graph().parse(path).subjects(RDF.type, OWL.Ontology)}
    assert declared <= set(GRAPH.subjects(RDF.type, OWL.Ontology))


def test_the_header_has_a_version_and_declares_nothing_else():
    header = Graph().parse(resources.folder("ontology") / "learntogether.ttl")
    assert set(header.subjects()) == {ONTOLOGY_GRAPH}
    assert header.value(ONTOLOGY_GRAPH, OWL.versionInfo) == Literal("0.2.0")
    assert header.value(ONTOLOGY_GRAPH, OWL.versionIRI) == URIRef(f"{ONTOLOGY_GRAPH}/0.2.0")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(resources.folder("ontology"), tmp_path / "ontology")


def test_an_import_without_a_local_copy_is_an_error_that_names_file_and_import(folder):
    (folder / "imports" / "skos.ttl").unlink()
    with pytest.raises(OntologyError, match=r"imports <http://www\.w3\.org/2004/02/skos/core>") as caught:
        ontology.read_ontology(folder)
    assert folder in Path(caught.value.file).parents


def test_a_file_that_is_not_turtle_is_an_error_that_names_file_and_line(folder):
    broken = folder / "agents.ttl"
    broken.write_text("@prefix a: <urn:a:> .\n\na:b a:c a:d\na:e a:f a:g .\n")
    with pytest.raises(OntologyError, match=r"agents\.ttl: line 4: not Turtle") as caught:
        ontology.read_ontology(folder)
    assert caught.value.file == broken


def test_a_file_in_another_encoding_is_an_error(folder):
    (folder / "agents.ttl").write_bytes(b"# \xff\xfe")
    with pytest.raises(OntologyError, match="cannot be read"):
        ontology.read_ontology(folder)


def test_two_files_with_the_same_ontology_are_an_error(folder):
    shutil.copy(folder / "agents.ttl", folder / "copy.ttl")
    with pytest.raises(OntologyError, match="declares already"):
        ontology.read_ontology(folder)


def test_a_file_without_an_ontology_is_an_error(folder):
    (folder / "extra.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    with pytest.raises(OntologyError, match="declares 0 ontologies"):
        ontology.read_ontology(folder)


def test_a_folder_without_the_root_is_an_error(tmp_path):
    with pytest.raises(OntologyError, match="no file declares the ontology"):
        ontology.read_ontology(tmp_path)


def test_an_extension_is_loaded_though_nothing_imports_it(folder):
    (folder / "extensions").mkdir(exist_ok=True)
    (folder / "extensions" / "more.ttl").write_text(
        f"<urn:more> a <{OWL.Ontology}> ; <{OWL.imports}> <{ONTOLOGY_GRAPH}> ."
        f"<urn:x> <{SKOS.inScheme}> <{TYP.scheme}> ."
    )
    assert (URIRef("urn:x"), SKOS.inScheme, TYP.scheme) in ontology.read_ontology(folder)


def test_a_file_that_nothing_imports_is_left_out(folder):
    (folder / "stray.ttl").write_text(f"<urn:stray> a <{OWL.Ontology}> .")
    assert (URIRef("urn:stray"), RDF.type, OWL.Ontology) not in ontology.read_ontology(folder)


def test_the_fingerprint_follows_the_text_and_not_the_line_ends(folder, monkeypatch):
    monkeypatch.setattr(resources, "folder", lambda name: folder)
    before = ontology.fingerprint.__wrapped__()
    assert before == ontology.fingerprint()
    file = folder / "agents.ttl"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert ontology.fingerprint.__wrapped__() == before
    file.write_text(file.read_text().replace("review team", "team of reviewers"))
    assert ontology.fingerprint.__wrapped__() != before


def test_the_shapes_load():
    assert len(ontology.load_shapes()) > 0
