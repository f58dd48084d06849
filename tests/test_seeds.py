"""Each idea of the five texts the model was made from has a term, or a reason why it has none.

``fixtures/seeds.csv``: the number of the text (``000`` who needs to learn, ``001`` key messages, ``002`` underlying
patterns, ``003`` conversations and families, ``004`` preparation), an idea of it in our words, the term, and a reason.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from rdflib import RDF

from learntogether_kg import ontology
from learntogether_kg.namespaces import expand

TABLE = Path(__file__).parent / "fixtures" / "seeds.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def test_every_idea_has_a_term_or_a_reason():
    assert [row for row in ROWS if not row["idea"] or not (row["term"] or row["reason"])] == []


def test_every_term_named_is_declared():
    declared = set(ontology.load_ontology().subjects(RDF.type, None))
    assert [row["term"] for row in ROWS if row["term"] and expand(row["term"]) not in declared] == []


def test_every_text_is_gone_through_and_no_idea_stands_twice():
    texts = Counter(row["seed"] for row in ROWS)
    assert sorted(texts) == ["000", "001", "002", "003", "004"]
    assert min(texts.values()) >= 10
    assert len({row["idea"] for row in ROWS}) == len(ROWS)
