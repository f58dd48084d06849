"""The reviewer's workbook comes back as it was, with marks in it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from learntogether_kg import reviews
from learntogether_kg.ingest.cells import read_cells
from learntogether_kg.ingest.marking import SUMMARY, mark
from learntogether_kg.ingest.template import write_template
from learntogether_kg.validation.report import ValidationReport
from tests.planting import write_clean

CHANGES = {
    "Findings/F1/influence": "Unsaef",
    "Findings/F2/statement": "=1+1 ring 020 7946 0123",
    "Perspectives/V1/source": "S1; S2; S99",
    "Review/label": "",
}
MARKED = {"Findings": {"D3", "B4"}, "Perspectives": {"K3"}, "Review": {"B3"}}


def load(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def texts(data: bytes) -> object:
    return {
        sheet: [{header: value.text for header, value in row.values.items()} for row in rows]
        for sheet, rows in read_cells(Path("x.xlsx"), data).items()
    }


def look(book: Any) -> object:
    """Returns all that a reviewer sees of a workbook but for comments and fills."""
    return {
        page.title: (
            page.sheet_state,
            page.freeze_panes,
            page.page_setup.orientation,
            sorted((str(v.sqref), v.type, v.formula1, v.errorStyle) for v in page.data_validations.dataValidation),
            {name: (column.width, column.hidden) for name, column in page.column_dimensions.items()},
            {number: row.height for number, row in page.row_dimensions.items() if row.height},
            [
                (cell.coordinate, cell.value, cell.data_type, cell.number_format, cell.font.b, cell.alignment.wrap_text)
                for row in page.iter_rows()
                for cell in row
            ],
        )
        for page in book
        if page.title != SUMMARY
    } | {"names": {name: book.defined_names[name].attr_text for name in book.defined_names}}


def fills(book: Any) -> dict[str, str]:
    return {
        f"{page.title}!{cell.coordinate}": cell.fill.fgColor.rgb
        for page in book
        if page.title != SUMMARY
        for row in page.iter_rows()
        for cell in row
        if cell.fill.fill_type == "solid"
    }


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clean(tmp_path_factory.mktemp("marking") / "wrong.xlsx", CHANGES)


@pytest.fixture(scope="module")
def report(wrong: Path) -> ValidationReport:
    return reviews.check(wrong)


@pytest.fixture(scope="module")
def marked(wrong: Path, report: ValidationReport) -> bytes:
    return mark(wrong, report)


def test_exactly_the_offending_cells_are_marked(marked: bytes, wrong: Path) -> None:
    book = load(marked)
    for page in book:
        commented = {cell.coordinate for row in page.iter_rows() for cell in row if cell.comment}
        assert commented == MARKED.get(page.title, set()), page.title
    before, after = fills(openpyxl.load_workbook(wrong)), fills(book)
    changed = {cell for cell in after if after[cell] != before.get(cell)}
    assert changed == {f"{sheet}!{ref}" for sheet, refs in MARKED.items() for ref in refs}


def test_a_comment_says_severity_what_why_and_what_to_do(marked: bytes, report: ValidationReport) -> None:
    comment = load(marked)["Findings"]["D3"].comment.text
    told = [result for result in report.told() if str(result.cell) == "Findings!D3"]
    assert told
    for result in told:
        for part in (f"{result.severity.value}: ", result.message, result.remedy, result.reason):
            assert part in comment
    assert "did you mean “Unsafe”?" in comment


def test_all_else_is_as_it_was(marked: bytes, wrong: Path) -> None:
    assert look(load(marked)) == look(openpyxl.load_workbook(wrong))


@pytest.mark.parametrize("depth", ["findings", "evidence", "full"])
def test_a_template_of_every_depth_survives(tmp_path: Path, depth: str) -> None:
    path = tmp_path / "new.xlsx"
    write_template(path, depth)
    assert look(load(mark(path, reviews.check(path)))) == look(openpyxl.load_workbook(path))


def test_our_reader_reads_the_marked_workbook_as_the_first(
    marked: bytes, wrong: Path, report: ValidationReport
) -> None:
    assert texts(marked) == texts(wrong.read_bytes())
    assert reviews.check(wrong, data=marked).results == report.results


def test_the_first_words_of_the_summary_are_the_verdict_and_each_row_leads_to_its_cell(
    marked: bytes, report: ValidationReport
) -> None:
    page = load(marked)[SUMMARY]
    assert report.verdict in page["A1"].value
    rows = [row for row in page.iter_rows(min_row=8) if row[0].value]
    assert [row[0].value for row in rows] == [result.place for result in report.told()]
    assert rows[0][0].hyperlink.location == "'Review'!B3"
    assert not [cell.value for row in page.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_workbook_opens_at_the_summary_with_no_second_sheet_selected(marked: bytes) -> None:
    book = load(marked)
    assert book.active.title == book.sheetnames[0] == SUMMARY
    assert [page.title for page in book if page.sheet_view.tabSelected] == [SUMMARY]


def test_marks_on_hidden_sheets_are_announced(tmp_path: Path) -> None:
    path = write_clean(tmp_path / "x.xlsx", CHANGES)
    book = openpyxl.load_workbook(path)
    book["Perspectives"].sheet_state = "hidden"
    book.save(path)
    shown = load(mark(path, reviews.check(path)))
    assert shown["Perspectives"].sheet_state == "hidden"
    assert "Perspectives" in shown[SUMMARY]["A4"].value


def test_marks_in_folded_columns_are_announced(tmp_path: Path) -> None:
    path = write_clean(tmp_path / "x.xlsx", CHANGES)
    book = openpyxl.load_workbook(path)
    book["Findings"].column_dimensions["D"].hidden = True
    book.save(path)
    shown = load(mark(path, reviews.check(path)))
    assert shown["Findings"].column_dimensions["D"].hidden
    assert "Findings!D3" in shown[SUMMARY]["A5"].value


def test_marking_again_replaces_the_marks(marked: bytes, wrong: Path, tmp_path: Path) -> None:
    twice = mark(Path("x.xlsx"), reviews.check(wrong, data=marked), marked)
    assert fills(load(twice)) == fills(load(marked))
    assert load(twice)["Findings"]["D3"].comment.text == load(marked)["Findings"]["D3"].comment.text
    assert load(twice).sheetnames.count(SUMMARY) == 1
    assert len(load(twice).sheetnames) == len(load(marked).sheetnames)


def test_marks_of_what_is_put_right_go_away(marked: bytes, wrong: Path) -> None:
    clean = mark(Path("x.xlsx"), ValidationReport("x.xlsx"), marked)
    assert fills(load(clean)) == fills(openpyxl.load_workbook(wrong))
    assert not [cell for page in load(clean) for row in page.iter_rows() for cell in row if cell.comment]


def test_a_reviewers_own_comment_stays(tmp_path: Path) -> None:
    path = write_clean(tmp_path / "x.xlsx", CHANGES)
    book = openpyxl.load_workbook(path)
    book["Findings"]["D3"].comment = Comment("Ask the team.", "Reviewer")
    book["Findings"]["A3"].comment = Comment("Mine.", "Reviewer")
    book.save(path)
    once = mark(path, reviews.check(path))
    assert load(once)["Findings"]["D3"].comment.text.startswith("Ask the team.\n\n[ltkg validate]\nViolation: ")
    assert load(once)["Findings"]["A3"].comment.text == "Mine."
    clean = load(mark(Path("x.xlsx"), ValidationReport("x.xlsx"), once))
    assert clean["Findings"]["D3"].comment.text == "Ask the team."
    assert clean["Findings"]["D3"].comment.author == "Reviewer"


def test_a_drop_down_that_excel_moved_away_is_there_again(tmp_path: Path) -> None:
    path = write_clean(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(path)
    kept = book["Perspectives"].data_validations.dataValidation
    lost = [
        validation for validation in kept if "'People'" in validation.formula1 or "'Episodes'" in validation.formula1
    ]
    assert lost
    for validation in lost:
        kept.remove(validation)
    book.save(path)
    again = load(mark(path, reviews.check(path)))["Perspectives"].data_validations.dataValidation
    offered = {(str(validation.sqref), validation.formula1.lstrip("=")) for validation in again}
    assert {(str(each.sqref), each.formula1.lstrip("=")) for each in lost} <= offered


def test_a_formula_stays_a_formula(tmp_path: Path) -> None:
    path = write_clean(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(path)
    book["Findings"]["H3"] = "=A3"
    book.save(path)
    assert load(mark(path, ValidationReport("x.xlsx")))["Findings"]["H3"].value == "=A3"


def test_no_temporary_file_is_made(wrong: Path, report: ValidationReport, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("NamedTemporaryFile", "TemporaryFile", "mkstemp", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("openpyxl.worksheet._writer.NamedTemporaryFile", refuse)  # it has a name of its own for it
    assert mark(wrong, report)


def test_the_file_still_says_nothing_of_who_made_it_or_when(marked: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(marked)) as archive:
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2
    assert "openpyxl" not in core
