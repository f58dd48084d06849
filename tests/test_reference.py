"""The reference tells of every term, with its rules and its questions."""

from __future__ import annotations

import re
from pathlib import Path

from rdflib import SH

from learntogether_kg import query_files, reference, resources
from learntogether_kg.namespaces import LTS
from learntogether_kg.ontology import load_shapes

PICTURE = Path(__file__).parent.parent / "api" / "static" / "model.svg"


def test_every_term_has_a_label_and_says_what_it_means() -> None:
    assert len(reference.terms()) > 300
    assert [term.name for term in reference.terms().values() if not term.label or not term.definition] == []


def test_every_link_leads_to_a_term() -> None:
    known = reference.terms()
    links = [
        (term.name, link.name)
        for term in known.values()
        for link in (*term.below, *(link for links in term.facts.values() for link in links))
        if link.name
    ]
    assert len(links) > 300
    assert [link for link in links if link[1] not in known and not link[1].startswith("http")] == []


def test_a_term_shows_its_rules_and_its_questions() -> None:
    assert "FindingShape-influence" in {rule.name for rule in reference.rules()["lt:influence"]}
    assert "FindingShape-influence" in {rule.name for rule in reference.rules()["lt:Finding"]}
    assert "recurring-patterns" in {query.name for query in reference.questions()["lt:influence"]}
    assert "lt:Nothing" not in reference.questions()


def test_a_rule_says_when_it_speaks_and_how_gravely_in_a_draft() -> None:
    rules = {rule.name: rule for rule in reference.rules()["lt:familyInvolvement"]}
    rule = rules["ReviewShape-familyPerspective"]
    assert (rule.severity, rule.in_a_draft) == ("Warning", "Info")
    assert rule.depths == ("Findings and evidence", "Full")
    assert rule.sources == ("Full report", "Own review")
    about_the_field = rules["ReviewShape-familyInvolvement"]
    assert (about_the_field.in_a_draft, about_the_field.depths, about_the_field.sources) == ("Violation", (), ())


def test_every_rule_on_a_property_is_shown_with_it() -> None:
    shapes = load_shapes()
    shown = {rule.name for rules in reference.rules().values() for rule in rules}
    with_path = {
        str(shape).removeprefix(str(LTS)) for shape in shapes.subjects(SH.path) if (shape, SH.message, None) in shapes
    }
    assert with_path
    assert with_path - shown == set()


def test_every_query_is_found_under_some_term() -> None:
    found = {query.name for each in reference.questions().values() for query in each}
    assert found == set(query_files.catalogue())


def test_the_union_behind_a_domain_is_told_in_words() -> None:
    said_of = [link.label for link in reference.terms()["lt:influence"].facts["said of"]]
    assert {"finding", "classification"} <= set(said_of)


def test_the_picture_shows_terms_of_the_ontology_only() -> None:
    shown = re.findall(r'data-term="([^"]+)"', PICTURE.read_text(encoding="utf-8"))
    assert len(shown) > 25
    assert {name for name in shown if name.startswith("lt:")} <= set(reference.terms())
    assert {name for name in shown if not name.startswith("lt:")} == {"skos:broader"}


def test_no_rule_shows_a_placeholder() -> None:
    assert [rule.name for found in reference.rules().values() for rule in found if "{" in rule.message] == []


def test_the_table_of_rules_has_the_rows_of_that_beside_the_shapes() -> None:
    table = re.findall(
        r"^\| `(.+?)` \| (\w+) \| (\w+) \|", (resources.folder("shapes") / "README.md").read_text(), re.M
    )
    assert table == [(rule.name, rule.severity, rule.in_a_draft) for rule in reference.wider_rules()]
