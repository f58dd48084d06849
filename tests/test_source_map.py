from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from rdflib import Literal

from learntogether_kg.namespaces import LT, REVIEW
from learntogether_kg.source_map import Cell, SourceMap

FINDING, OTHER = REVIEW["test/F1"], REVIEW["test/F2"]
ROW, INFLUENCE = Cell("Findings", "A4"), Cell("Findings", "D4")


@pytest.fixture
def source_map() -> SourceMap:
    found = SourceMap("review.xlsx")
    found.add_node(FINDING, ROW)
    found.add_value(FINDING, LT.influence, INFLUENCE)
    return found


def test_cell_reads_as_a_spreadsheet_writes_it() -> None:
    assert str(INFLUENCE) == "Findings!D4"


def test_cell_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        ROW.ref = "B4"  # type: ignore[misc]


def test_value_is_located_by_its_predicate(source_map: SourceMap) -> None:
    assert source_map.locate(FINDING, LT.influence) == INFLUENCE


def test_value_without_a_cell_is_located_by_its_row(source_map: SourceMap) -> None:
    assert source_map.locate(FINDING, LT.statement) == ROW


def test_node_is_located_by_its_row(source_map: SourceMap) -> None:
    assert source_map.locate(FINDING) == ROW


def test_unknown_node_has_no_cell(source_map: SourceMap) -> None:
    assert source_map.locate(OTHER) is None
    assert source_map.locate(OTHER, LT.influence) is None


def test_several_values_of_one_predicate_keep_their_own_cells(source_map: SourceMap) -> None:
    first, second = Cell("Review", "B3"), Cell("Review", "B4")
    source_map.add_value(OTHER, LT.question, first, Literal("Why?"))
    source_map.add_value(OTHER, LT.question, second, Literal("How?"))
    assert source_map.locate(OTHER, LT.question, Literal("How?")) == second
    assert source_map.locate(OTHER, LT.question, Literal("When?")) == first
    assert source_map.locate(OTHER, LT.question) == first


def test_first_cell_of_a_node_stays(source_map: SourceMap) -> None:
    source_map.add_node(FINDING, Cell("Checklist", "A9"))
    assert source_map.locate(FINDING) == ROW


def test_items_give_rows_then_values(source_map: SourceMap) -> None:
    assert list(source_map.items()) == [(FINDING, None, ROW), (FINDING, LT.influence, INFLUENCE)]


def test_sheets_stand_in_the_order_of_their_first_cell(source_map: SourceMap) -> None:
    source_map.add_node(OTHER, Cell("Checklist", "A2"))
    assert source_map.sheets() == ("Findings", "Checklist")
