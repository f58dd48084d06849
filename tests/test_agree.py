"""``ltkg agree`` gives the figures and what to talk about, as a table, JSON, CSV, a workbook and a page."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from learntogether_kg.agreement import answers
from learntogether_kg.agreement.coefficients import Resampling
from learntogether_kg.agreement.comparison import MEASURES, Comparison, compare
from learntogether_kg.agreement.page import format_html
from learntogether_kg.agreement.selection import Selection
from learntogether_kg.agreement.workbook import format_workbook
from learntogether_kg.library import Library
from learntogether_kg.second_coding import read_files, read_library
from tests.agreements import coded, coding
from tests.test_cli import ltkg

TEACHING = [Path(f"learntogether_kg/teaching/review-{number:02}.ttl") for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(read_files(TEACHING), resampling=Resampling(resamples=50))


def test_a_library_gives_what_its_files_give(teaching_library: Library) -> None:
    labels = tuple(f"Synthetic review {number:02}" for number in (1, 2, 3))
    from_files = compare(read_files(TEACHING))
    whole = read_library(teaching_library.current().store)
    from_library = compare(whole, Selection(reviews=labels))
    assert answers.figures(from_library) == answers.figures(from_files)
    assert answers.differences(from_library) == answers.differences(from_files)
    part = compare(read_library(teaching_library.current().store, labels))
    assert answers.figures(part) == answers.figures(from_files)
    everything = compare(whole, Selection(("teaching-a", "teaching-b")), Resampling(resamples=20))
    assert len(everything.reviews) > 10


def test_the_command_prints_figures_differences_and_notes(tmp_path: Path) -> None:
    run = ltkg("agree", *TEACHING)
    assert run.returncode == 0, run.stderr
    for words in ("Agreement over 21 items", "teaching-a", "To talk about", "Supervision", "Coded by types only"):
        assert words in run.stdout
    only = ltkg(
        "agree", *TEACHING, "--coder", "teaching-a", "--coder", "teaching-agreed", "--review", "Synthetic review 02"
    )
    assert "teaching-b" not in only.stdout
    assert "of Synthetic review 02 · Typology of 2008" in only.stdout


def test_a_profession_that_is_not_stated_is_no_lens() -> None:
    compared = compare(read_files([Path("learntogether_kg/sample/review-01.xlsx")]), resampling=Resampling(resamples=0))
    assert {coder.profession for coder in compared.coders} == {""}
    assert not [each for each in compared.agreements if each.group == "lens"]


def test_json_and_csv_hold_every_figure(found: Comparison) -> None:
    run = ltkg("agree", *TEACHING, "--format", "json", "--resamples", "50")
    document = json.loads(run.stdout)
    assert document == json.loads(json.dumps(answers.as_document(found, Resampling(resamples=50))))
    assert document["intervals"] == {"level": 0.95, "resamples": 50, "seed": 1, "drawn": "items"}
    (pair,) = [
        each
        for each in document["agreement"]
        if (each["level"], each["between"]) == ("sub-pattern", "teaching-a – teaching-b") and each["group"] == "pair"
    ]
    assert set(pair["figures"]) == set(MEASURES)
    rows = list(csv.DictReader(io.StringIO(ltkg("agree", *TEACHING, "--format", "csv", "--resamples", "50").stdout)))
    assert len(rows) == sum(len(each["figures"]) for each in document["agreement"])
    kappa = next(r for r in rows if (r["level"], r["group"], r["measure"]) == ("type", "pair", "Cohen's kappa"))
    assert float(kappa["estimate"]) == pytest.approx(
        next(e for e in document["agreement"] if (e["level"], e["group"]) == ("type", "pair"))["figures"][
            "Cohen's kappa"
        ]["estimate"]
    )
    assert {each["id"] for each in document["differences"]} == {each.item.id for each in found.differences}
    assert all(each["definition"] for each in document["definitions"].values())


def test_the_workbook_lists_what_to_talk_about_with_room_for_what_is_agreed(found: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "agreement.xlsx"
    run = ltkg("agree", *TEACHING, "--format", "xlsx", "--out", path, "--resamples", "50")
    assert f"{len(found.differences)} of 21 item(s) to talk about" in run.stdout
    assert path.read_bytes() == format_workbook(found)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Agreement", "To talk about", "Definitions", "About"]
    rows = list(book["To talk about"].iter_rows(values_only=True))
    assert rows[0][-2:] == ("what we agree on", "why")
    assert len(rows) == len(found.differences) + 1
    assert rows[1][3] == found.differences[0].item.text
    assert dict(found.differences[0].item.context)["how it showed here"] in rows[1][4]
    assert {row[0] for row in list(book["Definitions"].iter_rows(values_only=True))[1:]} >= {
        found.coded.typology.name(code.pattern)
        for each in found.differences
        for _, codes in each.codes
        for code in codes
    }


class Text(HTMLParser):
    """The words of a page, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_stands_alone_and_shows_each_item_its_codes_and_what_they_mean(found: Comparison) -> None:
    page = format_html(found, Resampling(resamples=50))
    assert "http" not in page.replace("http-equiv", "")
    text = Text()
    text.feed(page)
    assert not text.elements & {"script", "link", "img", "iframe", "form"}
    words = " ".join(" ".join(text.words).split())
    for each in found.differences:
        assert each.item.text in words
        for pattern in each.patterns:
            assert " ".join(found.coded.typology.definitions[pattern].split()) in words
    for measure in MEASURES:
        assert measure in words


def test_what_a_file_says_is_escaped_and_no_formula(tmp_path: Path) -> None:
    evil = "=HYPERLINK(\"x\") <script>alert('x')</script>"
    compared = compare(coded(coding("a", "forms"), coding("b", "roles"), items=1, texts={1: evil}))
    assert "<script>" not in format_html(compared, Resampling())
    (tmp_path / "x.xlsx").write_bytes(format_workbook(compared))
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx")["To talk about"]["D2"]
    assert (cell.value, cell.data_type) == (evil, "s")
    assert "'=HYPERLINK" in "".join(answers.differences(compared).as_csv())


def test_undefined_figures_say_why_in_every_form(tmp_path: Path) -> None:
    compared = compare(coded(coding("a", "forms ."), coding("b", ". roles"), items=2))
    why = "no item was coded by two of them"
    assert why in "".join(answers.figures(compared).as_csv())
    assert why in json.dumps(answers.as_document(compared, Resampling()))
    page = format_html(compared, Resampling())
    assert why in page
    assert "nan" not in page.casefold().replace("pronan", "")
    (tmp_path / "x.xlsx").write_bytes(format_workbook(compared))
    about = openpyxl.load_workbook(tmp_path / "x.xlsx")["About"]
    assert why in {row[1] for row in about.iter_rows(values_only=True)}


def test_full_agreement_leaves_nothing_to_talk_about() -> None:
    compared = compare(coded(coding("a", "forms roles"), coding("b", "forms roles"), items=2))
    assert compared.differences == ()
    assert "Every item that was coded was coded alike" in format_html(compared, Resampling())
