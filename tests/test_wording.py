"""Measures the rules on wording on synthetic sentences and on the bundled libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal

from learntogether_kg import bundles, reviews
from learntogether_kg.ingest.files import read_file
from learntogether_kg.namespaces import LT, REVIEW
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.hits import public_texts
from learntogether_kg.validation.report import Severity
from learntogether_kg.validation.wording import check_wording, find_wording, wording_rules
from tests.labelled import Measure, read_sentences

SENTENCES = list(read_sentences(Path(__file__).parent / "wording" / "labelled.txt"))
RULES = {rule.shape.rpartition("-")[2]: rule for rule in wording_rules() if "WordingShape" in rule.shape}


def test_every_marked_wording_is_found_and_none_besides(print_measure: Callable[[str, list[str]], None]) -> None:
    """These sentences were written with the rules: they hold that a change breaks nothing, and prove no more."""
    measure, wrong = Measure(), []
    for sentence in SENTENCES:
        reported = [
            (name, sentence.text.index(words), sentence.text.index(words) + len(words))
            for name, rule in RULES.items()
            for words in find_wording(rule, sentence.text)
        ]
        measure.add(sentence, reported)
        if {kind for kind, _, _ in reported} != {kind for kind, _, _ in sentence.spans}:
            wrong.append((sentence.text, reported))
    print_measure("Wording, labelled sentences", measure.table())
    assert wrong == []


def test_each_rule_has_sentences_that_it_reports_and_each_exception_one_that_it_does_not() -> None:
    marked = Counter(kind for sentence in SENTENCES for kind, _, _ in sentence.spans)
    assert set(marked) == set(RULES)
    for name, rule in RULES.items():
        spared = [s for s in SENTENCES if rule.wording.search(s.text) and not find_wording(rule, s.text)]
        assert len(spared) >= 2, name


@pytest.mark.parametrize("bundle", ["sample", "teaching"])
def test_the_bundled_libraries_raise_few_alarms(
    bundle: reviews.resources.Bundle, print_measure: Callable[[str, list[str]], None]
) -> None:
    """Their statements were written to explain without blame, so that what is reported is a false alarm."""
    texts, alarms = 0, []
    for file in bundles.bundled_files(bundle):
        graph = read_file(file).graph
        texts += sum(1 for _ in public_texts(graph))
        alarms += [f"{hit.words}: {hit.text}" for hit in check_wording(graph) if "WordingShape" in hit.shape]
    print_measure(f"Wording in the {bundle} library", [f"{texts} public texts, {len(alarms)} false alarms", *alarms])
    assert len(alarms) <= texts / 100


def test_wording_is_information_with_its_reason() -> None:
    graph = Graph().parse(Path(__file__).parent / "shapes" / "base.ttl", format="turtle")
    finding = REVIEW["0123456789abcdef/F2"]
    assert (finding, RDF.type, LT.Finding) in graph
    graph.set((finding, LT.statement, Literal("Agencies failed to share what they knew.")))
    (result,) = validate(graph).results
    assert (result.severity, result.rule, str(result.value)) == (Severity.INFO, "WordingShape-describesOnly", "failed")
    assert result.reason
    graph.add((finding, LT.whyUnderlying, Literal("Each form has one reader.")))
    assert validate(graph).results == ()
