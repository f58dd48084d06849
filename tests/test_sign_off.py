"""A recorded reason turns a warning into information, is kept in custody, and reaches no release."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import reviews
from learntogether_kg.custody import Custody
from learntogether_kg.errors import InvalidReviewError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT, LTS
from learntogether_kg.ontology import load_shapes
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.report import Result, Severity, Stage, ValidationReport
from tests.workbooks import REVIEW_ID, write

UNFAMILIAR = "LikelyNameShape-unfamiliar"
Change = dict[tuple[str, int, str], str]


def checked(path: Path, changes: Change | None = None, stage: Stage = Stage.PUBLICATION) -> ValidationReport:
    return reviews.check(write(path / "review.xlsx", changes), stage)


def of_rule(report: ValidationReport, rule: str) -> list[Result]:
    return [each for each in report.results if each.rule == rule]


def of_reasons(report: ValidationReport) -> list[tuple[str, str]]:
    return [(each.rule.partition("-")[2], str(each.cell)) for each in report.results if "RecordedReason" in each.rule]


@pytest.mark.parametrize("stage", Stage)
def test_an_answered_warning_is_information_with_its_reason_coder_and_date(tmp_path: Path, stage: Stage) -> None:
    report = checked(tmp_path, stage=stage)
    (result,) = of_rule(report, UNFAMILIAR)
    assert (result.severity, str(result.value)) == (Severity.INFO, "Quorbin")
    assert result.answer == "It is the name of a form (A, 2026-11-23)"
    assert result.cell
    assert result.cell.sheet == "Perspectives"
    assert report.answered == 1
    assert of_reasons(report) == []


@pytest.mark.parametrize(
    ("changes", "wanting"),
    [
        ({("Answers", 0, "rule"): ""}, ("rule", "Answers!B3")),
        ({("Answers", 0, "rule"): "NoSuchShape"}, ("rule", "Answers!B3")),
        ({("Answers", 0, "rule"): "PublicTextShape-postcode"}, ("violation", "Answers!B3")),
        ({("Answers", 0, "rule"): "LikelyNameShape-place"}, ("unmatched", "Answers!B3")),
        ({("Answers", 0, "item"): "F1"}, ("unmatched", "Answers!B3")),
        ({("Answers", 0, "words"): "Quorbins"}, ("unmatched", "Answers!B3")),
        ({("Answers", 0, "words"): ""}, ("words", "Answers!D3")),
        ({("Answers", 0, "reason"): ""}, ("reason", "Answers!E3")),
        ({("Answers", 0, "by"): ""}, ("signed", "Answers!F3")),
        ({("Answers", 0, "by"): "Z"}, ("signed", "Answers!F3")),
        ({("Answers", 0, "date"): ""}, ("dated", "Answers!G3")),
    ],
    ids=str,
)
def test_a_reason_that_answers_nothing_is_told_at_its_cell(
    tmp_path: Path, changes: Change, wanting: tuple[str, str]
) -> None:
    report = checked(tmp_path, changes)
    assert of_reasons(report) == [wanting]
    (result,) = of_rule(report, UNFAMILIAR)
    assert (result.severity, result.answer) == (Severity.WARNING, "")


def test_one_reason_may_answer_several_words_in_the_whole_review(tmp_path: Path) -> None:
    changes = {
        ("Answers", 0, "item"): "",
        ("Answers", 0, "words"): "quorbin; Vrelting",
        ("Findings", 0, "how it showed here"): "The Vrelting list was lost",
        ("Findings", 1, "how it showed here"): "Quorbin again",
    }
    results = of_rule(checked(tmp_path, changes), UNFAMILIAR)
    assert sorted(str(each.value) for each in results) == ["Quorbin", "Quorbin", "Vrelting"]
    assert {each.severity for each in results} == {Severity.INFO}


def test_a_reason_answers_a_rule_of_the_shapes_like_one_on_words(tmp_path: Path) -> None:
    """The statement of F2 is too short; rule and engine have nothing to do with screening."""
    changes = {("Findings", 1, "statement"): "It helps"}
    before = of_rule(checked(tmp_path, changes), "FindingShape-statementLength")
    assert [each.severity for each in before] == [Severity.WARNING]
    answer = {"rule": "FindingShape-statementLength", "item": "F2", "words": "", "reason": "The report says no more"}
    changes |= {("Answers", 0, header): text for header, text in answer.items()}
    (after,) = of_rule(checked(tmp_path, changes), "FindingShape-statementLength")
    assert (after.severity, after.answer) == (Severity.INFO, "The report says no more (A, 2026-11-23)")


def test_a_violation_cannot_be_answered_and_keeps_the_review_out(tmp_path: Path) -> None:
    changes = {
        ("Answers", 0, "rule"): "PublicTextShape-emailAddress",
        ("Answers", 0, "words"): "",
        ("Findings", 1, "statement"): "Write to someone@example.org about supervision",
    }
    library = Library.init(tmp_path / "library")
    with pytest.raises(InvalidReviewError):
        reviews.submit(library, [write(tmp_path / "review.xlsx", changes)])
    in_draft = checked(tmp_path, changes, Stage.DRAFT)
    assert ("violation", "Answers!B3") in of_reasons(in_draft)
    assert [each.answer for each in of_rule(in_draft, "PublicTextShape-emailAddress")] == [""]


def test_reasons_survive_a_submit_in_custody_and_are_in_no_state_and_no_release(tmp_path: Path) -> None:
    changes = {("Answers", 0, "reason"): "Unmistakeable-Reason"}
    library = Library.init(tmp_path / "library")
    reviews.submit(library, [write(tmp_path / "review.xlsx", changes)])
    library.publish("first")
    for part in ("states", "releases"):
        files = [file for file in (library.path / part).rglob("*") if file.is_file()]
        assert files
        for file in files:
            assert b"Unmistakeable" not in file.read_bytes(), file
    dump = tmp_path / "dump.nq"
    library.release("first").store.dump(dump)
    assert b"Unmistakeable" not in dump.read_bytes()
    assert f"<{REVIEW_ID}/A1>".encode() not in dump.read_bytes()
    custody = Custody(library.path / "custody")
    kept = custody.latest(URIRef(REVIEW_ID))
    custody.close()
    assert (URIRef(f"{REVIEW_ID}/A1"), LT.recordedReason, Literal("Unmistakeable-Reason")) in kept


@pytest.mark.parametrize("suffix", [".ttl", ".trig"])
def test_reasons_in_triples_go_to_custody_and_are_written_with_the_source_only(tmp_path: Path, suffix: str) -> None:
    workbook = write(tmp_path / "review.xlsx")
    reviews.convert(workbook, tmp_path / f"with{suffix}", with_source=True)
    reviews.convert(workbook, tmp_path / f"without{suffix}")
    assert "Quorbin" in (tmp_path / f"without{suffix}").read_text()
    assert "name of a form" not in (tmp_path / f"without{suffix}").read_text()
    draft = read_file(tmp_path / f"with{suffix}")
    assert [*draft.graph.subjects(RDF.type, LT.RecordedReason)] == []
    assert [*draft.custody.subjects(RDF.type, LT.RecordedReason)] == [URIRef(f"{REVIEW_ID}/A1")]
    assert reviews.check(tmp_path / f"with{suffix}").answered == 1
    assert reviews.check(tmp_path / f"without{suffix}").answered == 0


def test_reasons_in_json_go_to_custody(tmp_path: Path) -> None:
    reviews.convert(write(tmp_path / "review.xlsx"), tmp_path / "review.jsonld")
    path = tmp_path / "review.jsonld"
    answer = (
        '{"id": "A1", "type": "RecordedReason", "answersRule": "LikelyNameShape-unfamiliar", '
        '"answersWords": "Quorbin", "recordedReason": "A form", "recordedBy": "coder:A", "recordedDate": "2026"}'
    )
    text = path.read_text().replace('"parts": [', f'"parts": [ {answer},', 1)
    assert answer in text
    path.write_text(text)
    draft = read_file(path)
    assert len(draft.custody) > 0
    assert "A form" not in draft.graph.serialize(format="nt")


def test_the_list_offers_every_rule_that_warns_and_no_other() -> None:
    sheet = next(sheet for sheet in sheets() if sheet.name == "Answers")
    offered = sheet.by_header["rule"].drop_down
    shapes = load_shapes()
    assert sheet.custody
    assert UNFAMILIAR in offered
    assert {str(shapes.value(LTS[name], URIRef("http://www.w3.org/ns/shacl#severity"))) for name in offered} == {
        "http://www.w3.org/ns/shacl#Warning"
    }


def test_a_check_without_custody_answers_nothing(tmp_path: Path) -> None:
    draft = read_file(write(tmp_path / "review.xlsx"))
    assert validate(draft.graph).answered == 0
    assert validate(draft.graph, custody=Graph()).answered == 0
