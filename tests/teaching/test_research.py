"""The questions of researchers, answered over the teaching library as its tables say: every row, every column."""

from __future__ import annotations

import pytest

import tests.teaching.research  # noqa: F401 - brings its oracles
from tests.teaching.coding import coders
from tests.teaching.compare import Asker
from tests.teaching.truth import patterns, types, versions

CODERS = coders()


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("codes", ["primary", "any"])
def test_patterns_under_each_type_with_their_reviews(ask: Asker, coder: str, codes: str) -> None:
    assert ask.agrees("sub-patterns", coder=coder, codes=codes)


@pytest.mark.parametrize("type_", types())
def test_patterns_under_one_type(ask: Asker, type_: str) -> None:
    ask.agrees("sub-patterns", type=type_)


@pytest.mark.parametrize("coder", ["", *CODERS])
@pytest.mark.parametrize("level", ["", "types-only", "types-and-sub-patterns"])
def test_items_are_coded_no_further_than_to_a_type(ask: Asker, coder: str, level: str) -> None:
    ask.agrees("items-coded-at-type-only", coder=coder, codingLevel=level)


def test_patterns_stand_under_several_types_or_share_a_name(ask: Asker) -> None:
    assert ask.agrees("patterns-under-several-types")


@pytest.mark.parametrize("older", ["", *versions()])
@pytest.mark.parametrize("newer", ["", *versions()])
def test_the_typology_changed_from_version_to_version(ask: Asker, older: str, newer: str) -> None:
    ask.agrees("typology-changes", older=older, newer=newer)


@pytest.mark.parametrize("pattern", ["", *patterns()])
def test_patterns_map_to_terms_of_other_schemes(ask: Asker, pattern: str) -> None:
    ask.agrees("mappings", pattern=pattern)


@pytest.mark.parametrize("influence", ["", "unsafe", "constructive", "neutral", "unclear"])
def test_each_kind_of_coder_has_its_own_picture(ask: Asker, influence: str) -> None:
    assert ask.agrees("coding-by-coder-kind", influence=influence)


@pytest.mark.parametrize("by", ["level", "agency"])
def test_levels_and_agencies_see_one_event_differently(ask: Asker, by: str) -> None:
    assert ask.agrees("perspective-differences", by=by)
