"""A review in Turtle, TriG or JSON-LD is read like one in a workbook, and reaches for nothing outside its file."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from rdflib import RDF, Dataset, Literal

from learntogether_kg import bundles
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest import plain_json, rdf
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.workbook import read_workbook
from learntogether_kg.namespaces import LT, REVIEW
from tests.workbooks import write

STUDY = REVIEW["0123456789abcdef"]

TURTLE = f"""
PREFIX lt: <https://w3id.org/learntogether/ontology#>
PREFIX dct: <http://purl.org/dc/terms/>
<{STUDY}> a lt:Review ; lt:publicLabel "Synthetic review" .
<{STUDY}/source> a lt:SourceRecord ; dct:title "Synthetic Title" ; lt:describesStudy <{STUDY}> .
"""


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_source_record_goes_to_custody(tmp_path: Path) -> None:
    draft = read_file(put(tmp_path / "x.ttl", TURTLE))
    assert draft.study == STUDY
    assert set(draft.graph.subjects()) == {STUDY}
    assert Literal("Synthetic Title") in set(draft.custody.objects())


@pytest.mark.parametrize(("suffix", "form"), [(".ttl", "turtle"), (".trig", "trig"), (".jsonld", "json-ld")])
def test_a_workbook_written_as_triples_reads_as_the_same_review(tmp_path: Path, suffix: str, form: str) -> None:
    draft = read_workbook(write(tmp_path / "x.xlsx"))
    dataset = Dataset()
    for triple in (*draft.graph, *draft.custody):
        dataset.add(triple)
    read = read_file(put(tmp_path / f"x{suffix}", dataset.serialize(format=form)))
    assert set(read.graph) == set(draft.graph)
    assert set(read.custody) == set(draft.custody)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.ttl", "this is not turtle", "line 1"),
        ("x.ttl", TURTLE + "<urn:a> <urn:b> ", "not turtle"),
        ("x.ttl", TURTLE + "<urn:a> <urn:b>", "not turtle"),
        ("x.ttl", "", "0 reviews"),
        ("x.ttl", TURTLE + f"<{REVIEW['other']}> a lt:Review .", "2 reviews"),
        ("x.ttl", TURTLE + "<https://example.org/mrs-smith> lt:statement 'x' .", "no part of the review"),
        ("x.ttl", TURTLE + f"<{STUDY}> lt:hasPart [ a lt:Finding ] .", "give every node an IRI"),
        ("x.trig", "GRAPH {", "not trig"),
        ("x.jsonld", "{", "line 1"),
        ("x.jsonld", "[]", "0 reviews"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message) as refused:
        read_file(put(tmp_path / name, text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "context",
    [
        "https://example.org/context.jsonld",
        "file:///etc/hostname",
        ["https://example.org/context.jsonld", {}],
        {"@import": "https://example.org/context.jsonld"},
        {"lt": {"@id": "https://example.org/", "@context": "https://example.org/inner.jsonld"}},
    ],
)
def test_no_context_is_fetched(tmp_path: Path, context: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)
    document = {"@context": context, "@id": str(STUDY), "@type": str(LT.Review)}
    with pytest.raises(UnreadableFileError, match="would have to be fetched"):
        read_file(put(tmp_path / "x.jsonld", json.dumps(document)))


def test_plain_json_with_its_context_inside_is_a_review(tmp_path: Path) -> None:
    document = {
        "@context": {"@vocab": str(LT)},
        "@id": str(STUDY),
        "@type": "Review",
        "publicLabel": "Synthetic review",
    }
    draft = read_file(put(tmp_path / "x.jsonld", json.dumps(document)))
    assert (STUDY, RDF.type, LT.Review) in draft.graph


def test_a_review_written_as_plain_json_reads_as_the_same_review(tmp_path: Path) -> None:
    draft = read_workbook(write(tmp_path / "x.xlsx"))
    document = plain_json.write(draft.graph, draft.study)
    assert document["@context"][0] == plain_json.CONTEXT_IRI
    read = read_file(put(tmp_path / "x.jsonld", json.dumps(document)))
    assert set(read.graph) == set(draft.graph)


# Two readers

PLAIN = [
    file for file in (*bundles.bundled_files("teaching"), *bundles.bundled_files("sample")) if file.suffix != ".xlsx"
]
VALUES = (
    "5", "05", "+5", "true", "'05'^^xsd:integer", "'0'^^xsd:boolean", "'2009-03-04T5'^^xsd:dateTime", r"'a\n\u00e9'",
    '"""b\nc"""',
)  # fmt: skip


@pytest.mark.parametrize("file", PLAIN, ids=lambda file: file.stem)
def test_the_quick_reader_reads_what_the_careful_one_reads(file: Path) -> None:
    data = file.read_bytes()
    quick = rdf._parse_quickly(file, data)
    assert quick is not None
    assert set(quick) == set(rdf._parse_with_care(file, data))


@pytest.mark.parametrize("value", VALUES)
def test_values_are_read_alike_by_both(tmp_path: Path, value: str) -> None:
    text = f"PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> {TURTLE} <{STUDY}> lt:question {value} ."
    quick = rdf._parse_quickly(tmp_path / "x.ttl", text.encode())
    assert quick is not None
    careful = rdf._parse_with_care(tmp_path / "x.ttl", text.encode())
    told = [{term.n3() for term in graph.objects(STUDY, LT.question)} for graph in (quick, careful)]
    assert told[0] == told[1]


def test_a_text_with_its_datatype_written_out_is_the_text(tmp_path: Path) -> None:
    text = f"PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> {TURTLE} <{STUDY}> lt:question 'x'^^xsd:string ."
    assert read_file(put(tmp_path / "x.ttl", text)).graph.value(STUDY, LT.question) == Literal("x")


@pytest.mark.parametrize("odd", ["1.50", "'x'@en", "[]", "<relative>", "<<( <urn:a> <urn:b> 1 )>>", "no turtle"])
def test_whatever_is_not_plain_is_left_to_the_careful_reader(tmp_path: Path, odd: str) -> None:
    text = f"{TURTLE} <{STUDY}> lt:question {odd} ."
    assert rdf._parse_quickly(tmp_path / "x.ttl", text.encode()) is None


@pytest.mark.parametrize("file", bundles.bundled_files("sample"), ids=lambda file: file.stem)
def test_each_file_of_the_sample_can_be_written_as_plain_json(tmp_path: Path, file: Path) -> None:
    draft = read_file(file)
    document = json.dumps(plain_json.write(draft.graph, draft.study))
    assert set(read_file(put(tmp_path / "x.jsonld", document)).graph) == set(draft.graph)


def test_plain_json_uses_the_words_of_the_model_and_no_address(tmp_path: Path) -> None:
    draft = read_workbook(write(tmp_path / "x.xlsx"))
    document = plain_json.write(draft.graph, draft.study)
    finding = next(part for part in document["parts"] if part["id"] == "F1")
    assert finding["type"] == "Finding"
    assert finding["influence"] == "unsafe"
    assert finding["supportedBy"] == ["C1", "V1"]
    code = next(part for part in document["parts"] if part["id"] == "F1-A-primary")
    assert code["pattern"] == "clear-roles"
    assert code["primary"] is True
    assert document["questionKind"] == ["harm", "innovation", "valued-practice"]
