"""A SPARQL query from a file, asked of a release or of a live library as ``/sparql`` asks it."""

from __future__ import annotations

from typing import Final

from learntogether_kg import query_catalogue
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import PREFIXES
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.store.endpoint import GRAPH_TYPES, RESULT_TYPES, Question, Reply
from learntogether_kg.store.limited import reply_within

FORMS: Final = (*RESULT_TYPES, *GRAPH_TYPES)
"""The forms an answer can be given in: the first four for SELECT and ASK, the others for CONSTRUCT and DESCRIBE."""
MOST_ROWS: Final = 1_000_000
MOST_BYTES: Final = 1024 * 1024 * 1024


def ask(asked: Snapshot | LiveState, query: str, form: str, seconds: float) -> Reply:
    """Returns the answer to a query, which may read what is asked and nothing else.

    Args:
        asked: A release, or the state of a live library.
        query: The query.
        form: One of `FORMS`; empty for JSON or Turtle, as the query is.
        seconds: How long it may take.

    Raises:
        MalformedQueryError: It is not SPARQL 1.1.
        ReachingQueryError: It is an update, or would reach beyond what is asked.
        FormNotOfferedError: The answer cannot be given in that form.
        QueryTimeError: It takes longer.
        StoreUnavailableError: The store cannot be read.
    """
    results = tuple(each for each in RESULT_TYPES if form in ("", each))[:1]
    graphs = tuple(each for each in GRAPH_TYPES if form in ("", each))[:1]
    question = Question(query, (), (), results, graphs, MOST_ROWS, MOST_BYTES, "")
    aside = query_catalogue.aside()
    if isinstance(asked, LiveState):
        return asked.reply(question, PREFIXES, seconds, aside)
    return reply_within(asked.path / "store", question, PREFIXES, seconds, aside)
