"""A second coder codes blind, and what comes back stands beside the first coder's codes, never in their place."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import bundles, ontology, reviews, second_coding
from learntogether_kg.additions import add_coding
from learntogether_kg.agreement.comparison import compare
from learntogether_kg.agreement.extraction import read_codings
from learntogether_kg.agreement.selection import Selection
from learntogether_kg.custody import Record
from learntogether_kg.errors import AgreementError, InvalidReviewError, LibraryBusyError, UnreadableFileError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.namespaces import CL, CODER, LT, TYP
from learntogether_kg.reports import ReportFormat
from learntogether_kg.reports import write as write_report
from tests.codebooks import fill, read
from tests.stores import served
from tests.test_cli import ltkg, one_line
from tests.workbooks import REVIEW_ID, write

STUDY = URIRef(REVIEW_ID)
SAMPLE = Path("learntogether_kg/sample/review-01.xlsx")
CODES = {
    "F1": {"primary": "T4 › Clear roles", "others": "T1; Supervision", "influence": "Unsafe", "explains": "Explains"},
    "F2": {"primary": "No type fits", "influence": "Unclear"},
    "C1": {"primary": "T2 › Supervision", "influence": "Unsafe", "confidence": "High"},
}
"""What coder C makes of the review of tests/workbooks.py; C2 stays uncoded."""


@pytest.fixture
def review(tmp_path: Path) -> Path:
    return write(tmp_path / "review.xlsx")


@pytest.fixture
def blind(review: Path, tmp_path: Path) -> Path:
    second_coding.write_blind(review, "C", tmp_path / "blind.xlsx")
    return tmp_path / "blind.xlsx"


@pytest.fixture
def filled(blind: Path) -> Path:
    return fill(blind, CODES, profession="Health visitor")


@pytest.fixture
def library(review: Path, tmp_path: Path) -> Library:
    library = reviews.init(tmp_path / "library")
    reviews.submit(library, [review])
    return library


def graph_of(library: Library) -> Graph:
    return library.current().store.graph(STUDY)


def codes_of(graph: Graph, coder: str) -> dict[str, URIRef]:
    return {
        str(node).rpartition("/")[2]: graph.value(node, LT.pattern)
        for node in graph.subjects(LT.codedBy, CODER[coder])
        if (node, RDF.type, LT.Classification) in graph
    }


OTHERWISE = {
    ("Findings", 0, "primary pattern"): "T1 › Assessment forms",
    ("Findings", 0, "second pattern"): "",
    ("Findings", 0, "influence"): "Constructive",
    ("Findings", 1, "primary pattern"): "",
    ("Findings", 1, "influence"): "Unclear",
    ("Checklist", 0, "result"): "",
    ("Coders", 0, "coder"): "Otherwise",
    ("Coders", 0, "profession"): "Police officer",
    ("Answers", 0, "by"): "Otherwise",
    ("Second coding", 0, "primary"): "No type fits",
    ("Second coding", 0, "others"): "",
    ("Second coding", 1, "primary"): "T6",
    ("Second coding", 1, "confidence"): "High",
}


def test_not_a_byte_of_a_blind_workbook_depends_on_what_others_coded(review: Path, blind: Path, tmp_path: Path) -> None:
    """Two reviews that differ in nothing but the codes, the coders and who they are give the very same workbook."""
    other = write(tmp_path / "other.xlsx", OTHERWISE)
    changed, same = read_file(other).graph, read_file(review).graph
    assert set(changed.objects(None, LT.pattern)) != set(same.objects(None, LT.pattern))
    second_coding.write_blind(other, "C", tmp_path / "blind-other.xlsx")
    assert (tmp_path / "blind-other.xlsx").read_bytes() == blind.read_bytes()


def test_a_blind_workbook_names_no_other_coder_and_hides_no_sheet_but_the_lists(tmp_path: Path) -> None:
    path = tmp_path / "blind.xlsx"
    second_coding.write_blind(Path("learntogether_kg/teaching/review-01.ttl"), "mine", path)
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        assert not [name for name in archive.namelist() if "comment" in name.lower() or "custom" in name.lower()]
    assert b"teaching-" not in everything
    assert b"mine" in everything
    book = openpyxl.load_workbook(path)
    assert [page.title for page in book if page.sheet_state != "visible"] == ["Lists"]
    assert not [cell for page in book for row in page.iter_rows() for cell in row if cell.comment]


def test_items_are_locked_and_codes_are_open_and_blank(blind: Path) -> None:
    page = openpyxl.load_workbook(blind)["Items"]
    assert page.protection.sheet
    assert not page.protection.password
    shown = {column.heading for column in sheets("coding")[1].columns if column.shown}
    headings = [cell.value for cell in page[1]]
    assert "what each coder said" not in headings
    for row in page.iter_rows(min_row=3):
        for heading, cell in zip(headings, row, strict=True):
            assert cell.protection.locked == (heading in shown)
            assert (cell.value is None) or heading in shown
    assert [row[0].value for row in page.iter_rows(min_row=3)] == ["F1", "F2", "C1", "C2"]


def test_what_a_second_coder_writes_stands_beside_the_first_coders_codes(library: Library, filled: Path) -> None:
    before, custody = graph_of(library), custody_of(library)
    change = reviews.submit(library, [filled])
    after = graph_of(library)
    assert change.replaced == (STUDY,)
    assert set(before) < set(after)
    assert codes_of(after, "A") == codes_of(before, "A")
    assert codes_of(after, "B") == codes_of(before, "B")
    assert codes_of(after, "C") == {
        "F1-C-primary": TYP["clear-roles"],
        "F1-C-other-1": TYP["human-tool-operation"],
        "F1-C-other-2": TYP["supervision"],
        "F2-C-primary": TYP["no-type-fits"],
        "C1-C-primary": TYP["supervision"],
    }
    new = set(after) - set(before)
    assert {subject for subject, _, _ in new} == {
        CODER.C,
        URIRef(f"{STUDY}/scope-C"),
        *(URIRef(f"{STUDY}/{name}") for name in codes_of(after, "C")),
    }
    assert after.value(CODER.C, LT.role) == CL["health-visitor"]
    assert custody <= custody_of(library)
    table = library.current().coding().to_pylist()
    assert {row["coder"] for row in table if row["record"] == "coding"} == {str(CODER[each]) for each in "ABC"}


def custody_of(library: Library) -> set[object]:
    with library.change() as custody:
        return set(custody.latest(STUDY))


def test_review_and_coder_may_be_submitted_at_once(review: Path, filled: Path, tmp_path: Path) -> None:
    library = reviews.init(tmp_path / "fresh")
    assert reviews.submit(library, [filled, review]).added == (STUDY,)
    assert len(codes_of(graph_of(library), "C")) == 5
    assert reviews.submit(library, [review, filled]).unchanged == (STUDY,)
    assert reviews.submit(library, [filled]).unchanged == (STUDY,)


def test_codes_are_replaced_only_when_asked_and_only_the_coders_own(library: Library, filled: Path) -> None:
    reviews.submit(library, [filled])
    before = graph_of(library)
    fill(filled, {"F2": {"primary": "T6", "influence": "Unsafe"}})
    with pytest.raises(AgreementError, match=r"has 5 other code\(s\) by C .* no coding is replaced unasked"):
        reviews.submit(library, [filled])
    assert set(graph_of(library)) == set(before)
    reviews.submit(library, [filled], replace_coding=True)
    after = graph_of(library)
    assert {subject for subject, _, _ in set(after) ^ set(before)} == {URIRef(f"{STUDY}/F2-C-primary")}


def test_a_new_version_of_a_review_does_not_drop_a_coder_unasked(library: Library, review: Path, filled: Path) -> None:
    reviews.submit(library, [filled])
    write(review, {("Findings", 1, "how it showed here"): "In the notes of every meeting"})
    with pytest.raises(AgreementError, match=r"has 5 code\(s\) by C for this review, which this version would drop"):
        reviews.submit(library, [review])
    reviews.submit(library, [review, filled])
    assert len(codes_of(graph_of(library), "C")) == 5
    reviews.submit(library, [review], replace_coding=True)
    assert codes_of(graph_of(library), "C") == {}


def test_the_first_coders_codes_cannot_be_taken_over_under_the_same_code(
    library: Library, filled: Path, review: Path
) -> None:
    fill(filled, CODES, coder="A")
    with pytest.raises(AgreementError, match=r"other code\(s\) by A"):
        reviews.submit(library, [filled])
    with pytest.raises(AgreementError, match="coder a has coded this review already"):
        second_coding.write_blind(review, "a", filled)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({("Findings", 0, "statement"): "Roles are clear"}, "Items!A3: the item reads otherwise in the library"),
        ({("Findings", 1, "id"): "F9"}, "Items!A4: the review in the library has no item F2"),
    ],
)
def test_codes_of_other_words_are_refused(
    changes: Mapping[tuple[str, int, str], str], words: str, filled: Path, tmp_path: Path
) -> None:
    library = reviews.init(tmp_path / "library")
    reviews.submit(library, [write(tmp_path / "changed.xlsx", changes)])
    with pytest.raises(AgreementError) as caught:
        reviews.submit(library, [filled])
    assert words in str(caught.value)


def test_codes_without_their_review_are_refused(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="submit the review first, or both at once"):
        reviews.submit(reviews.init(tmp_path / "empty"), [filled])


@pytest.mark.parametrize(
    ("codes", "fields", "cell", "rule"),
    [
        ({"F2": {"primary": "T9", "influence": "Unsafe"}}, {}, "Items!E4", "ClassificationShape-pattern"),
        ({"F2": {"primary": "T2", "influence": ""}}, {}, "Items!G4", "ClassificationShape-influence"),
        ({"F2": {"primary": "", "influence": "Unsafe"}}, {}, "Items!E4", "ClassificationShape-pattern"),
        ({"F2": {"primary": "", "others": "T2", "influence": ""}}, {}, "Items!F4", "ClassificationShape-primaryFirst"),
        ({}, {"kind": ""}, "Coding!B5", "CoderShape-coderKind"),
        ({}, {"date": ""}, "Coding!B6", "ClassificationShape-dateGiven"),
        ({}, {"agreed_from": "Z"}, None, "CoderShape-derivedFromCoder"),
    ],
)
def test_a_check_names_the_cell_of_a_code_that_is_wrong(
    codes: Mapping[str, Mapping[str, str]],
    fields: Mapping[str, str],
    cell: str | None,
    rule: str,
    filled: Path,
    library: Library,
) -> None:
    fill(filled, codes, **fields)
    if cell:
        report = reviews.check(filled)
        assert not report.conforms
    with pytest.raises(InvalidReviewError) as caught:
        reviews.submit(library, [filled])
    (report,) = caught.value.reports
    found = {(str(each.cell), each.source_shape.rpartition("#")[2]) for each in report.results}
    assert (cell or "Coding!B11", rule) in found


def test_a_check_tells_of_the_codes_alone_and_marks_them_in_the_workbook(filled: Path) -> None:
    assert reviews.check(filled).results == ()
    fill(filled, {"F2": {"primary": "T9", "influence": "Unsafe"}})
    marked = filled.with_name("marked.xlsx")
    marked.write_bytes(write_report(ReportFormat.XLSX, [reviews.check(filled)]))
    assert openpyxl.load_workbook(marked)["Items"]["E4"].comment
    assert not reviews.check(marked).conforms


def test_a_coders_workbook_is_no_review_to_be_converted(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="one coder's codes and no review"):
        reviews.convert(filled, tmp_path / "out.ttl")


def test_no_type_fits_is_compared_and_a_blank_is_missing(review: Path, filled: Path) -> None:
    found = compare(second_coding.read_files([review, filled]), Selection(("A", "C")))
    pair = next(each for each in found.agreements if each.level == "type" and each.group == "pair")
    assert pair.figures["observed agreement"].items == 2  # A coded the findings, C coded both
    assert pair.figures["observed agreement"].estimate == pytest.approx(1 / 2)
    assert {each.item.id: each.kind for each in found.differences}["F2"] == "different type"


def test_what_coders_agree_on_is_filled_and_the_rest_left_blank(review: Path, filled: Path, tmp_path: Path) -> None:
    fill(filled, {"F1": {"others": "T2"}})
    coded = second_coding.read_files([review, filled])
    out = tmp_path / "agreed.xlsx"
    assert second_coding.write_agreed(coded, Selection(("A", "C")), "", out) == (1, 3)
    rows = read(out)
    assert {header: rows["F1"][header] for header in ("primary", "others", "influence")} == {
        "primary": "T4 › Clear roles",
        "others": "T2 Human-management system operation",
        "influence": "Unsafe",
    }
    assert (rows["F2"]["primary"], rows["F2"]["influence"], rows["C1"]["primary"]) == ("", "", "")
    assert rows["F2"]["what each coder said"].splitlines() == [
        "A: T2 › Supervision (primary, constructive)",
        "C: No type fits (primary, unclear)",
    ]


def test_an_agreed_coding_names_its_coders_and_they_stay(
    library: Library, review: Path, filled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "agreed.xlsx"
    second_coding.write_agreed(second_coding.read_files([review, filled]), Selection(("A", "C")), "settled", out)
    fill(out, {"F2": {"primary": "T2 › Supervision", "influence": "Constructive"}})
    reviews.submit(library, [filled, out])
    graph = graph_of(library)
    assert graph.value(CODER.settled, LT.coderKind) == CL.agreed
    assert set(graph.objects(CODER.settled, LT.derivedFromCoder)) == {CODER.A, CODER.C}
    assert codes_of(graph, "settled") == {"F2-settled-primary": TYP.supervision}
    assert codes_of(graph, "A")
    assert codes_of(graph, "C")
    coded = read_codings(library.current().store)
    assert [each.code for each in compare(coded).coders] == ["A", "B", "C"]


def test_a_code_that_is_no_pattern_is_not_taken_for_a_missing_one(review: Path, filled: Path) -> None:
    fill(filled, {"F2": {"primary": "T9"}})
    with pytest.raises(AgreementError, match=r"F2 is coded as 'T9', which is no pattern .*ltkg validate"):
        second_coding.read_files([review, filled])


def test_a_review_that_nobody_coded_is_coded_blind_with_all_its_items(tmp_path: Path) -> None:
    review = write(
        tmp_path / "uncoded.xlsx",
        {
            ("Findings", 0, "primary pattern"): "",
            ("Findings", 0, "second pattern"): "",
            ("Findings", 1, "primary pattern"): "",
        },
    )
    out = tmp_path / "blind.xlsx"
    assert second_coding.write_blind(review, "C", out) == 4
    assert set(read(out)) == {"F1", "F2", "C1", "C2"}


def test_a_coders_workbook_is_made_from_the_review_and_not_from_another_coders(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="give the review itself"):
        second_coding.write_blind(filled, "D", tmp_path / "d.xlsx")


def test_a_live_library_takes_a_coders_workbook_too(review: Path, filled: Path, tmp_path: Path) -> None:
    with served(tmp_path, {}) as store:
        live = LiveLibrary(store)
        reviews.submit(live, [review])
        before = store.graph(STUDY)
        reviews.submit(live, [filled])
        assert set(before) < set(store.graph(STUDY))
        assert len(codes_of(store.graph(STUDY), "C")) == 5
        assert reviews.submit(live, [filled]).unchanged == (STUDY,)
        with pytest.raises(AgreementError, match="would drop"):
            reviews.submit(live, [review])


def test_a_library_that_has_changed_since_the_check_takes_nothing(library: Library, filled: Path) -> None:
    """Codes are checked against the review as it stands; if it is another by then, they are not put onto it."""
    draft, before = read_file(filled), graph_of(library)
    merged = add_coding(draft, before)
    stale = Record(STUDY, merged, Graph(), onto=before)
    changed = Graph(identifier=STUDY)
    for triple in before:
        changed.add(triple)
    changed.add((URIRef(f"{STUDY}/F2"), LT.claimedPrevalence, Literal("Not said")))
    library.commit([Record(STUDY, changed, Graph())])
    with pytest.raises(LibraryBusyError):
        library.commit([stale])
    assert set(graph_of(library)) == set(changed)


def test_a_coders_workbook_with_a_sheet_missing_is_refused(filled: Path) -> None:
    book = openpyxl.load_workbook(filled)
    del book["Items"]
    book.save(filled)
    with pytest.raises(UnreadableFileError, match="no sheet 'Items', so it is not a coding workbook"):
        read_file(filled)


def test_every_term_of_the_coders_workbook_is_in_the_model_and_every_list_has_entries() -> None:
    model = ontology.load_ontology()
    for sheet in sheets("coding"):
        for column in sheet.columns:
            assert column.predicate is None or (column.predicate, RDF.type, None) in model, column.header
            assert column.entries is None or column.drop_down, column.header
            assert set(column.on) <= {template.name for template in sheet.nodes} or column.predicate is None
        for template in sheet.nodes:
            assert all((rule.iri, RDF.type, None) in model for rule in template.classes)


def test_building_the_sample_again_leaves_codes_that_were_added_to_it(sample_library: Library, tmp_path: Path) -> None:
    library = Library.open(shutil.copytree(sample_library.path, tmp_path / "sample"))
    second_coding.write_blind(SAMPLE, "C", tmp_path / "blind.xlsx")
    fill(tmp_path / "blind.xlsx", {"F1": {"primary": "T2", "influence": "Unsafe"}})
    study = read_file(SAMPLE).study
    reviews.submit(library, [tmp_path / "blind.xlsx"])
    added = set(library.current().store.graph(study))
    bundles.build_bundled("sample", library.path)
    assert set(library.current().store.graph(study)) == added
    assert (None, LT.codedBy, CODER.C) in library.current().store.graph(study)


def test_the_command_line_says_what_is_wrong_in_one_line(review: Path, blind: Path, tmp_path: Path) -> None:
    for arguments, words in [
        (("template", tmp_path / "x.xlsx", "--coder", "C"), "needs both --from REVIEW.xlsx and --coder CODE"),
        (("template", tmp_path / "x.xlsx", "--from", review), "needs both --from REVIEW.xlsx and --coder CODE"),
        (("template", blind, "--from", review, "--coder", "C"), "it is there already"),
        (("template", tmp_path / "x.xlsx", "--from", review, "--coder", "B"), "coder B has coded this review already"),
        (("agree",), "give two or more files, or --library DIR"),
        (("agree", review, review, "--library", tmp_path), "files and --library were both given"),
        (("agree", tmp_path / "none.xlsx"), "there is no such file"),
        (("agree", review, review), "has coded Synthetic review both in"),
        (("agree", review, "--format", "xlsx"), "add --out FILE.xlsx"),
        (("agree", review, "--out", review), "it would replace a file that is compared"),
        (("agree", review, "--agreed", blind), "it is there already"),
        (("agree", review, "--coder", "A"), "there is one coding, by A"),
        (("agree", review, "--agreed", tmp_path / "y.xlsx", "--as", "B"), "B is the code of one of the coders"),
    ]:
        run = ltkg(*arguments)
        assert run.returncode == 2, arguments
        assert one_line(run.stderr), run.stderr
        assert words in run.stderr
    assert not (tmp_path / "x.xlsx").exists()
