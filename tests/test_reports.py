"""One model of a report stands behind every form; each form says the same, safely."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rdflib import RDF, SH, Graph, Literal

from learntogether_kg import reports, reviews
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.namespaces import LTS
from learntogether_kg.reports import ENDINGS, MEDIA_TYPES, ReportFormat
from learntogether_kg.source_map import Cell
from learntogether_kg.validation.report import Severity, Stage, ValidationReport
from learntogether_kg.validation.triples import as_graph, read_report
from tests.test_cli import ltkg
from tests.test_validation_report import SHORT, WRONG
from tests.workbooks import write

NASTY = '"><script>alert(1)</script>&{{7*7}}'
INFO = replace(WRONG, severity=Severity.INFO, message="No constructive finding.", cell=Cell("Review", "B2"))
REPORT = ValidationReport("/home/someone/case/review.xlsx", (INFO, WRONG, SHORT), Stage.DRAFT)
PLAIN = [form for form in ReportFormat if form is not ReportFormat.XLSX]


class Page(HTMLParser):
    """The elements and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def text_of(form: ReportFormat, *given: ValidationReport) -> str:
    return reports.write(form, given).decode()


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {("Findings", 0, "influence"): "Unsaef", ("Review", 0, "label"): ""}
    return write(tmp_path_factory.mktemp("wrong") / "wrong.xlsx", changes)


@pytest.mark.parametrize("form", PLAIN)
def test_every_form_names_each_cell_severity_rule_message_and_remedy(form: ReportFormat) -> None:
    text = text_of(form, REPORT)
    for result in REPORT.results:
        for part in (result.severity.value, result.rule, result.message, result.remedy):
            assert part in text
    assert ("D4" if form is ReportFormat.HTML else "Findings!D4") in text


@pytest.mark.parametrize("form", PLAIN)
def test_every_form_of_an_empty_report_is_whole(form: ReportFormat) -> None:
    assert text_of(form, ValidationReport("review.xlsx"))


def test_every_form_has_a_media_type_and_an_ending() -> None:
    assert set(MEDIA_TYPES) == set(ENDINGS) == set(ReportFormat)


# The page


def test_the_page_stands_alone_and_runs_nothing() -> None:
    page = Page(text_of(ReportFormat.HTML, REPORT))
    assert not [tag for tag, _ in page.tags if tag in {"script", "link", "img", "iframe", "object", "form", "base"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "src"]
    assert not [attributes for _, attributes in page.tags if "href" in attributes]
    assert "url(" not in text_of(ReportFormat.HTML, REPORT)


def test_the_page_escapes_what_a_file_says() -> None:
    result = replace(WRONG, message=f"It says {NASTY}.", remedy=NASTY, value=Literal(f"my {NASTY}"), suggestion="x")
    report = ValidationReport(f"{NASTY.replace('/', '')}.xlsx", (result,))
    text = text_of(ReportFormat.HTML, report)
    assert "<script" not in text
    assert "49" not in Page(text).words.replace("0.1.0", "")
    assert Page(text).words.count(NASTY) >= 3


def test_the_page_names_no_path() -> None:
    assert "review.xlsx" in text_of(ReportFormat.HTML, REPORT)
    assert "someone" not in text_of(ReportFormat.HTML, REPORT)


def test_the_page_is_sorted_by_sheet_and_says_severity_in_words() -> None:
    words = Page(text_of(ReportFormat.HTML, REPORT)).words
    assert words.index("Sheet Review") < words.index("Sheet Findings") < words.index("Without a cell")
    assert re.search(r"D4\s+Violation", words)
    assert "Checked as a draft" in words


# Triples


def test_turtle_reads_back_as_the_same_report() -> None:
    again = read_report(Graph().parse(data=text_of(ReportFormat.TURTLE, REPORT), format="turtle"))
    assert again == replace(REPORT, file="review.xlsx")


def test_a_real_report_round_trips_with_the_components_that_shacl_asks_for(wrong: Path) -> None:
    report = reviews.check(wrong)
    graph = as_graph(report)
    results = set(graph.subjects(RDF.type, SH.ValidationResult))
    assert len(results) == len(report.results) > 0
    for result in results:  # SHACL, 3.6.2: each of these is there exactly once
        for predicate in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent):
            assert len(set(graph.objects(result, predicate))) == 1
    assert read_report(graph) == replace(report, file=wrong.name)


def test_conforms_is_as_shacl_means_it_and_storable_as_we_do() -> None:
    for results, conforms, storable in (((), True, True), ((INFO,), False, True), ((WRONG,), False, False)):
        graph = as_graph(ValidationReport("x.xlsx", results))
        assert set(graph.objects(None, SH.conforms)) == {Literal(conforms)}
        assert set(graph.objects(None, LTS.storable)) == {Literal(storable)}


def test_turtle_of_several_files_holds_a_report_for_each() -> None:
    text = text_of(ReportFormat.TURTLE, REPORT, ValidationReport("other.xlsx"))
    graph = Graph().parse(data=text, format="turtle")
    assert len(set(graph.subjects(RDF.type, SH.ValidationReport))) == 2


# The command


def test_json_and_csv_on_the_command_line_say_the_same(wrong: Path) -> None:
    told = json.loads(ltkg("validate", wrong, "--format", "json").stdout)[0]["results"]
    rows = list(csv.DictReader(io.StringIO(ltkg("validate", wrong, "--format", "csv").stdout)))
    assert [(each["cell"], each["rule"]) for each in told] == [(row["cell"], row["rule"]) for row in rows]


def test_a_report_is_written_to_a_file_and_the_verdict_printed(wrong: Path, tmp_path: Path) -> None:
    run = ltkg("validate", wrong, "--format", "html", "--out", tmp_path / "report.html")
    assert run.returncode == 1
    assert "does not conform" in run.stdout
    assert "What the check found" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "xlsx"), "--out"),
        (("--format", "xlsx", "--out", "{wrong}"), "choose another name"),
        (("--format", "json", "--out", "{there}"), "--force"),
        (("--format", "json", "--out", "{folder}/none/x.json"), "cannot be written"),
        (("--stage", "someday"), "stage"),
    ],
)
def test_a_report_that_cannot_be_written_is_told_in_one_line(
    wrong: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")
    before = wrong.read_bytes()
    given = [each.format(wrong=wrong, there=there, folder=tmp_path) for each in arguments]
    run = ltkg("validate", wrong, *given)
    assert run.returncode == 2
    assert words in run.stderr
    assert (there.read_text(), wrong.read_bytes()) == ("mine", before)


def test_only_one_workbook_is_marked_and_only_a_workbook() -> None:
    with pytest.raises(UnreadableFileError, match="one workbook at a time"):
        reports.write(ReportFormat.XLSX, [REPORT, REPORT])
    with pytest.raises(UnreadableFileError, match="only a workbook"):
        reports.write(ReportFormat.XLSX, [ValidationReport("review.ttl")])


def test_text_keeps_to_a_narrow_window(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console  # noqa: PLC0415  # only here

    from learntogether_kg.validation.text import render  # noqa: PLC0415

    shown = io.StringIO()
    Console(file=shown, width=80, color_system="truecolor", force_terminal=True).print(render(reviews.check(wrong)))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue())
    assert max(len(line) for line in plain.splitlines()) <= 80
    assert plain != shown.getvalue()
    assert "Violation" in plain


def test_submit_says_where_and_not_what_stands_there(tmp_path: Path) -> None:
    ltkg("init", "--library", tmp_path / "library")
    bad = write(
        tmp_path / "bad.xlsx", {("Findings", 0, "statement"): "Ring 020 7946 0123", ("Review", 0, "kind"): "Harrm"}
    )
    run = ltkg("submit", bad, "--library", tmp_path / "library")
    assert run.returncode == 1
    assert "Findings!B3" in run.stdout
    assert "7946" not in run.stdout + run.stderr
    assert "Harrm" not in run.stdout + run.stderr
    assert "7946" in ltkg("validate", bad).stdout
