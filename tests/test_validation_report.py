from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import SH, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import CL, LT, LTS, REVIEW, TYP
from learntogether_kg.ontology import load_shapes
from learntogether_kg.source_map import Cell, SourceMap
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.messages import fill_message, open_message
from learntogether_kg.validation.report import (
    Result,
    Severity,
    Stage,
    ValidationReport,
    as_dict,
    format_csv,
    sort_results,
)
from learntogether_kg.validation.text import format_text

BASE = Path(__file__).parent / "shapes" / "base.ttl"
STUDY, FINDING, CODE = REVIEW["0123456789abcdef"], REVIEW["0123456789abcdef/F1"], REVIEW["0123456789abcdef/F1-2"]
WRONG = Result(
    severity=Severity.VIOLATION,
    focus_node=FINDING,
    path=LT.influence,
    value=Literal("Construktive"),
    source_shape=LTS["FindingShape-influence"],
    message="A finding needs an influence.",
    remedy="Choose from the drop-down.",
    reason="Patterns work both ways.",
    cell=Cell("Findings", "D4"),
    suggestion="“Constructive”",
)
SHORT = replace(
    WRONG, severity=Severity.WARNING, source_shape=LTS["FindingShape-statementLength"], cell=None, suggestion=""
)


def review() -> Graph:
    """Returns the synthetic review that conforms."""
    return Graph().parse(BASE, format="turtle")


def source_map() -> SourceMap:
    """Returns where some nodes of the synthetic review would stand in a workbook."""
    found = SourceMap("review.xlsx")
    found.add_node(STUDY, Cell("Review", "B2"))
    found.add_value(STUDY, LT.periodEndYear, Cell("Review", "B15"))
    found.add_node(FINDING, Cell("Findings", "A4"))
    found.add_value(FINDING, LT.influence, Cell("Findings", "D4"))
    found.add_node(REVIEW["0123456789abcdef/F2"], Cell("Findings", "A5"))
    return found


# The report itself


def test_report_without_violation_conforms() -> None:
    assert ValidationReport("review.xlsx").conforms
    assert ValidationReport("review.xlsx", (SHORT,)).conforms
    assert not ValidationReport("review.xlsx", (SHORT, WRONG)).conforms


def test_counts_name_every_severity() -> None:
    report = ValidationReport("review.xlsx", (WRONG, SHORT, replace(WRONG, cell=Cell("Findings", "D5"))))
    assert report.counts() == {Severity.VIOLATION: 2, Severity.WARNING: 1, Severity.INFO: 0}
    assert report.verdict == "does not conform: 2 violations, 1 warning"


def test_what_one_rule_says_of_one_cell_is_told_once_however_many_nodes_the_cell_makes() -> None:
    report = ValidationReport("review.xlsx", (WRONG, replace(WRONG, focus_node=CODE), replace(WRONG, message="Other.")))
    assert [result.message for result in report.told()] == ["A finding needs an influence.", "Other."]
    assert len(report.results) == 3
    apart = ValidationReport("review.ttl", (SHORT, replace(SHORT, focus_node=CODE)))
    assert len(apart.told()) == 2


def test_a_rule_that_yields_is_silent_beside_the_other_at_the_same_cell_unless_it_is_graver() -> None:
    finding, code = LTS["FindingShape-influence"], LTS["ClassificationShape-influence"]
    assert (code, LTS.yieldsTo, finding) in load_shapes()
    of_finding = replace(WRONG, source_shape=finding)
    of_code = replace(WRONG, source_shape=code, focus_node=CODE, message="A classification needs an influence.")
    report = ValidationReport("review.xlsx", (of_code, of_finding))
    assert report.told() == (of_finding,)
    assert report.counts()[Severity.VIOLATION] == 1
    assert len(report.results) == 2
    milder = replace(of_finding, severity=Severity.INFO)
    assert set(ValidationReport("review.xlsx", (of_code, milder)).told()) == {of_code, milder}
    elsewhere = replace(of_finding, cell=Cell("Findings", "D5"))
    assert set(ValidationReport("review.xlsx", (of_code, elsewhere)).told()) == {of_code, elsewhere}


def test_what_yields_is_a_rule_and_so_is_what_it_yields_to() -> None:
    shapes = load_shapes()
    for pair in shapes.subject_objects(LTS.yieldsTo):
        assert all((rule, SH.severity, None) in shapes for rule in pair), pair


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (TYP["clear-roles"], "It says “Clear roles”."),
        (REVIEW["0123456789abcdef/V1"], "It says V1."),
        (Literal("as typed"), "It says as typed."),
    ],
)
def test_a_message_names_things_as_people_do_and_hides_them_from_others(value: Node, words: str) -> None:
    message = fill_message("It says {?value}.", None, value)
    assert message == words
    result = replace(WRONG, message=message, value=value).without_value()
    assert result.message == "It says (see there)."
    assert open_message("It says {?value}.") == "It says …."


def test_a_report_for_others_says_where_and_not_what_stands_there() -> None:
    told = replace(WRONG, message="A public text holds a number: Construktive")
    (result,) = ValidationReport("review.xlsx", (told,)).without_values().results
    assert (result.cell, result.remedy, result.value, result.suggestion) == (WRONG.cell, WRONG.remedy, None, "")
    assert "Construktive" not in format_text(ValidationReport("review.xlsx", (result,)))


@pytest.mark.parametrize(
    ("iri", "severity"),
    [(SH.Violation, "VIOLATION"), (SH.Warning, "WARNING"), (SH.Info, "INFO"), (None, "VIOLATION")],
)
def test_severity_is_read_from_its_iri(iri: URIRef | None, severity: str) -> None:
    assert Severity.of(iri) is Severity[severity]


def test_results_stand_by_sheet_row_and_column_and_those_without_a_cell_last() -> None:
    cells = ["Findings!D10", "Findings!D9", "Findings!AA9", "Review!B2", "Zebra!A1"]
    results = [SHORT, *(replace(WRONG, cell=Cell(*cell.split("!"))) for cell in cells)]
    ordered = [str(result.cell) for result in sort_results(results, ("Review", "Findings"))]
    assert ordered == ["Review!B2", "Findings!D9", "Findings!AA9", "Findings!D10", "Zebra!A1", "None"]


def test_text_names_file_cell_severity_rule_message_value_remedy_and_reason() -> None:
    assert format_text(ValidationReport("review.xlsx", (WRONG,))).splitlines() == [
        "review.xlsx does not conform: 1 violation",
        "",
        "Findings",
        "  Findings!D4  Violation  FindingShape-influence",
        "    A finding needs an influence.",
        "    You wrote “Construktive”: did you mean “Constructive”?",
        "    What to do: Choose from the drop-down.",
        "    Why: Patterns work both ways.",
    ]


def test_text_gives_the_reason_of_a_rule_once() -> None:
    report = ValidationReport("review.xlsx", (WRONG, replace(WRONG, cell=Cell("Findings", "D5"))))
    assert format_text(report).count("Why: Patterns work both ways.") == 1


def test_text_of_a_draft_says_so() -> None:
    assert format_text(ValidationReport("x.xlsx", stage=Stage.DRAFT)) == "x.xlsx conforms (checked as a draft)"


def test_a_long_value_is_cut_and_one_that_the_message_names_is_not_repeated() -> None:
    assert replace(WRONG, value=Literal("x" * 200), suggestion="").wrote == f"You wrote “{'x' * 80}…”."
    assert replace(WRONG, message="A public text holds: Construktive").wrote == ""


def test_text_of_a_result_without_a_cell_names_its_node() -> None:
    assert str(FINDING) in format_text(ValidationReport("review.ttl", (SHORT,)))


def test_text_of_a_conforming_report_is_one_line() -> None:
    assert format_text(ValidationReport("review.xlsx")) == "review.xlsx conforms"


def test_json_holds_what_the_report_holds() -> None:
    told = json.loads(json.dumps(as_dict(ValidationReport("review.xlsx", (WRONG,)))))
    assert (told["file"], told["stage"], told["conforms"]) == ("review.xlsx", "publication", False)
    assert told["counts"] == {"violation": 1, "warning": 0, "info": 0}
    assert told["results"] == [
        {
            "cell": "Findings!D4",
            "severity": "Violation",
            "rule": "FindingShape-influence",
            "message": "A finding needs an influence.",
            "remedy": "Choose from the drop-down.",
            "suggestion": "“Constructive”",
            "reason": "Patterns work both ways.",
            "answer": "",
            "value": "Construktive",
            "path": "lt:influence",
            "focus_node": str(FINDING),
        }
    ]


def test_answer_is_told_in_place_of_the_remedy_and_counted() -> None:
    answered = replace(SHORT, severity=Severity.INFO, answer="A form's name (K1, 2026-11-23)")
    report = ValidationReport("review.xlsx", (answered, SHORT))
    assert report.answered == as_dict(report)["answered"] == 1
    text = format_text(report).splitlines()
    assert text[0] == "review.xlsx conforms: 1 warning, 1 info, 1 answered"
    assert "    Answered: A form's name (K1, 2026-11-23)" in text
    assert text.count("    What to do: Choose from the drop-down.") == 1


def test_csv_has_one_row_a_result_and_no_formula() -> None:
    formula = replace(WRONG, value=Literal("=1+1"))
    rows = list(csv.DictReader(io.StringIO(format_csv([ValidationReport("review.xlsx", (formula, SHORT))]))))
    assert [row["cell"] for row in rows] == ["Findings!D4", ""]
    assert rows[0]["value"] == "'=1+1"


# What the engine tells


def test_wrong_entry_is_told_with_its_cell_and_the_closest_entry() -> None:
    graph = review()
    graph.set((FINDING, LT.influence, Literal("construktive")))
    report = validate(graph, source_map(), "review.xlsx")
    assert [(str(each.cell), each.rule, each.suggestion) for each in report.results] == [
        ("Findings!D4", "FindingShape-influence", "“Constructive”")
    ]
    assert report.results[0].remedy
    assert report.results[0].reason


def test_wrong_pattern_is_told_with_the_entry_of_the_drop_down() -> None:
    graph = review()
    graph.set((CODE, LT.pattern, Literal("Clear rolls")))
    (result,) = validate(graph).results
    assert "Clear roles" in result.suggestion


def test_text_far_from_every_entry_gets_no_suggestion() -> None:
    graph = review()
    graph.set((FINDING, LT.influence, Literal("Zzzz")))
    assert [each.suggestion for each in validate(graph).results] == [""]


def test_rule_over_a_whole_node_is_told_with_the_cell_it_is_about() -> None:
    graph = review()
    graph.set((STUDY, LT.periodEndYear, Literal(2009)))
    graph.remove((None, LT.year, None))  # an episode outside that period would be told as well
    (result,) = validate(graph, source_map()).results
    assert (result.rule, str(result.cell)) == ("ReviewShape-periodOrder", "Review!B15")


def test_node_without_a_row_is_told_with_the_row_of_the_item_it_codes() -> None:
    graph = review()
    graph.set((CODE, LT.influence, CL["under-1"]))
    (result,) = validate(graph, source_map()).results
    assert (result.focus_node, str(result.cell)) == (CODE, "Findings!A4")


def test_unknown_field_is_named() -> None:
    graph = review()
    graph.add((FINDING, LT.childName, Literal("Robin")))
    (result,) = validate(graph).results
    assert result.message.endswith("The unknown field is lt:childName.")


def test_identifying_text_is_named() -> None:
    graph = review()
    graph.add((STUDY, LT.question, Literal("Who is someone@example.org?")))
    (result,) = validate(graph).results
    assert (result.path, result.value) == (LT.question, Literal("Who is someone@example.org?"))
    assert "{" not in result.message


def test_blank_node_is_refused() -> None:
    graph = review().parse(
        data=f"[] a <{LT.Agency}> ; <{LT.inReview}> <{STUDY}> ; <{LT.agencyKind}> <{CL.police}> .", format="turtle"
    )
    assert {each.rule for each in validate(graph).results} == {"DescribedNodeShape", "AgencyShape-perspective"}


def test_results_stand_in_the_order_of_the_workbook() -> None:
    graph = review()
    graph.set((REVIEW["0123456789abcdef/F2"], LT.influence, Literal("?")))
    graph.set((FINDING, LT.influence, Literal("?")))
    graph.set((STUDY, LT.periodEndYear, Literal(2009)))
    report = validate(graph, source_map())
    violations = [each for each in report.results if each.severity is Severity.VIOLATION]
    assert [str(each.cell) for each in violations] == ["Review!B15", "Findings!D4", "Findings!A5"]


def test_validation_changes_neither_the_review_nor_the_ontology() -> None:
    graph = review()
    before = set(graph)
    validate(graph)
    assert set(graph) == before
    assert validate(graph).conforms


def test_ontology_alone_is_never_reported_on() -> None:
    assert validate(Graph()).results == ()
    assert TYP.scheme not in {each.focus_node for each in validate(review()).results}
