"""Mappings to other schemes stand in SSSOM files, are told with their ground, and change nothing of the typology."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from rdflib import DCTERMS, OWL, RDF, SH, SKOS, Graph, URIRef

from learntogether_kg import ontology, queries, resources, reviews, sssom
from learntogether_kg.errors import OntologyError, UndescribedTermsError
from learntogether_kg.ingest.layout import choices, sheets
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT, LTS, TYP
from learntogether_kg.typology import versions
from learntogether_kg.typology.changes import Kind, compare
from learntogether_kg.typology.extension import check_extension

pytestmark = pytest.mark.usefixtures("vetted_ontology")
FILES = resources.files("ontology", "mappings/*.sssom.tsv")
REAL = "headings-and-clinical-factors"
WHOLE = ontology.load_ontology()
NO_TERM = "sssom:NoTermFound"


@dataclass(frozen=True)
class Told:
    """A mapping file as this test reads it, by the words of the specification alone."""

    head: dict[str, object]
    rows: list[dict[str, str]]

    @classmethod
    def of(cls, file: Path) -> Told:
        lines = file.read_text(encoding="utf-8").splitlines()
        head = [line[1:] for line in lines if line.startswith("#")]
        rows = csv.DictReader(lines[len(head) :], delimiter="\t")
        return cls(yaml.safe_load("\n".join(head)), list(rows))

    def iri(self, name: str) -> URIRef:
        prefixes = {"skos": str(SKOS), "semapv": "https://w3id.org/semapv/vocab/", "sssom": "https://w3id.org/sssom/"}
        prefix, _, local = name.partition(":")
        return URIRef({**prefixes, **self.head["curie_map"]}[prefix] + local)


def rows() -> Iterator[tuple[Told, dict[str, str]]]:
    for file in FILES:
        told = Told.of(file)
        yield from ((told, row) for row in told.rows)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_row_stands_in_the_ontology_with_its_ground(file: Path) -> None:
    told = Told.of(file)
    nodes = set(WHOLE.subjects(LT.inMappingSet, URIRef(str(told.head["mapping_set_id"]))))
    assert len(nodes) == len(told.rows)
    for row in told.rows:
        ends = [told.iri(row[name]) for name in ("subject_id", "predicate_id", "object_id")]
        assert (tuple(ends) in WHOLE) == (NO_TERM not in row.values()), row
        (node,) = (
            n
            for n in nodes
            if [WHOLE.value(n, LT[f"mapping{end}"]) for end in ("Subject", "Relation", "Object")] == ends
        )
        assert WHOLE.value(node, LT.mappingJustification) == told.iri(row["mapping_justification"])
        source = told.iri(row["mapping_source"]) if row["mapping_source"] else None
        assert WHOLE.value(node, DCTERMS.source) == source
        note = WHOLE.value(node, SKOS.editorialNote if source is None else SKOS.scopeNote)
        assert str(note) == row["comment"]
        assert [str(each) for each in WHOLE.objects(node, DCTERMS.creator)] == [row["author_label"]]
        assert str(WHOLE.value(node, DCTERMS.date)) == str(told.head["mapping_date"])


def test_nothing_else_is_mapped_but_items_to_their_headings() -> None:
    """So every mapping of a pattern has somebody who says it."""
    stated = {(s, SKOS[name], o) for name in sssom.RELATIONS for s, o in WHOLE.subject_objects(SKOS[name])}
    told = {
        (WHOLE.value(n, LT.mappingSubject), WHOLE.value(n, LT.mappingRelation), WHOLE.value(n, LT.mappingObject))
        for n in WHOLE.subjects(RDF.type, LT.Mapping)
    }
    items = {(s, p, o) for s, p, o in stated if "#item-" in s}
    assert {p for _, p, _ in items} == {SKOS.broadMatch}
    assert stated - items == {each for each in told if sssom.NO_TERM not in each}


def test_each_mapping_names_a_source_or_is_provisional_and_then_nobody_is_sure() -> None:
    for _, row in rows():
        assert bool(row["mapping_source"]) != row["comment"].startswith("provisional: "), row
        assert not row.get("confidence")


def test_labels_in_the_files_are_those_of_the_terms() -> None:
    for told, row in rows():
        for end in ("subject", "object"):
            name = row[f"{end}_id"]
            label = "" if name == NO_TERM else str(WHOLE.value(told.iri(name), SKOS.prefLabel))
            assert row[f"{end}_label"] == label


def test_one_mapping_rests_on_sources_and_the_others_say_that_they_do_not() -> None:
    sourced = {
        file.name.removesuffix(sssom.SUFFIX) for file in FILES for row in Told.of(file).rows if row["mapping_source"]
    }
    assert sourced == {REAL}
    for file in FILES:
        assert ("(provisional)" in str(Told.of(file).head["mapping_set_title"])) == (REAL not in file.name)


def test_several_schemes_live_side_by_side_and_none_is_coded_by_but_ours(sample_library: Library) -> None:
    others = [iri for iri in versions.known().values() if (iri, RDF.type, SKOS.ConceptScheme) in WHOLE]
    assert set(others) == {TYP["later-wording"], TYP["clinical-factors"]}
    offered = {c.iri for sheet in sheets() for column in sheet.columns for c in choices(column.entries)}
    for scheme in others:
        terms = {concept.iri for concept in ontology.concepts(scheme)}
        assert len(terms) >= 6
        assert terms & ({c.iri for c in ontology.concepts(TYP.scheme)} | offered) == set()
        assert [iri for iri in terms if (iri, RDF.type, LT.Pattern) in WHOLE] == []
    found = queries.ask(
        sample_library.current().store, "mappings", {"pattern": "typ:human-tool-operation"}
    ).as_records()
    assert {row["scheme"]["iri"] for row in found} == set(map(str, others))


def test_a_new_file_in_the_folder_is_read_without_more(tmp_path: Path) -> None:
    folder = shutil.copytree(resources.folder("ontology"), tmp_path / "ontology")
    (folder / "mappings" / "more.sssom.tsv").write_text(
        made(("typ:clear-roles", "broadMatch", "typ:clinical-team-factors"))
    )
    assert (TYP["clear-roles"], SKOS.broadMatch, TYP["clinical-team-factors"]) in ontology.read_ontology(folder)


def test_a_mapping_file_makes_a_version_in_which_only_mappings_changed(tmp_path: Path) -> None:
    file = written(tmp_path, made(("typ:clear-roles", "broadMatch", "typ:clinical-team-factors")))
    changes = compare(versions.find("version-2008"), versions.find(str(file)))
    assert [(change.kinds, change.old and change.old.label) for change in changes] == [
        ((Kind.MAPPING_CHANGED,), "Clear roles")
    ]
    assert changes[0].details == ("mappings: none → broadMatch Team factors",)


def test_a_library_takes_and_keeps_a_mapping_file(tmp_path: Path) -> None:
    file = written(tmp_path, made(("typ:clear-roles", "broadMatch", "typ:clinical-team-factors")))
    library = reviews.init(tmp_path / "library", [file])
    found = queries.ask(library.current().store, "mappings", {"pattern": "typ:clear-roles"}).as_records()
    assert [(row["relation"], row["term"]["label"]) for row in found] == [("narrower than the term", "Team factors")]
    assert [each.read_bytes() for each in library.current().extensions()] == [file.read_bytes()]
    assert [each.name for each in library.current().extensions()] == ["01.sssom.tsv"]


# What is refused

HEAD = """#mapping_set_id: https://example.org/mappings
#mapping_set_title: Made up
#license: https://w3id.org/sssom/license/unspecified
#curie_map:
#  typ: https://w3id.org/learntogether/typology#
#  src: https://w3id.org/learntogether/sources#
"""
COLUMNS = (
    "subject_id",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "mapping_source",
    "confidence",
    "comment",
)
GOOD = (
    "typ:clear-roles",
    "skos:broadMatch",
    "typ:clinical-team-factors",
    "semapv:ManualMappingCuration",
    "src:report-19",
    "",
    "",
)


def table(*lines: tuple[str, ...], columns: tuple[str, ...] = COLUMNS, head: str = HEAD) -> str:
    return head + "".join("\t".join(line) + "\n" for line in (columns, *lines))


def made(*triples: tuple[str, str, str]) -> str:
    return table(*((s, f"skos:{p}", o, *GOOD[3:]) for s, p, o in triples))


def written(folder: Path, text: str) -> Path:
    file = folder / "more.sssom.tsv"
    file.write_text(text, encoding="utf-8")
    return file


def changed(place: int, text: str) -> tuple[str, ...]:
    return (*GOOD[:place], text, *GOOD[place + 1 :])


BAD = {
    "empty": ("", "line 1: it has no head"),
    "no-head": (table(GOOD, head=""), "line 1: it has no head"),
    "no-yaml": (table(GOOD, head=HEAD + "#a: [\n"), r"line \d+: the head is no YAML"),
    "no-names": (table(GOOD, head="#text\n"), "line 1: the head says no names with values"),
    "unknown-name": (table(GOOD, head=HEAD + "#licence: x\n"), "SSSOM knows no 'licence' of a set"),
    "name-of-a-row": (table(GOOD, head=HEAD + "#subject_id: typ:x\n"), "SSSOM knows no 'subject_id' of a set"),
    "no-licence": (
        table(GOOD, head=HEAD.replace("#license", "#comment")),
        "it has no license; add a line `#license: …`",
    ),
    "no-set": (table(GOOD, head=HEAD.replace("#mapping_set_id", "#comment")), "it has no mapping_set_id"),
    "relative-set": (table(GOOD, head=HEAD.replace("https://example.org/", "")), "no address that begins with https"),
    "odd-prefixes": (
        table(GOOD, head=HEAD.replace("#  typ: h", "#  - h").replace("#  src: h", "#  - h")),
        "curie_map: give",
    ),
    "nested": (table(GOOD, head=HEAD + "#comment: " + "[" * 3000 + "]" * 3000 + "\n"), "the head"),
    "many-of-one": (table(GOOD, head=HEAD + "#comment: [a, b]\n"), "comment: give one text"),
    "no-table": (HEAD, "line 7: there is no table under the head"),
    "no-rows": (table(), "line 7: there is no mapping under the names of the columns"),
    "no-column": (table(GOOD[1:], columns=COLUMNS[1:]), "line 7: there is no column subject_id"),
    "odd-column": (
        table((*GOOD, ""), columns=(*COLUMNS, "sure")),
        "line 7, column 8: 'sure': SSSOM knows no such column",
    ),
    "twice": (table((*GOOD, ""), columns=(*COLUMNS, "comment")), "line 7, column 8: 'comment': it stands there twice"),
    "long-row": (table((*GOOD, "x")), "line 8: it has 8 cells and there are 7 columns"),
    "open-quote": (table(changed(6, '"x')), "line 8: it is no row of a table"),
    "no-end": (table(GOOD, changed(0, "")), r"line 9, column 1 \(subject_id\): it is empty"),
    "no-name": (
        table(changed(2, "team factors")),
        r"line 8, column 3 \(object_id\): 'team factors' is no name such as",
    ),
    "prefix": (
        table(changed(2, "hfacs:x")),
        r"line 8, column 3 \(object_id\): the prefix of 'hfacs:x' stands in no curie_map",
    ),
    "file": (
        table(changed(2, "file:///etc/passwd")),
        r"line 8, column 3 \(object_id\): 'file:///etc/passwd' is no name",
    ),
    "relation": (
        table(changed(1, "owl:sameAs")),
        r"line 8, column 2 \(predicate_id\): a relation is one of skos:exactMatch",
    ),
    "justification": (table(changed(3, "")), r"line 8, column 4 \(mapping_justification\): it is empty"),
    "confidence": (table(changed(5, "very")), r"line 8, column 6 \(confidence\): 'very' is no number from 0 to 1"),
    "over-one": (table(changed(5, "1.5")), r"line 8, column 6 \(confidence\): '1.5' is no number from 0 to 1"),
    "date": (
        table((*GOOD, "25/11"), columns=(*COLUMNS, "mapping_date")),
        r"line 8, column 8 \(mapping_date\): '25/11' is no date",
    ),
    "not": (table((*GOOD, "Not"), columns=(*COLUMNS, "predicate_modifier")), "cannot be told in SKOS; leave it out"),
    "same-pair": (table(GOOD, changed(1, "skos:closeMatch")), "line 9: it maps the same two terms as line 8"),
    "own-set": (
        table(GOOD, head=HEAD.replace("example.org/mappings", "w3id.org/learntogether/mappings/later-wording")),
        "declares already",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence_with_its_place(tmp_path: Path, case: str) -> None:
    text, said = BAD[case]
    with pytest.raises(OntologyError, match=said) as refused:
        check_extension(written(tmp_path, text))
    assert "more.sssom.tsv" in str(refused.value)
    assert "\n" not in str(refused.value)


GAPS = {
    "MappingShape-subject": (changed(0, "typ:no-such"), 1),
    "MappingShape-object": (changed(2, "https://example.org/nowhere"), 3),
    "MappingShape-otherTerm": (changed(2, "typ:clear-roles"), 3),
    "MappingAcrossSchemesShape": (changed(2, "typ:supervision"), 3),
    "MappingShape-justification": (changed(3, "typ:supervision"), 4),
    "MappingShape-source": (changed(4, ""), 7),
    "ProvisionalMappingShape": ((*GOOD[:4], "", "0.9", "provisional: a guess"), 6),
}
REFUSED_BEFORE = {"MappingShape-relation": "relation", "MappingShape-sure": "long-row"}
"""Rules that no file can break, since what breaks them is refused when it is read; each with the case above."""
SHAPES = Graph().parse(resources.folder("shapes") / "typology" / "mapping.ttl")


@pytest.mark.parametrize("shape", GAPS)
def test_a_row_that_breaks_a_rule_is_told_with_its_cell(tmp_path: Path, shape: str) -> None:
    row, column = GAPS[shape]
    message = str(SHAPES.value(LTS[shape], SH.message))
    slot = COLUMNS[column - 1]
    with pytest.raises(UndescribedTermsError) as refused:
        check_extension(
            written(tmp_path, table((*GOOD[:1], "skos:closeMatch", "typ:clinical-task-factors", *GOOD[3:]), row))
        )
    assert refused.value.gaps == (f"line 9, column {column} ({slot}): {message}",)


def test_each_rule_has_a_row_that_breaks_it() -> None:
    rules = {str(shape).removeprefix(str(LTS)) for shape in SHAPES.subjects(SH.message)}
    assert rules == GAPS.keys() | REFUSED_BEFORE.keys()
    assert set(REFUSED_BEFORE.values()) <= BAD.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_what_is_shipped_breaks_no_rule(file: Path) -> None:
    found = check_extension(file)
    assert (found.kind, len(found.terms)) == ("mapping", len(Told.of(file).rows))


def test_a_row_that_is_provisional_or_finds_no_term_is_fine(tmp_path: Path) -> None:
    provisional = (*changed(2, "typ:clinical-task-factors")[:4], "", "", "provisional: a guess")
    assert len(check_extension(written(tmp_path, table(provisional, changed(2, NO_TERM)))).terms) == 2


def test_values_in_the_head_hold_for_rows_that_say_nothing(tmp_path: Path) -> None:
    """SSSOM calls this propagation; a row that says something keeps its own word."""
    text = table(
        (*GOOD, ""),
        (*changed(2, "typ:clinical-task-factors"), "2026-01-02"),
        columns=(*COLUMNS, "mapping_date"),
        head=HEAD + "#mapping_date: 2025-12-31\n",
    )
    read = ontology.read_file(written(tmp_path, text))
    dates = {
        str(read.value(n, LT.mappingObject)): str(read.value(n, DCTERMS.date))
        for n in read.subjects(RDF.type, LT.Mapping)
    }
    assert dates == {str(TYP["clinical-team-factors"]): "2025-12-31", str(TYP["clinical-task-factors"]): "2026-01-02"}


def test_cells_may_be_quoted_and_hold_tabs_and_lines(tmp_path: Path) -> None:
    text = table(changed(6, '"a ""word""\tand\nmore"'), changed(2, "x"))
    with pytest.raises(OntologyError, match=r"line 10, column 3 \(object_id\): 'x' is no name"):
        ontology.read_file(written(tmp_path, text))


def test_the_slots_are_those_of_the_standard() -> None:
    """Of SSSOM 1.1: what a set must have, and what a mapping must have unless an end is a mere text."""
    slots = sssom.slots()
    assert {"mapping_set_id", "license"} <= {name for name, slot in slots.items() if slot.set}
    assert {"subject_id", "object_id", "predicate_id", "mapping_justification"} <= {
        n for n, s in slots.items() if s.mapping
    }
    assert sum(slot.mapping for slot in slots.values()) == 49
    assert sum(slot.set for slot in slots.values()) == 37
    assert [
        name
        for name, slot in slots.items()
        if slot.property is not None and not any(WHOLE.triples((None, slot.property, None)))
    ] == ["confidence"], "each is used but for the one of which nobody is sure"


def test_mapping_files_declare_one_ontology_each_and_repeat_no_statement() -> None:
    declared = [iri for file in FILES for iri in ontology.declared_ontologies(file)]
    assert len(set(declared)) == len(FILES)
    assert all((iri, RDF.type, OWL.Ontology) in WHOLE for iri in declared)
    for file in FILES:
        found = sssom.read(file, file.read_text(encoding="utf-8")).triples
        assert len(found) == len(set(found))
