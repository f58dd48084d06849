"""Items coded at type level only are offered in groups that say much the same, and nothing of it becomes coding."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.metrics import adjusted_rand_score

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Resource
from learntogether_kg.emerging import COLUMNS, LIKENESS, MOST_ITEMS, QUERY, Candidate, as_answer, candidates
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.library import Library
from tests.test_cli import ltkg, one_line

SETS = Path(__file__).parent / "emerging"
TYPE, OTHER = Resource("Human-tool operation", "urn:type:1"), Resource("Human reasoning", "urn:type:2")
CODER, SECOND = Resource("a", "urn:coder:a"), Resource("b", "urn:coder:b")


def labelled(name: str) -> list[tuple[str, str]]:
    """Returns statements with the group that their author put them in; a loner is a group of its own."""
    groups = tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))["groups"]
    return [
        (statement, f"{group}-{number}" if group == "loners" else group)
        for group, statements in groups.items()
        for number, statement in enumerate(statements)
    ]


def answer(*rows: tuple[Resource, str, str, Resource]) -> Answer:
    """Returns the query's answer for rows of type, review, statement and coder; the statement names the item."""
    columns = ("type", "review", "item", "statement", "coder")
    return Answer(
        QUERY,
        {},
        columns,
        tuple(
            (kind, Resource(review, f"urn:{review}"), Resource("F1", f"urn:{review}/{statement}"), statement, coder)
            for kind, review, statement, coder in rows
        ),
    )


def grouped(statements: list[str], likeness: float = LIKENESS) -> list[Candidate]:
    return candidates(answer(*((TYPE, f"R{n}", each, CODER) for n, each in enumerate(statements))), likeness)


@pytest.mark.parametrize(("name", "at_least"), [("tune", 0.95), ("held-out", 0.75)])
def test_groups_are_found_again(name: str, at_least: float, print_measure: Callable[[str, list[str]], None]) -> None:
    truth = labelled(name)
    found = grouped([statement for statement, _ in truth])
    group_of = {item.statement: number for number, each in enumerate(found) for item in each.items}
    told = [group_of.get(statement, -1 - number) for number, (statement, _) in enumerate(truth)]
    score = adjusted_rand_score([group for _, group in truth], told)
    print_measure(
        f"Emerging sub-patterns, {name} statements",
        [f"{len(found)} groups of {len(truth)} statements, adjusted Rand index {score:.2f}"],
    )
    assert score >= at_least


ALERTS = "Alerts in the record were clicked away.", "Staff clicked away the alerts in the record."


def test_a_group_has_its_items_once_with_all_who_coded_them() -> None:
    rows = [(TYPE, "R1", ALERTS[0], CODER), (TYPE, "R1", ALERTS[0], SECOND), (TYPE, "R2", ALERTS[1], SECOND)]
    (found,) = candidates(answer(*rows, (TYPE, "R3", "The panel met in a small room.", CODER)))
    assert [(item.review.label, item.statement, item.coders) for item in found.items] == [
        ("R1", ALERTS[0], (CODER, SECOND)),
        ("R2", ALERTS[1], (SECOND,)),
    ]
    assert (found.type, found.reviews) == (TYPE, 2)
    assert set(found.words) == {"alerts", "record", "clicked", "away"}
    assert LIKENESS < found.likeness <= 1


def test_types_are_not_mixed() -> None:
    assert candidates(answer((TYPE, "R1", ALERTS[0], CODER), (OTHER, "R2", ALERTS[1], CODER))) == []


def test_what_stands_in_one_review_only_does_not_recur() -> None:
    assert candidates(answer((TYPE, "R1", ALERTS[0], CODER), (TYPE, "R1", ALERTS[1], CODER))) == []


def test_the_order_of_the_rows_makes_no_difference() -> None:
    rows = [(TYPE, f"R{n}", statement, CODER) for n, (statement, _) in enumerate(labelled("tune"))]
    assert candidates(answer(*rows)) == candidates(answer(*reversed(rows)))


@pytest.mark.parametrize("statements", [[], ["One alone."], ["", " "], ["of the", "and the"]])
def test_little_or_nothing_to_compare(statements: list[str]) -> None:
    assert grouped(statements) == []


@pytest.mark.parametrize("likeness", [0.0, -1.0, 1.1, float("nan")])
def test_likeness_out_of_range(likeness: float) -> None:
    with pytest.raises(QueryArgumentError, match="above 0 and at most 1"):
        grouped([], likeness)


def test_too_many_items_are_refused_and_not_waited_for() -> None:
    with pytest.raises(QueryArgumentError, match=rf"has {MOST_ITEMS + 1} such items"):
        grouped([f"Statement {number}." for number in range(MOST_ITEMS + 1)])


def test_the_answer_has_a_row_for_each_item() -> None:
    found = as_answer(grouped(list(ALERTS)), {"likeness": "0.2"})
    assert found.columns == tuple(COLUMNS)
    assert [row[0] for row in found.rows] == [1, 1]
    assert [str(row[found.columns.index("statement")]) for row in found.rows] == list(ALERTS)


def test_over_the_teaching_library_every_item_is_one_of_the_query(teaching_library: Library) -> None:
    asked = queries.ask(teaching_library.release().store, QUERY)
    known = {(row[asked.columns.index("type")], row[asked.columns.index("item")]) for row in asked.rows}
    found = candidates(asked, likeness=0.05)
    assert found
    assert {(group.type, item.item) for group in found for item in group.items} <= known


def test_the_command_gives_the_groups_and_says_what_they_are(teaching_library: Library) -> None:
    run = ltkg("typology", "emerging", "--likeness", "0.05", "--library", teaching_library.path, "--format", "csv")
    rows = list(csv.DictReader(run.stdout.splitlines()))
    assert len({row["candidate"] for row in rows}) > 1
    assert all(row["type"] and row["statement"] and row["coders"] for row in rows)
    assert "Nobody has coded these as a pattern" in run.stderr
    wrong = ltkg("typology", "emerging", "--likeness", "7", "--library", teaching_library.path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert one_line(wrong.stderr)
