"""What a query from outside would reach beyond its store, looked for before it is evaluated.

Query engines dial SERVICE and some open the file that FROM names. So a query in which one of those words stands is
parsed, and refused where it is more than a word in a text. What cannot be parsed is refused as well: engines know more
syntax than the standard, and would find a SERVICE that was not seen here. The query itself is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from pyparsing import ParseBaseException, ParseResults
from rdflib import URIRef
from rdflib.plugins.sparql.algebra import translatePrologue
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import Prologue

from learntogether_kg.errors import MalformedQueryError, ReachingQueryError

_WORDS: Final = re.compile(r"SERVICE|FROM|LOAD", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UPDATE: Final = re.compile(r"\s*(?:(?:#[^\n]*\n|(?:PREFIX|BASE)\b[^<]*<[^>]*>)\s*)*(\w+)", re.IGNORECASE)
_UPDATES: Final = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
_LAST_CHARACTER: Final = 0x10FFFF


def refuse_reaching_out(query: str, holds: Callable[[URIRef], bool]) -> bool:
    """Makes sure that a query reads its own store and nothing else.

    Escaped characters (SPARQL 1.1 Query, 19.2) are read both ways that engines have: before anything else, so that
    they may spell a keyword or end a string, and only inside of strings and IRIs.

    Args:
        query: The query as it was sent.
        holds: Tells whether the store has a named graph.

    Returns:
        Whether the query chooses its graphs itself, by FROM.

    Raises:
        MalformedQueryError: It would have to be parsed to be sure, and cannot be.
        ReachingQueryError: It is an update, asks another server, or names a graph that the store does not have.
    """
    decoded = _ESCAPE.sub(_character, query)
    first = form_of(query)
    if first in _UPDATES:
        raise ReachingQueryError(f"{first} is an update, and this library is read-only; send a query")
    if not (_WORDS.search(query) or _WORDS.search(decoded)):
        return False
    found = [_has_dataset(reading, holds) for reading in {decoded, _ESCAPE.sub("_", query)}]  # each is looked at
    return any(found)


def form_of(query: str) -> str:
    """Returns the first word after the prologue, in capitals: SELECT, ASK, CONSTRUCT, DESCRIBE, or what else there is.

    Raises:
        MalformedQueryError: An escape in it stands for no character.
    """
    first = _UPDATE.match(_ESCAPE.sub(_character, query))
    return first[1].upper() if first else ""


def _character(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    if code > _LAST_CHARACTER or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004  # the surrogates, which are no characters
        raise MalformedQueryError(f"{escape[0]} stands for no character; write another one")
    return chr(code)


def _has_dataset(reading: str, holds: Callable[[URIRef], bool]) -> bool:
    try:
        prologue, body = parseQuery(reading)
        names = translatePrologue(prologue, None)
        parts = list(_parts(body))
    except (ParseBaseException, RecursionError, ValueError, LookupError) as error:
        raise MalformedQueryError(
            "It has the word SERVICE, FROM or LOAD in it and cannot be read as SPARQL 1.1, so nobody can be sure that "
            f"it reads this library alone; correct it, or leave that word out. The parser says: {_line(error)}"
        ) from error
    for part in parts:
        if part.name == "ServiceGraphPattern":
            raise ReachingQueryError("SERVICE would ask another server, which is not done here; leave it out")
        if part.name == "DatasetClause":
            _refuse_foreign(part, names, holds)
    return any(part.name == "DatasetClause" for part in parts)


def _refuse_foreign(clause: CompValue, names: Prologue, holds: Callable[[URIRef], bool]) -> None:
    for key in clause:  # "default" or "named"
        iri = names.absolutize(clause[key])
        if not isinstance(iri, URIRef) or not holds(iri):
            raise ReachingQueryError(f"FROM names {iri}, which is no graph of this release; leave it out")


def _parts(body: object) -> Iterator[CompValue]:
    """Yields every part of a parsed query; a list of what is still to do, since queries may nest without end."""
    waiting: list[Any] = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, CompValue):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list | tuple | ParseResults):
            waiting.extend(part)


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
