"""Both bundled libraries pass for publication, with just the Warnings that their depth deserves.

``fixtures/expected-warnings.csv`` holds each Warning with the reason why it is deserved. It was worked out from the
tables in ``fixtures/teaching-truth/`` and not from a report. The sample knows its reviews from summaries and parts of
reports, at depth *findings*: what these cannot tell is nobody's fault, and no Warning is deserved.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest
from rdflib import SH, URIRef

from learntogether_kg import bundles
from learntogether_kg.ingest.files import read_file
from learntogether_kg.namespaces import LTS
from learntogether_kg.ontology import load_shapes
from learntogether_kg.reports import ReportFormat
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.report import Result, Severity
from tests.test_cli import ltkg

SAMPLE, TEACHING = bundles.bundled_files("sample"), bundles.bundled_files("teaching")
EXPECTED = Path(__file__).parent / "fixtures" / "expected-warnings.csv"
HEADER = "# A check warns of: "


@cache
def table() -> tuple[dict[str, str], ...]:
    with EXPECTED.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def expected(file: Path) -> set[tuple[str, str]]:
    """Returns rule and place of each Warning; a review as a whole is named by an empty place."""
    rows = [row for row in table() if file in TEACHING and row["file"] == file.stem]
    return {(row["rule"], where) for row in rows for where in row["where"].split() or [""]}


@cache
def results(file: Path) -> tuple[Result, ...]:
    read = read_file(file)
    return validate(read.graph, read.source_map, file.name, custody=read.custody).results


def place(result: Result, study: URIRef) -> str:
    return "" if result.focus_node == study else str(result.focus_node).rpartition("/")[2]


@pytest.mark.parametrize("file", [*SAMPLE, *TEACHING], ids=lambda file: file.name)
def test_each_bundled_review_has_the_warnings_it_deserves_and_no_violation(file: Path) -> None:
    assert [result.rule for result in results(file) if result.severity is Severity.VIOLATION] == []
    study = read_file(file).study
    warnings = {(each.rule, place(each, study)) for each in results(file) if each.severity is Severity.WARNING}
    assert warnings == expected(file)


@pytest.mark.parametrize("form", list(ReportFormat))
def test_the_command_line_says_so_in_every_form(form: ReportFormat, tmp_path: Path) -> None:
    files = SAMPLE[:1] if form is ReportFormat.XLSX else SAMPLE  # a marked workbook is that of one file
    out = tmp_path / ("report.xlsx" if form is ReportFormat.XLSX else "report")
    run = ltkg("validate", *files, "--stage", "publication", "--format", form.value, "--out", out)
    assert (run.returncode, run.stderr) == (0, "")
    (written,) = tmp_path.iterdir()
    if form is ReportFormat.XLSX:
        assert read_file(written).study == read_file(files[0]).study
    else:
        text = written.read_text(encoding="utf-8")
        speak = [file for file in files if results(file)]
        assert all(file.name in text for file in speak)
        assert text.count("Violation") == (form is ReportFormat.HTML)  # the page explains the word


@pytest.mark.parametrize("file", TEACHING, ids=lambda file: file.stem)
def test_a_teaching_review_that_shows_a_weakness_says_so_in_its_first_lines(file: Path) -> None:
    said = [line for line in file.read_text(encoding="utf-8").splitlines()[:4] if line.startswith(HEADER)]
    assert len(said) == bool(expected(file))
    words = {word for line in said for word in line.replace(";", " ").replace(",", " ").replace(".", " ").split()}
    assert {where for _, where in expected(file) if where} <= words


def test_each_row_has_a_reason_and_names_a_rule_and_a_file() -> None:
    files = {file.stem for file in TEACHING}
    for row in table():
        assert row["reason"], row
        assert row["file"] in files, row
        assert (LTS[row["rule"]], SH.severity, SH.Warning) in load_shapes(), row
    assert len({(row["file"], row["rule"]) for row in table()}) == len(table())


@pytest.mark.parametrize("file", SAMPLE, ids=lambda file: file.stem)
def test_each_result_on_a_workbook_names_a_cell(file: Path) -> None:
    assert [result.rule for result in results(file) if result.cell is None] == []
