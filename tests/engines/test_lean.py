"""The lean form of the shapes says what the shapes say, and what is left out had nothing to say."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import CL, LT, LTS, REVIEW
from learntogether_kg.ontology import load_shapes
from learntogether_kg.validation.fast import FastEngine
from learntogether_kg.validation.lean import TARGETS, idle, lean, needs
from learntogether_kg.validation.shacl import background
from tests.engines.comparison import SETTINGS, assert_equal_reports
from tests.engines.mutations import IDENTIFYING, TEXTS
from tests.test_shapes import read_base

STUDY, FINDING = REVIEW["0123456789abcdef"], REVIEW["0123456789abcdef/F1"]
NEEDY = sorted(needs(load_shapes()))
ALPHABET = [
    "1",
    "23",
    "0",
    "44",
    "3",
    "4",
    " ",
    "-",
    "/",
    ".",
    "@",
    "a",
    "B",
    "SW",
    "march",
    "Jan",
    "born ",
    "th of ",
    ", ",
    "\n",
    "“",
    "”",
    '"',
]
ALPHABET += ["NHS ", "x" * 80]


@cache
def engine(considerate: bool) -> FastEngine:
    """Returns the fast engine, or one that knows of no shape what it needs and so always asks all of them."""
    shapes = Graph() + load_shapes()
    if not considerate:
        shapes.remove((None, LTS.onlyWith, None))
    return FastEngine(shapes)


def with_text(text: str) -> Graph:
    review = Graph() + read_base("base.ttl")
    return review.set((FINDING, LT.howItShowed, Literal(text)))


def assert_nothing_is_missed(text: str) -> None:
    review = with_text(text)
    assert engine(considerate=True).check(review) == engine(considerate=False).check(review)


@pytest.mark.parametrize("text", [*IDENTIFYING, *TEXTS])
def test_a_shape_is_asked_wherever_it_has_something_to_say(text: str) -> None:
    assert_nothing_is_missed(text)


@settings(SETTINGS, max_examples=150)
@given(st.lists(st.sampled_from(ALPHABET), min_size=4, max_size=14).map("".join))
def test_no_mixture_of_digits_and_words_slips_past(text: str) -> None:
    assert_nothing_is_missed(text)


@pytest.mark.parametrize("shape", NEEDY, ids=lambda shape: shape.rpartition("#")[2])
def test_a_shape_is_left_out_and_asked(shape: Node) -> None:
    found = {
        "emailAddress": "someone@example.org", "postcode": "SW1A 1AA", "telephoneNumber": "020 7946 0958",
        "nhsNumber": "943 476 5919", "fullDate": "on 3 March 2009", "quotation": "“so”", "IsWritten": " ",
    }  # fmt: skip
    needed = needs(load_shapes())
    assert shape in idle(needed, with_text("nothing to see"))
    assert shape not in idle(needed, with_text(found[re.split("[-#]", str(shape))[-1]]))


def test_dates_as_stated_are_no_reason_to_look_for_dates() -> None:
    review = with_text("nothing").add((FINDING, LT.dateAsStated, Literal("3 March 2009")))
    assert LTS["PublicTextShape-fullDate"] in idle(needs(load_shapes()), review)


def test_no_helper_asks_for_a_scheme_or_a_list_any_more() -> None:
    shapes, known = lean(load_shapes(), background())
    helpers = set(load_shapes().objects(None, SH.node)) | {LTS.IsDeep, LTS.IsFullSource}
    assert {str(each).rpartition("#In")[2] for each in helpers if "#In" in str(each)} > {"Influences", "Typology"}
    for helper in helpers:
        assert (helper, SH["in"], None) not in shapes, helper
        assert "#In" not in str(helper) or (helper, SH.property, None) not in shapes, helper
        for kind in shapes.objects(helper, SH["class"]):
            assert "#In" not in str(helper) or any(value == kind for _, _, value in known), helper
    for target in TARGETS:
        assert set(shapes.subject_objects(target)) == set(load_shapes().subject_objects(target))


@pytest.mark.parametrize(
    "said",
    [
        (FINDING, SKOS.inScheme, CL.influences),
        (CL.influences, RDFS.subClassOf, LT.Finding),
        (FINDING, RDF.type, URIRef(f"urn:learntogether:class:{CL.influences}")),
    ],
)
def test_review_that_puts_its_own_node_on_a_list_is_told_so_by_both_engines(said: tuple[Node, Node, Node]) -> None:
    review = Graph() + read_base("base.ttl")
    review.set((FINDING, LT.influence, FINDING))
    review.add(said)
    assert STUDY in set(review.subjects())
    assert assert_equal_reports(review)
