"""The command line does what the manual says, and says in one line what went wrong."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from learntogether_kg import cli, cli_terminal
from learntogether_kg.ingest.files import read_file
from learntogether_kg.library import Library
from tests.workbooks import write


@dataclass(frozen=True)
class Run:
    """What a command printed, and its exit code."""

    stdout: str
    stderr: str
    returncode: int


def ltkg(*arguments: object) -> Run:
    """Runs a command as the shell would, without the second that starting Python anew takes."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ltkg", *map(str, arguments)])
        patch.setattr(cli_terminal.out, "width", cli_terminal.WIDTH_OF_A_FILE)  # as wide as when piped
        try:
            cli.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return Run(out.getvalue(), err.getvalue(), code)


def test_the_command_itself_runs(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "ltkg", "validate", tmp_path / "none.xlsx"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert one_line(run.stderr)


def one_line(text: str) -> bool:
    return len(text.strip().splitlines()) == 1 and "Traceback" not in text


@pytest.fixture
def library(tmp_path: Path) -> Path:
    assert ltkg("init", "--library", tmp_path / "library").returncode == 0
    return tmp_path / "library"


def test_demo_prints_each_pattern_with_its_reviews_denominator_and_rule(tmp_path: Path) -> None:
    run = ltkg("demo", "--library", tmp_path / "library")
    assert run.returncode == 0, run.stderr
    headings, *_ = [line for line in run.stdout.splitlines() if "pattern" in line and "influence" in line]
    for heading in ("reviews", "findings read", "rule", "in reviews"):
        assert heading in headings
    for part in ("Family-professional", "Review 11", "machine-1 (machine", "findings were"):
        assert part in run.stdout
    assert "machine coders', checked by no person" in run.stderr
    again = ltkg("demo", "--library", tmp_path / "library")
    assert again.stdout == run.stdout
    assert len(Library.open(tmp_path / "library").releases()) == 1


def test_demo_of_the_teaching_library_says_that_it_is_synthetic(teaching_copy: Path) -> None:
    run = ltkg("demo", "--teaching", "--library", teaching_copy)
    assert run.returncode == 0, run.stderr
    for part in ("Human-management system", "Synthetic review 01", "teaching-agreed", "Constructive"):
        assert part in run.stdout
    assert "synthetic teaching material" in run.stderr


def test_the_two_demos_are_not_mixed(teaching_copy: Path) -> None:
    run = ltkg("demo", "--library", teaching_copy)
    assert run.returncode == 3
    assert one_line(run.stderr)
    assert "41 review(s) that are not the sample's" in run.stderr


def test_a_new_workbook_is_not_written_over_another(tmp_path: Path) -> None:
    assert ltkg("template", tmp_path / "new.xlsx").returncode == 0
    before = (tmp_path / "new.xlsx").read_bytes()
    refused = ltkg("template", tmp_path / "new.xlsx")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert (tmp_path / "new.xlsx").read_bytes() == before
    assert ltkg("template", tmp_path / "new.xlsx", "--force").returncode == 0
    assert (tmp_path / "new.xlsx").read_bytes() != before


@pytest.mark.parametrize(
    "arguments",
    [("template", "new.pdf"), ("template", "new.xlsx", "--depth", "deepest"), ("template", "no/such/folder/x.xlsx")],
)
def test_a_workbook_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = ltkg(*arguments)
    assert run.returncode == 2
    assert one_line(run.stderr)


def test_a_conforming_workbook_is_told_so(tmp_path: Path) -> None:
    run = ltkg("validate", write(tmp_path / "x.xlsx"))
    assert run.returncode == 0, run.stdout
    assert "conforms" in run.stdout


# Every column of a sheet holds some wrong cell in here; the report must name just that cell.
WRONG = [
    ("Review", 0, "id", "not an id", "Review!B2"),
    ("Review", 0, "label", "", "Review!B3"),
    ("Review", 0, "questions", "", "Review!B4"),
    ("Review", 0, "kind", "Harrm", "Review!B5"),
    ("Review", 0, "publication year", "20l6", "Review!B19"),
    ("Review", 0, "findings declared", "", "Review!B20"),
    ("Coders", 0, "kind", "Persson", "Coders!B3"),
    ("Coders", 0, "date", "last spring", "Coders!C3"),
    ("Coders", 1, "typology version", "1999", "Coders!D4"),
    ("Coders", 0, "scope", "", "Coders!E3"),
    ("Findings", 1, "id", "F1", "Findings!A3 and Findings!A4"),
    ("Findings", 0, "statement", "", "Findings!B3"),
    ("Findings", 1, "stated as", "", "Findings!C4"),
    ("Findings", 0, "influence", "Unsaef", "Findings!D3"),
    ("Findings", 0, "primary pattern", "Nature of the task", "Findings!E3"),
    ("Findings", 0, "second pattern", "T9", "Findings!F3"),
    ("Findings", 0, "supported by", "C1; C9", "Findings!N3"),
    ("Checklist", 0, "result", "Perhaps", "Checklist!B3"),
    ("People", 0, "agency kind", "Polize", "People!B3"),
    ("People", 0, "role", "Wizard", "People!C3"),
    ("Second coding", 0, "item", "F9", "Second coding!A3"),
    ("Second coding", 0, "coder", "Z", "Second coding!B3"),
    ("Second coding", 0, "others", "T2; T77", "Second coding!D3"),
    ("Episodes", 0, "order", "first", "Episodes!C3"),
    ("Perspectives", 0, "person", "P99", "Perspectives!C3"),
    ("Evidence", 0, "with whom", "P99", "Evidence!C3"),
    ("Factors", 0, "heading", "Tenth", "Factors!C3"),
    ("Interactions", 0, "factors", "C1", "Interactions!B3"),
    ("Recommendations", 0, "finding", "F77", "Recommendations!C3"),
    ("Findings", 0, "statement", "Ring 020 7946 0123 about this family", "Findings!B3"),
    ("Findings", 1, "how it showed here", "They lived at SW1A 1AA then", "Findings!H4"),
]


@pytest.mark.parametrize(("sheet", "row", "header", "text", "cell"), WRONG, ids=lambda value: str(value)[:24])
def test_a_wrong_cell_is_named_and_exit_is_1(
    tmp_path: Path, sheet: str, row: int, header: str, text: str, cell: str
) -> None:
    run = ltkg("validate", write(tmp_path / "x.xlsx", {(sheet, row, header): text}), "--format", "json")
    assert run.returncode == 1
    results = json.loads(run.stdout)[0]["results"]
    violations = [result for result in results if result["severity"] == "Violation"]
    assert violations
    assert {result["cell"] for result in violations} == set(cell.split(" and "))
    assert all(result["message"] and result["remedy"] and result["rule"] for result in violations)


def test_the_report_says_what_may_have_been_meant(tmp_path: Path) -> None:
    run = ltkg("validate", write(tmp_path / "x.xlsx", {("Findings", 0, "influence"): "Unsaef"}))
    assert run.returncode == 1
    assert "Findings!D3" in run.stdout
    assert "did you mean “Unsafe”?" in run.stdout


def test_the_report_is_one_csv_table_for_several_files(tmp_path: Path) -> None:
    wrong = write(tmp_path / "a.xlsx", {("Findings", 0, "influence"): "Unsaef"})
    run = ltkg("validate", wrong, write(tmp_path / "b.xlsx", {("Review", 0, "label"): ""}), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert run.returncode == 1
    assert {Path(row["file"]).name for row in rows} == {"a.xlsx", "b.xlsx"}


@pytest.mark.parametrize("name", ["broken.xlsx", "broken.ttl", "broken.jsonld", "missing.xlsx", "notes.docx", "."])
@pytest.mark.parametrize("command", ["validate", "submit"])
def test_an_unreadable_file_ends_in_one_line_and_exit_2(library: Path, command: str, name: str) -> None:
    path = library.parent / name
    if name.startswith(("broken", "notes")):
        path.write_bytes(b"PK\x03\x04 this is no workbook and no triples {")
    where = ("--library", library) if command == "submit" else ()
    run = ltkg(command, path, *where)
    assert run.returncode == 2
    assert one_line(run.stderr), run.stderr
    assert run.stdout == ""
    assert Library.open(library).current().studies() == []


def test_a_refused_review_stores_nothing_and_names_cell_rule_and_remedy(library: Path) -> None:
    good = write(library.parent / "good.xlsx", {("Review", 0, "id"): "fedcba9876543210"})
    bad = write(library.parent / "bad.xlsx", {("Findings", 0, "influence"): ""})
    run = ltkg("submit", good, bad, "--library", library)
    assert run.returncode == 1
    assert "Findings!D3" in run.stdout
    assert "FindingShape-influence" in run.stdout
    assert "nothing was stored" in run.stderr
    assert Library.open(library).current().studies() == []


def test_submitting_twice_leaves_the_library_as_submitting_once(library: Path) -> None:
    path = write(library.parent / "x.xlsx")
    assert "1 added" in ltkg("submit", path, "--library", library).stdout
    state = Library.open(library).current().manifest
    assert "1 unchanged" in ltkg("submit", path, "--library", library).stdout
    assert Library.open(library).current().manifest == state


def test_one_review_twice_in_one_submission_is_refused(library: Path) -> None:
    first, second = write(library.parent / "a.xlsx"), write(library.parent / "b.xlsx")
    run = ltkg("submit", first, second, "--library", library)
    assert run.returncode == 2
    assert one_line(run.stderr)
    assert Library.open(library).current().studies() == []


def test_a_review_is_submitted_published_and_withdrawn(library: Path) -> None:
    assert "No reviews yet" in ltkg("list", "--library", library).stdout
    assert "No release yet" in ltkg("releases", "--library", library).stdout
    assert ltkg("submit", write(library.parent / "x.xlsx"), "--library", library).returncode == 0
    assert "Synthetic review" in ltkg("list", "--library", library).stdout
    assert ltkg("publish", "first", "--library", library).returncode == 0
    unknown = ltkg("withdraw", "Nobody", "--reason", "test", "--library", library)
    assert unknown.returncode == 2
    assert "ltkg list" in unknown.stderr
    assert ltkg("withdraw", "Synthetic review", "--reason", "test", "--library", library).returncode == 0
    assert "No reviews yet" in ltkg("list", "--library", library).stdout
    assert "first" in ltkg("releases", "--library", library).stdout
    taken = ltkg("publish", "first", "--library", library)
    assert taken.returncode == 3
    assert one_line(taken.stderr)


def test_a_library_that_is_not_there_is_exit_3(tmp_path: Path) -> None:
    for command in (["list"], ["ask", "recurring-patterns"], ["publish"], ["releases"], ["serve"]):
        run = ltkg(*command, "--library", tmp_path / "none")
        assert run.returncode == 3, command
        assert one_line(run.stderr), command


def test_asking_gives_the_same_rows_as_table_csv_and_json(sample_library: Library) -> None:
    ask = ("ask", "recurring-patterns", "--library", sample_library.path)
    rows = json.loads(ltkg(*ask, "--format", "json").stdout)
    table = list(csv.DictReader(io.StringIO(ltkg(*ask, "--format", "csv").stdout)))
    assert len(rows) == len(table) > 0
    assert [row["pattern"]["label"] for row in rows] == [row["pattern"] for row in table]
    assert [str(row["reviews"]) for row in rows] == [row["reviews"] for row in table]
    assert "Family-professional" in ltkg(*ask).stdout


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("recuring-patterns",), "did you mean recurring-patterns"),
        (("recurring-patterns", "--param", "minimum=many"), "not a whole number"),
        (("recurring-patterns", "--param", "minimum"), "name=value"),
        (("recurring-patterns", "--param", "minimum="), "cannot be left empty"),
        (("recurring-patterns", "--param", "least=2"), "it takes minimum"),
        (("recurring-patterns", "--param", "codes=some"), "not one of primary, any"),
        (("recurring-patterns", "--param", "coder=machine-9"), "machine-1"),
    ],
)
def test_a_wrong_question_is_told_with_a_hint(sample_library: Library, arguments: tuple[str, ...], hint: str) -> None:
    run = ltkg("ask", *arguments, "--library", sample_library.path)
    assert run.returncode == 2
    assert one_line(run.stderr)
    assert hint in run.stderr


def test_queries_are_listed_with_what_they_take() -> None:
    run = ltkg("queries")
    assert run.returncode == 0
    assert "recurring-patterns" in run.stdout
    assert "minimum=2" in run.stdout


def test_reviews_that_are_not_published_are_served_to_this_machine_only(library: Path) -> None:
    own = {
        ("Review", 0, "captured from"): "Own review",
        ("Review", 0, "publication year"): "",
        ("Review", 0, "synthetic"): "",
    }
    assert ltkg("submit", write(library.parent / "own.xlsx", own), "--library", library).returncode == 0
    assert ltkg("publish", "first", "--library", library).returncode == 0
    run = ltkg("serve", "--library", library, "--host", "0.0.0.0")
    assert run.returncode == 2
    assert one_line(run.stderr)
    assert "1 review(s)" in run.stderr


@pytest.mark.parametrize("suffix", [".ttl", ".trig", ".jsonld"])
def test_a_converted_review_is_the_same_review_without_what_identifies_it(tmp_path: Path, suffix: str) -> None:
    source, target = write(tmp_path / "x.xlsx"), tmp_path / f"y{suffix}"
    run = ltkg("convert", source, target)
    assert run.returncode == 0
    assert "was left out" in run.stderr
    assert "Synthetic Board" not in target.read_text()
    assert set(read_file(target).graph) == set(read_file(source).graph)
    if suffix != ".jsonld":
        assert "left out" not in ltkg("convert", source, target, "--with-source").stderr
        assert set(read_file(target).custody) == set(read_file(source).custody)


def test_a_review_cannot_be_converted_into_an_unknown_kind(tmp_path: Path) -> None:
    run = ltkg("convert", write(tmp_path / "x.xlsx"), tmp_path / "y.pdf")
    assert run.returncode == 2
    assert one_line(run.stderr)


def test_figures_come_with_their_rule_and_denominators_in_every_form(sample_library: Library) -> None:
    shared = ("recur", "--by", "type", "--where", "influence=unsafe", "--library", sample_library.path)
    printed = ltkg(*shared)
    assert printed.returncode == 0
    for words in ("findings read", "looked", "by coder", "How the figures were counted", "no prevalence", "Jeffreys"):
        assert words in printed.stdout, words
    told = json.loads(ltkg(*shared, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(ltkg(*shared, "--format", "csv").stdout)))
    assert [row["reviews"] for row in rows] == [str(row["reviews"]) for row in told["rows"]]
    assert told["arguments"]["where"] == "influence=Unsafe"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--by", "colour"), "not one of type"),
        (("--where", "harm=neglekt"), "did you mean 'Neglect'"),
        (("--where", "harm"), "--where 'harm' has no value"),
        (("--by", "harm", "--pairs"), "filter on it"),
        (("--coder", "nobody"), "not known here"),
    ],
)
def test_a_wrong_count_is_told_with_a_hint(sample_library: Library, arguments: tuple[str, ...], hint: str) -> None:
    run = ltkg("recur", *arguments, "--library", sample_library.path)
    assert run.returncode == 2
    assert hint in run.stderr
    assert one_line(run.stderr)
