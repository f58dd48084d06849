"""A workbook says in the graph what its cells say, and every node and value can be traced to its cell."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from rdflib import RDF, XSD, Literal, URIRef

from learntogether_kg import resources
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.archive import MAX_UNPACKED_BYTES
from learntogether_kg.ingest.dates import bounds
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.layout import choices, key, sheets
from learntogether_kg.ingest.template import FIRST_ROW, new_review_id, write_template
from learntogether_kg.ingest.workbook import read_workbook
from learntogether_kg.namespaces import CL, CODER, DCT, LT, LTS, TYP
from learntogether_kg.source_map import Cell
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.report import Severity
from tests.workbooks import CELLS, REVIEW_ID, rewrite, write


def node(local: str) -> URIRef:
    return URIRef(f"{REVIEW_ID}/{local}")


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    return read_workbook(write(tmp_path_factory.mktemp("book") / "review.xlsx"))


REVIEW = URIRef(REVIEW_ID)


@pytest.mark.parametrize(
    ("subject", "predicate", "values"),
    [
        (REVIEW, RDF.type, {LT.Review}),
        (REVIEW, LT.questionKind, {CL.harm, CL["valued-practice"], CL.innovation}),
        (REVIEW, LT.periodStartYear, {Literal(2014)}),
        (REVIEW, LT.periodEndYear, set()),
        (REVIEW, LT.notStated, {LT.periodEndYear}),
        (REVIEW, LT.synthetic, {Literal(True)}),
        (REVIEW, LT.tier, set()),
        (CODER.A, LT.coderKind, {CL.human}),
        (node("scope-A"), LT.codedBy, {CODER.A}),
        (node("scope-A"), LT.earliest, {Literal("2026-11-01T00:00:00Z", datatype=XSD.dateTime)}),
        (node("scope-A"), LT.latest, {Literal("2026-11-30T23:59:59Z", datatype=XSD.dateTime)}),
        (node("scope-B"), LT.notStated, {LT.dateAsStated}),
        (node("F1"), RDF.type, {LT.Finding}),
        (node("F1"), LT.inReview, {REVIEW}),
        (node("F1"), LT.localId, {Literal("F1")}),
        (node("F1"), LT.supportedBy, {node("C1"), node("V1")}),
        (node("F1"), LT.contradictedBy, {node("S2")}),
        (node("F1"), LT.concerns, {node("artefact-risk-tool")}),
        (node("artefact-risk-tool"), RDF.type, {LT.Tool}),
        (node("F1-A-primary"), LT.classifies, {node("F1")}),
        (node("F1-A-primary"), LT.pattern, {TYP["clear-roles"]}),
        (node("F1-A-primary"), LT.primary, {Literal(True)}),
        (node("F1-A-primary"), LT.influence, {CL.unsafe}),
        (node("F1-A-primary"), LT.codedBy, {CODER.A}),
        (node("F1-A-primary"), LT.underTypology, {TYP["version-2008"]}),
        (node("F1-A-primary"), LT.dateAsStated, {Literal("2026-11")}),
        (node("F1-A-second"), LT.primary, {Literal(False)}),
        (node("F1-A-third"), RDF.type, set()),
        (node("F1-B-primary"), LT.influence, {CL.unclear}),
        (node("F1-B-other-1"), LT.pattern, {TYP["human-management-system-operation"]}),
        (node("F1-B-other-2"), LT.pattern, {TYP["nature-of-the-task-incidents"]}),
        (node("C1-B-primary"), LT.pattern, {TYP["no-type-fits"]}),
        (node("assessment-human-tool-operation"), LT.assessmentResult, {CL["looked-for-not-found"]}),
        (node("assessment-human-tool-operation"), LT.codedBy, {CODER.A}),
        (node("P1"), RDF.type, {LT.Professional}),
        (node("P1"), LT.agency, {node("agency-police")}),
        (node("agency-police"), LT.agencyKind, {CL.police}),
        (node("P2"), RDF.type, {LT.FamilyMember}),
        (node("P3"), RDF.type, set()),
        (node("agency-housing"), LT.inReview, {REVIEW}),
        (node("P4"), RDF.type, {LT.TeamMember}),
        (node("S1"), RDF.type, {LT.Conversation}),
        (node("S2"), RDF.type, {LT.DocumentarySource}),
        (node("V1"), LT.drawnFrom, {node("S1"), node("S2")}),
        (node("C1"), LT.agency, {node("agency-police")}),
        (node("C1-trade-off"), LT.goal, {Literal("Speed"), Literal("Depth")}),
        (node("C1-trade-off"), RDF.type, {LT.TradeOff}),
        (node("C1-trade-off"), LT.pushedBy, {Literal("The clock in the form, towards speed")}),
        (node("C1"), LT.tradeOff, {node("C1-trade-off")}),
        (node("C2"), LT.tradeOff, set()),
        (node("C1"), LT.factorItem, {CL["item-conditions-workload"], CL["item-conditions-timing"]}),
        (node("artefact-risk-tool"), LT.artefactKind, {CL["risk-tool"]}),
        (node("artefact-risk-tool"), LT.geographicLevel, {CL["national-level"]}),
        (node("artefact-risk-tool"), LT.feltAt, {CL["front-line-level"], CL["local-strategic-level"]}),
        (node("artefact-risk-tool"), LT.changedTask, {Literal("Talking became scoring")}),
        (node("F1"), LT.guardedBy, {node("G1")}),
        (node("G1"), RDF.type, {LT.Safeguard}),
        (node("G1"), LT.safeguardEffect, {CL["caught-the-error"]}),
        (node("Q1"), RDF.type, {LT.BoardQuestion}),
        (node("Q1"), LT.respondsTo, {node("F1")}),
        (node("R1"), LT.repeatsEarlier, {CL.yes}),
        (node("N1"), LT.bringsTogether, {node("V1")}),
        (node("P4"), LT.memberOf, {node("team")}),
        (node("P1"), LT.memberOf, set()),
        (node("P1"), LT.geographicLevel, {CL["local-level"]}),
        (node("team"), RDF.type, {LT.ReviewTeam}),
        (node("E1"), LT.involved, {node("P1"), node("P2")}),
        (node("S1"), LT.foundMostSignificant, {node("C1"), node("C2")}),
        (REVIEW, LT.valuedBy, {CL["valued-by-family"], CL["valued-by-professionals"]}),
        (node("I1"), LT.factor, {node("C1"), node("C2")}),
        (node("R1"), LT.respondsTo, {node("F1")}),
    ],
)
def test_each_cell_says_what_it_means(draft: Draft, subject: URIRef, predicate: URIRef, values: set[object]) -> None:
    assert set(draft.graph.objects(subject, predicate)) == values


def test_the_source_goes_to_custody_and_nowhere_else(draft: Draft) -> None:
    assert set(draft.custody.objects(node("source"), DCT.identifier)) == {Literal("SYN-1"), Literal("SYN-2")}
    assert "Synthetic Board" not in draft.graph.serialize(format="nt")
    assert node("source") not in set(draft.graph.all_nodes())


@pytest.mark.parametrize(
    ("subject", "predicate", "sheet", "row", "header"),
    [
        (REVIEW, LT.method, "Review", None, "method"),
        (REVIEW, LT.tier, "Review", None, "tier"),
        (node("F2"), None, "Findings", 1, "id"),
        (node("F2"), LT.statement, "Findings", 1, "statement"),
        (node("F1-A-second"), LT.pattern, "Findings", 0, "second pattern"),
        (node("F1-A-second"), LT.dateAsStated, "Coders", 0, "date"),
        (node("F1-B-other-2"), LT.pattern, "Second coding", 0, "others"),
        (node("F1-B-primary"), LT.codedBy, "Second coding", 0, "coder"),
        (node("agency-housing"), LT.agencyKind, "People", 2, "agency kind"),
        (node("C1-trade-off"), LT.goal, "Factors", 0, "goals in tension"),
        (node("C1-trade-off"), LT.pushedBy, "Factors", 0, "what pushed people"),
        (node("C1"), LT.tradeOff, "Factors", 0, "goals in tension"),
        (node("artefact-risk-tool"), LT.geographicLevel, "Tools and guidance", 0, "made where"),
        (node("F1"), LT.guardedBy, "Findings", 0, "safeguards"),
        (node("source"), DCT.title, "Source", None, "title"),
        (node("A1"), LT.answersWords, "Answers", 0, "words"),
    ],
)
def test_each_value_can_be_traced_to_its_cell(
    draft: Draft, subject: URIRef, predicate: URIRef | None, sheet: str, row: int | None, header: str
) -> None:
    layout = next(entry for entry in sheets() if entry.name == sheet)
    index = [key(column.header) for column in layout.columns].index(header)
    letter = "B" if row is None else "ABCDEFGHIJKLMNOPQRST"[index]
    number = index + 2 if row is None else row + FIRST_ROW + 1
    assert draft.source_map.locate(subject, predicate) == Cell(sheet, f"{letter}{number}")


def test_every_statement_in_the_graph_stands_in_some_cell(draft: Draft) -> None:
    mapped = {subject for subject, _, _ in draft.source_map.items()}
    assert set(draft.graph.subjects()) <= mapped


def test_the_test_workbook_fills_every_sheet() -> None:
    assert set(CELLS) == {sheet.name for sheet in sheets()}


def test_the_test_workbook_conforms(draft: Draft) -> None:
    found = validate(draft.graph, draft.source_map, custody=draft.custody).results
    assert [result.message for result in found if result.severity is Severity.VIOLATION] == []
    assert [result.answer for result in found if result.answer] == ["It is the name of a form (A, 2026-11-23)"]
    assert not [result.rule for result in found if result.rule.startswith("RecordedReason")]


@pytest.mark.parametrize(
    ("change", "subject", "predicate", "value"),
    [
        (("Findings", 0, "influence"), node("F1"), LT.influence, Literal("Unsaef")),
        (("Findings", 0, "primary pattern"), node("F1-A-primary"), LT.pattern, Literal("Nature of the task")),
        (("Review", 0, "publication year"), REVIEW, LT.publicationYear, Literal("20l6")),
        (("Factors", 0, "episode"), node("C1"), LT.bearsOn, node("E9")),
        (("People", 0, "agency kind"), node("agency-Polize"), LT.agencyKind, Literal("Polize")),
        (("Second coding", 0, "coder"), node("F1-C-primary"), LT.codedBy, CODER.C),
    ],
)
def test_a_wrong_cell_stands_in_the_graph_as_typed(
    tmp_path: Path, change: tuple[str, int, str], subject: URIRef, predicate: URIRef, value: Literal | URIRef
) -> None:
    typed = str(value).rpartition("/")[2]
    read = read_workbook(write(tmp_path / "x.xlsx", {change: typed}))
    assert (subject, predicate, value) in read.graph


def test_a_second_row_with_the_same_id_stays_a_second_node(tmp_path: Path) -> None:
    read = read_workbook(write(tmp_path / "x.xlsx", {("Findings", 1, "id"): "F1"}))
    assert set(read.graph.subjects(LT.localId, Literal("F1"))) == {node("F1"), node("F1--row-4")}


@pytest.mark.parametrize("text", ["", "x y/../z", "<script>", 'a"b', "https://example.org/other"])
def test_no_text_breaks_out_of_an_iri(tmp_path: Path, text: str) -> None:
    changes = {("Review", 0, "id"): text, ("Findings", 0, "id"): text, ("Coders", 0, "coder"): text}
    read = read_workbook(write(tmp_path / "x.xlsx", changes))
    assert read.graph.serialize(format="nt")
    assert str(read.study).startswith("https://w3id.org/learntogether/id/review/")
    assert len(str(read.study)) > len("https://w3id.org/learntogether/id/review/")


def test_a_cell_with_a_formula_sign_is_text(tmp_path: Path) -> None:
    read = read_workbook(write(tmp_path / "x.xlsx", {("Findings", 0, "statement"): "=1+1"}))
    assert (node("F1"), LT.statement, Literal("=1+1")) in read.graph


def edit(path: Path, sheet: str, change: object) -> Path:
    book = openpyxl.load_workbook(path)
    assert callable(change)
    change(book[sheet] if sheet in book.sheetnames else book)
    book.save(path)
    return path


def test_a_record_stays_a_record_when_the_line_of_guidance_is_deleted(tmp_path: Path) -> None:
    path = edit(write(tmp_path / "x.xlsx"), "Findings", lambda page: page.delete_rows(2))
    assert (node("F1"), RDF.type, LT.Finding) in read_workbook(path).graph


def test_numbers_and_dates_that_a_spreadsheet_made_read_as_typed(tmp_path: Path) -> None:
    def retype(page: object) -> None:
        page["C3"] = datetime(2026, 11, 23, tzinfo=None)  # type: ignore[index]

    path = edit(write(tmp_path / "x.xlsx"), "Coders", retype)
    path = edit(path, "Review", lambda page: page.cell(15, 2, 2014.0))
    read = read_workbook(path)
    assert (node("scope-A"), LT.dateAsStated, Literal("2026-11-23")) in read.graph
    assert (REVIEW, LT.periodStartYear, Literal(2014)) in read.graph


@pytest.mark.parametrize(
    ("sheet", "change", "where", "what"),
    [
        ("Findings", lambda page: page.cell(1, 30, "remarks"), "Findings!AD1", "'remarks' is not a column"),
        ("Findings", lambda page: page.cell(5, 25, "lost"), "Findings!Y1", "is not a column"),
        ("Findings", lambda page: page.cell(1, 3, "statement"), "Findings!C1", "stands twice"),
        ("Findings", lambda page: page.delete_cols(2), "sheet 'Findings'", "has no 'statement'"),
        ("Review", lambda page: page.cell(40, 1, "mood"), "Review!B40", "'mood' is not a field"),
        ("Review", lambda page: page.delete_rows(8), "sheet 'Review'", "has no 'method'"),
        ("-", lambda book: book.remove(book["Coders"]), "", "no sheet 'Coders'"),
        ("-", lambda book: book.create_sheet("Extra").cell(1, 1, "x"), "sheet 'Extra'", "starts with Notes"),
    ],
)
def test_what_the_template_does_not_know_is_refused_and_not_dropped(
    tmp_path: Path, sheet: str, change: object, where: str, what: str
) -> None:
    path = edit(write(tmp_path / "x.xlsx"), sheet, change)
    with pytest.raises(UnreadableFileError) as refused:
        read_workbook(path)
    assert refused.value.where == where
    assert what in refused.value.reason


def test_a_sheet_of_notes_is_left_alone(tmp_path: Path) -> None:
    path = edit(write(tmp_path / "x.xlsx"), "-", lambda book: book.create_sheet("Notes to self").cell(1, 1, "x"))
    assert "to self" not in read_workbook(path).graph.serialize(format="nt")


def test_a_workbook_bears_no_name_and_no_date_of_its_making(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path / "x.xlsx")) as archive:
        core = archive.read("docProps/core.xml").decode()
    assert "2000-01-01" in core
    assert "<dc:creator></dc:creator>" in core
    assert "<cp:lastModifiedBy></cp:lastModifiedBy>" in core


def test_an_empty_template_reads_as_one_review_and_no_findings(tmp_path: Path) -> None:
    write_template(tmp_path / "new.xlsx")
    read = read_workbook(tmp_path / "new.xlsx")
    assert set(read.graph.subjects(RDF.type, LT.Review)) == {read.study}
    assert set(read.graph.subjects()) == {read.study}


def test_every_review_gets_an_id_of_its_own() -> None:
    assert len({new_review_id() for _ in range(100)}) == 100


@pytest.mark.parametrize("depth", ["findings", "evidence", "full"])
def test_columns_of_a_later_depth_are_folded_away_until_it_asks_for_them(tmp_path: Path, depth: str) -> None:
    write_template(tmp_path / "new.xlsx", depth)
    order = ["findings", "evidence", "full"]
    book = openpyxl.load_workbook(tmp_path / "new.xlsx")
    for sheet in sheets():
        for index, column in enumerate(sheet.columns):
            letter = get_column_letter(index + 1)
            page = book[sheet.name]
            shown = page.row_dimensions[index + 2] if sheet.layout == "fields" else page.column_dimensions[letter]
            hidden = order.index(column.depth) > order.index(depth)
            assert (shown.hidden, shown.outlineLevel) == (hidden, int(hidden)), f"{sheet.name}: {column.header}"


def test_what_is_filled_in_is_never_folded_away(tmp_path: Path) -> None:
    write_template(tmp_path / "new.xlsx", "findings", {"Findings": CELLS["Findings"]})
    page = openpyxl.load_workbook(tmp_path / "new.xlsx")["Findings"]
    assert page["R1"].value == "safeguards"
    assert not page.column_dimensions["R"].hidden


def test_two_rows_on_one_kind_of_tool_speak_of_the_same_tool(tmp_path: Path) -> None:
    path = write(tmp_path / "x.xlsx")

    def add(page: object) -> None:
        for index, text in enumerate(("Risk tool", "Local", "National"), start=1):
            page.cell(4, index, text)  # type: ignore[attr-defined]

    read = read_workbook(edit(path, "Tools and guidance", add))
    tool = node("artefact-risk-tool")
    assert set(read.graph.subjects(LT.artefactKind)) == {tool}
    (result,) = [r for r in validate(read.graph, read.source_map).results if r.severity is Severity.VIOLATION]
    assert (result.focus_node, result.source_shape) == (tool, LTS["ArtefactShape-geographicLevel"])


def test_a_trade_off_that_only_says_what_pushed_is_kept(tmp_path: Path) -> None:
    read = read_workbook(write(tmp_path / "x.xlsx", {("Factors", 1, "what pushed people"): "A target"}))
    assert (node("C2-trade-off"), LT.pushedBy, Literal("A target")) in read.graph


def test_a_trade_off_that_the_source_leaves_out_is_no_trade_off(tmp_path: Path) -> None:
    read = read_workbook(write(tmp_path / "x.xlsx", {("Factors", 1, "goals in tension"): "Not stated"}))
    assert (node("C2"), LT.notStated, LT.tradeOff) in read.graph
    assert set(read.graph.subjects(RDF.type, LT.TradeOff)) == {node("C1-trade-off")}


@pytest.mark.parametrize("depth", ["findings", "evidence", "full"])
def test_later_sheets_stay_hidden_until_the_depth_asks_for_them(tmp_path: Path, depth: str) -> None:
    write_template(tmp_path / "new.xlsx", depth)
    order = ["findings", "evidence", "full"]
    book = openpyxl.load_workbook(tmp_path / "new.xlsx")
    for sheet in sheets():
        hidden = order.index(sheet.depth) > order.index(depth)
        assert (book[sheet.name].sheet_state == "hidden") == hidden, sheet.name


def test_drop_downs_offer_the_entries_of_their_lists(tmp_path: Path) -> None:
    write_template(tmp_path / "new.xlsx", "full")
    book = openpyxl.load_workbook(tmp_path / "new.xlsx")
    for sheet in sheets():
        offered = {
            str(area): validation.formula1
            for validation in book[sheet.name].data_validations.dataValidation
            for area in validation.sqref.ranges
        }
        listed = [column for column in sheet.columns if column.drop_down or column.type == "reference"]
        assert len(offered) == len(listed), sheet.name
    name = book.defined_names["list_typology_scheme"].attr_text
    column = name.split("$")[1]
    shown = [cell.value for cell in book["Lists"][column][1:] if cell.value]
    assert shown == [choice.text for choice in choices(TYP.scheme)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", ("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z")),
        ("2024-02", ("2024-02-01T00:00:00Z", "2024-02-29T23:59:59Z")),
        ("2026-11-23", ("2026-11-23T00:00:00Z", "2026-11-23T23:59:59Z")),
        ("2026-02-30", None),
        ("2026-13", None),
        ("0000", None),
        ("last spring", None),
    ],
)
def test_a_stated_date_has_outer_bounds(text: str, expected: tuple[str, str] | None) -> None:
    assert bounds(text) == expected


def damaged(path: Path) -> bytes:
    return write(path).read_bytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: b"",
        lambda path: b"PK\x03\x04 nearly",
        lambda path: b"id,statement\n1,x\n",
        lambda path: damaged(path)[:2000],
        lambda path: damaged(path).replace(b"PK\x05\x06", b"PK\x00\x00"),
    ],
    ids=["empty", "no archive", "a csv by another name", "cut off", "no directory"],
)
def test_a_broken_workbook_is_told_in_one_sentence(tmp_path: Path, make: object) -> None:
    path = tmp_path / "x.xlsx"
    assert callable(make)
    path.write_bytes(make(path))
    with pytest.raises(UnreadableFileError, match="not an Excel workbook"):
        read_file(path)


def test_an_archive_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableFileError, match="not an Excel workbook"):
        read_file(tmp_path / "x.xlsx")


def test_an_archive_that_swells_is_stopped_while_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (MAX_UNPACKED_BYTES + 1))
    with pytest.raises(UnreadableFileError, match="unpacks to more than 50 MB"):
        read_file(tmp_path / "x.xlsx")


@pytest.mark.parametrize("name", ["review.pdf", "review.xls", "review"])
def test_a_file_of_another_kind_is_told_what_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(UnreadableFileError, match=r"\.xlsx, \.ttl, \.trig, \.jsonld"):
        read_file(tmp_path / name)


@pytest.mark.parametrize("path", resources.files("sample", "*.xlsx"), ids=lambda path: path.stem)
def test_each_sample_workbook_is_what_todays_template_makes_of_its_cells(tmp_path: Path, path: Path) -> None:
    rewrite(path, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes(), "run `make sample` to bring it up to date"
