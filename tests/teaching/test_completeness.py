"""No competency question without a query, an oracle and something to answer in the teaching library."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import tests.teaching.recurrence
import tests.teaching.research  # noqa: F401 - each brings its oracles
from learntogether_kg import query_files
from tests.teaching.coding import AGREED, coders
from tests.teaching.compare import ORACLES, Asker
from tests.teaching.truth import code_label, kind_of_coder

COMPETENCY = Path(__file__).parents[1] / "fixtures" / "competency.csv"
ANSWERING = {name: query for name, query in query_files.catalogue().items() if query.question != "none"}
MAY_BE_EMPTY = {
    "R7": "no term of the typology has been deprecated or moved since a classification was made",
    "T4": "the typology has one version, so nothing has changed",
}
NEEDED = {"similar-findings": {"review": "Synthetic review 01"}}
"""What a question must be told before it can answer at all."""


def questions() -> list[str]:
    with COMPETENCY.open(encoding="utf-8", newline="") as lines:
        return [row["id"] for row in csv.DictReader(lines)]


@pytest.mark.parametrize("question", questions())
def test_each_competency_question_has_a_query_with_an_oracle_and_an_answer(ask: Asker, question: str) -> None:
    names = [name for name, query in ANSWERING.items() if query.question == question]
    assert names
    for name in names:
        assert name in ORACLES
        rows = ask.agrees(name, **NEEDED.get(name, {}))
        if not rows and question in MAY_BE_EMPTY:
            pytest.skip(f"{question} has no answer in the teaching library yet: {MAY_BE_EMPTY[question]}")
        assert rows


def test_each_oracle_is_that_of_a_query_that_answers_a_question() -> None:
    assert ORACLES.keys() == ANSWERING.keys()


# What the rule says


@pytest.mark.parametrize("name", [name for name, query in ANSWERING.items() if "rule" in query.columns])
def test_the_rule_names_what_was_counted(ask: Asker, name: str) -> None:
    takes = {parameter.name for parameter in ANSWERING[name].parameters}
    for coder in coders() if "coder" in takes else [AGREED]:
        for codes, told in (("primary", "a primary code"), ("any", "any code")):
            given = {"coder": coder, "codes": codes, "influence": "unsafe", "minimum": "1"}
            rules = {row["rule"] for row in ask.records(name, **{key: given[key] for key in takes & given.keys()})}
            must = [f"by {coder} ({code_label(kind_of_coder(coder)).lower()} coding)"] if "coder" in takes else []
            must += [told] if "codes" in takes else []
            must += ["unsafe influence"] if "influence" in takes else []
            assert all(words in str(rule) for rule in rules for words in must), (must, rules)
            if "coder" not in takes:
                assert rules or ANSWERING[name].question in MAY_BE_EMPTY
