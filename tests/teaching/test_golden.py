"""The sheet that an expert reads holds what the oracles work out, for every competency question."""

from __future__ import annotations

from tests.teaching.golden import SHEET, entries, sheet
from tests.teaching.test_completeness import ANSWERING, questions


def test_the_sheet_is_what_the_tables_give() -> None:
    assert SHEET.read_text(encoding="utf-8") == sheet(), "python -m tests.teaching.golden writes it anew"


def test_the_sheet_answers_each_question_once_by_a_query_of_its_own() -> None:
    assert [entry["question"] for entry in entries()] == questions()
    assert all(ANSWERING[str(entry["query"])].question == entry["question"] for entry in entries())
