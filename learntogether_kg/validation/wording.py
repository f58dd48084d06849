"""Looks for wording that a rule reports: blame, a root cause, an interview for a conversation, long numbers.

The rules are the shapes with ``lts:wording``; ``shapes/wording.ttl`` says what they may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rdflib import SKOS, Graph, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LTS, TYP
from learntogether_kg.validation.hits import Hit, public_texts


@dataclass(frozen=True)
class WordingRule:
    """What one shape looks for. See ``shapes/wording.ttl`` for what each part means."""

    shape: URIRef
    wording: re.Pattern[str]
    exceptions: re.Pattern[str] | None
    silenced_by: re.Pattern[str] | None
    fields: frozenset[Node]
    unless_fields: frozenset[Node]


def check_wording(review: Graph) -> Iterator[Hit]:
    """Yields the words in the public texts of a review that a rule on wording reports, each once for a text."""
    rules = wording_rules()
    for node, path, text in public_texts(review):
        for rule in rules:
            if rule.fields and path not in rule.fields:
                continue
            words = find_wording(rule, str(text))
            if words and not any((node, field, None) in review for field in rule.unless_fields):
                yield from (Hit(rule.shape, node, path, text, each) for each in words)


def find_wording(rule: WordingRule, text: str) -> tuple[str, ...]:
    """Returns the words in a text that a rule reports, without repetition."""
    found = list(rule.wording.finditer(text))
    if not found or (rule.silenced_by and rule.silenced_by.search(text)):
        return ()
    covered = [match.span() for match in _pattern_labels().finditer(text)]
    covered += [match.span() for match in rule.exceptions.finditer(text)] if rule.exceptions else []
    open_to_doubt = (m for m in found if not any(start <= m.start() and m.end() <= end for start, end in covered))
    return tuple(dict.fromkeys(match[0].strip() for match in open_to_doubt))


@cache
def wording_rules() -> tuple[WordingRule, ...]:
    """Returns the rules of the shapes, by name."""
    shapes = ontology.load_shapes()
    named = {shape for shape in shapes.subjects(LTS.wording) if isinstance(shape, URIRef)}
    return tuple(_rule(shapes, shape) for shape in sorted(named))


def _rule(shapes: Graph, shape: URIRef) -> WordingRule:
    wording = _either(shapes, shape, LTS.wording)
    assert wording is not None
    return WordingRule(
        shape,
        wording,
        _either(shapes, shape, LTS.exceptWording),
        _either(shapes, shape, LTS.unlessWording),
        frozenset(shapes.objects(shape, LTS.inField)),
        frozenset(shapes.objects(shape, LTS.unlessField)),
    )


def _either(shapes: Graph, shape: URIRef, predicate: URIRef) -> re.Pattern[str] | None:
    """Returns one pattern for all that a shape gives, or None where it gives none."""
    patterns = sorted(str(each) for each in shapes.objects(shape, predicate))
    return re.compile("|".join(f"(?:{each})" for each in patterns), re.IGNORECASE) if patterns else None


@ontology.per_ontology
def _pattern_labels() -> re.Pattern[str]:
    """Returns a pattern for the labels of the typology: "failure to review judgements" is a name, not a reproach."""
    graph = ontology.load_ontology()
    concepts = graph.subjects(SKOS.inScheme, TYP.scheme)
    labels = {
        str(label) for iri in concepts for kind in (SKOS.prefLabel, SKOS.altLabel) for label in graph.objects(iri, kind)
    }
    starts = {label.partition(" and ")[0] for label in labels if label.lower().startswith("failure")}
    return re.compile(
        "|".join(re.escape(label) for label in sorted(labels | starts, key=len, reverse=True)), re.IGNORECASE
    )
