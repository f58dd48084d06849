"""The typology in every form that it is written in says the same."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from rdflib import DCTERMS, RDF, SKOS, Graph, Literal, URIRef

from learntogether_kg import ontology, sssom
from learntogether_kg.errors import OntologyError, UnreadableFileError
from learntogether_kg.namespaces import LT, TYP
from learntogether_kg.typology import versions
from learntogether_kg.typology.changes import compare
from learntogether_kg.typology.export import WRITERS, export
from learntogether_kg.typology.terms import Typology
from tests.test_cli import ltkg

WHOLE = ontology.load_ontology()
TERMS = set(WHOLE.subjects(SKOS.inScheme, TYP.scheme))
MAPPED = {(s, name, o) for name in sssom.RELATIONS for s, o in WHOLE.subject_objects(SKOS[name]) if {s, o} & TERMS}
EXTENSION = """
@prefix lt: <https://w3id.org/learntogether/ontology#> . @prefix typ: <https://w3id.org/learntogether/typology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:x> a owl:Ontology ; owl:imports <https://w3id.org/learntogether/ontology> .
<https://example.org/sum> a lt:Pattern ; skos:prefLabel "=1+1"@en ; skos:definition "Two\\nlines; and more."@en ;
    skos:inScheme typ:scheme ; skos:broader typ:supervision ; skos:exactMatch <https://example.org/other> .
"""


def by_rdf(path: Path) -> tuple[dict[str, str], set[tuple[object, str, object]]]:
    graph = Graph().parse(path, format="turtle" if path.suffix == ".ttl" else "json-ld")
    labels = {str(s): str(graph.value(s, SKOS.prefLabel)) for s in graph.subjects(SKOS.inScheme, TYP.scheme)}
    return labels, {(s, n, o) for n in sssom.RELATIONS for s, o in graph.subject_objects(SKOS[n])}


def by_csv(path: Path) -> tuple[dict[str, str], set[tuple[object, str, object]]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mapped = {
        (URIRef(row["term_iri"]), told.split()[0], URIRef(iri))
        for row in rows
        for told, iri in zip(row["mappings"].split("; "), row["mappings_iri"].split("; "), strict=True)
        if iri
    }
    return {row["term_iri"]: row["label"] for row in rows}, _as_stated(mapped)


def by_workbook(path: Path) -> tuple[dict[str, str], None]:
    sheet = openpyxl.load_workbook(path).active
    head, *rows = sheet.iter_rows(values_only=True)
    label, iri = head.index("Label"), head.index("IRI")
    return {str(row[iri]): str(row[label]) for row in rows}, None


def by_sssom(path: Path) -> tuple[None, set[tuple[object, str, object]]]:
    graph = ontology.read_file(path)
    return None, {(s, n, o) for n in sssom.RELATIONS for s, o in graph.subject_objects(SKOS[n])}


def by_codebook(path: Path) -> tuple[None, None]:
    """What a codebook holds is looked at in test_codebook.py."""
    return None, None


READERS: dict[str, Callable[[Path], tuple[object, object]]] = {
    ".ttl": by_rdf,
    ".jsonld": by_rdf,
    ".csv": by_csv,
    ".xlsx": by_workbook,
    ".sssom.tsv": by_sssom,
    ".qdc": by_codebook,
}


def _as_stated(mapped: set[tuple[object, str, object]]) -> set[tuple[object, str, object]]:
    """A table of our terms tells a mapping from our side, also where the other scheme states it; here all are close."""
    return {each if each in MAPPED else (each[2], each[1], each[0]) for each in mapped}


def test_every_form_is_read_here() -> None:
    assert READERS.keys() == WRITERS.keys()


@pytest.mark.parametrize("ending", WRITERS)
def test_each_form_has_every_term_by_its_label_and_every_mapping(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"typology{ending}"
    export(versions.newest(), path)
    labels, mapped = READERS[ending](path)
    assert labels in (None, {str(iri): str(WHOLE.value(iri, SKOS.prefLabel)) for iri in TERMS})
    assert mapped in (None, MAPPED)


def test_what_is_written_as_turtle_is_read_as_the_same_typology(tmp_path: Path) -> None:
    export(versions.find("version-2008"), tmp_path / "t.ttl")
    again = versions.find(str(tmp_path / "t.ttl"))
    assert list(again.terms) == list(versions.find("version-2008").terms)
    assert compare(versions.find("version-2008"), again) == []


def test_rdf_tells_who_says_a_mapping_and_the_sources_by_name(tmp_path: Path) -> None:
    export(versions.newest(), tmp_path / "t.ttl")
    graph = Graph().parse(tmp_path / "t.ttl")
    told = {
        (graph.value(n, LT.mappingSubject), graph.value(n, LT.mappingObject))
        for n in graph.subjects(RDF.type, LT.Mapping)
    }
    assert told == {(s, o) for s, _, o in MAPPED}
    assert [each for each in graph.objects(None, DCTERMS.source) if not graph.value(each, DCTERMS.title)] == []
    assert set(graph.subjects(RDF.type, SKOS.ConceptScheme)) == {TYP.scheme}, "other schemes' terms are named only"


def test_mappings_keep_their_ground_from_file_to_file(tmp_path: Path) -> None:
    export(
        Typology.read("headings", WHOLE, [URIRef("https://w3id.org/learntogether/codelists#factor-headings")]),
        tmp_path / "a.sssom.tsv",
    )
    with (tmp_path / "a.sssom.tsv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader((line for line in file if line[0] != "#"), delimiter="\t")
            if not row["subject_id"].startswith("cl:item")
        ]
    (shipped,) = Path("ontology/mappings").resolve().glob("headings-*.sssom.tsv")
    with shipped.open(encoding="utf-8", newline="") as file:
        given = list(csv.DictReader((line for line in file if line[0] != "#"), delimiter="\t"))
    kept = [name for name in given[0] if name in rows[0]]
    ours = [{name: row[name] for name in kept} for row in given if row["subject_id"].startswith("cl:")]
    assert sorted(
        (
            {name: row[name] for name in kept}
            for row in rows
            if row["mapping_justification"] != "semapv:UnspecifiedMatching"
        ),
        key=str,
    ) == sorted(ours, key=str)


def test_an_extension_goes_in_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "more.ttl").write_text(EXTENSION, encoding="utf-8")
    for ending in (".csv", ".xlsx", ".sssom.tsv"):
        run = ltkg("typology", "export", tmp_path / f"t{ending}", "--extension", tmp_path / "more.ttl")
        assert (run.returncode, "29 terms" in run.stdout) == (0, True)
    assert "\r\n'=1+1" not in (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert ",'=1+1," in (tmp_path / "t.csv").read_text(encoding="utf-8"), "no spreadsheet takes it for a formula"
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    rows = (tmp_path / "t.sssom.tsv").read_text(encoding="utf-8")
    assert (
        "https://example.org/sum\t=1+1\tskos:exactMatch\thttps://example.org/other\t\tsemapv:UnspecifiedMatching"
        in rows
    )


def test_another_version_or_scheme_can_be_written(tmp_path: Path) -> None:
    run = ltkg("typology", "export", tmp_path / "t.csv", "--version", "clinical-factors")
    assert (run.returncode, "7 terms" in run.stdout) == (0, True)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)][-1] == "Patient factors"


def test_what_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"give one of \.ttl, \.jsonld, \.csv, \.xlsx, \.sssom\.tsv, \.qdc"):
        export(versions.newest(), tmp_path / "t.tsv")
    made = Graph()
    made.add((URIRef("urn:a"), SKOS.inScheme, URIRef("urn:s")))
    made.add((URIRef("urn:a"), SKOS.prefLabel, Literal("a")))
    with pytest.raises(OntologyError, match="made up: no term of it is mapped to another scheme"):
        export(Typology.read("made up", made, [URIRef("urn:s")]), tmp_path / "t.sssom.tsv")
    with pytest.raises(UnreadableFileError, match="it cannot be written"):
        export(versions.newest(), tmp_path / "no" / "t.csv")
    assert list(tmp_path.iterdir()) == []
