"""Asking named queries: what a person typed as terms, the answer as people read it.

No SPARQL text stands in Python: an argument is a typed RDF term put in the place of the value in the query's file, so
nothing that a person typed is ever read as SPARQL.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from learntogether_kg.answers import Answer, Labels
from learntogether_kg.errors import DifferingServerError, QueryArgumentError
from learntogether_kg.live_state import StateStore
from learntogether_kg.namespaces import ONTOLOGY_GRAPH, expand, names, shorten
from learntogether_kg.query_files import NamedQuery, Parameter, internal, named
from learntogether_kg.store.base import Solutions, Store, Term
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.servers import Kind
from learntogether_kg.store.sparql import SparqlStore


@dataclass(frozen=True)
class Arguments:
    """What a named query is asked with.

    Attributes:
        query: The query.
        terms: The terms given; None stands for any. One left out keeps the default of the query's file.
        shown: Every argument as a person reads it; empty means any.
    """

    query: NamedQuery
    terms: Mapping[str, Term | None]
    shown: dict[str, str]

    def text(self, name: str) -> str:
        """Returns an argument or its default, a resource as its IRI; empty for any."""
        parameter = next(each for each in self.query.parameters if each.name == name)
        term = self.terms.get(name, parameter.default_text)
        return "" if term is None else str(term)


class Vocabulary:
    """What resources are called in one store, and what parameters can be given; each looked up once.

    For a store that does not change it can be kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._options: dict[str, Choices] = {}
        self.labels = labels_of(store)

    @cached_property
    def typology(self) -> Store:
        """The ontology of the library, with the typology in it, as a store of its own."""
        if isinstance(self._store, OxigraphStore):
            return self._store.part([ONTOLOGY_GRAPH])
        return OxigraphStore.in_memory([(ONTOLOGY_GRAPH, self._store.graph(ONTOLOGY_GRAPH))])

    def choices(self, kind: str) -> Choices:
        """Returns what a parameter of that kind can be given; see `options`."""
        if kind not in self._options:
            rows = self._store.select(internal("options").bind({"kind": expand(kind)}))
            self._options[kind] = Choices({iri: str(label) for label, iri in rows if isinstance(iri, URIRef)})
        return self._options[kind]


class Choices:
    """What a parameter can be given, with its label, in the order of the labels.

    Attributes:
        labels: The label of each.
        names: The name of its own by which forms and addresses call each.
    """

    def __init__(self, labels: dict[URIRef, str]) -> None:
        self.labels = labels
        self.names = names(labels)
        self._by_name = {name: iri for iri, name in self.names.items()}
        self._by_any: dict[str, list[URIRef]] = {}
        for iri, label in labels.items():
            for text in {label.casefold(), self.names[iri].casefold()}:
                self._by_any.setdefault(text, []).append(iri)

    def named(self, text: str) -> list[URIRef]:
        """Returns those that a text may mean: an IRI or prefixed name, a name to the letter, else a name or label."""
        iri = expand(text)
        if iri is not None and iri in self.labels:
            return [iri]
        exactly = self._by_name.get(text)
        return [exactly] if exactly is not None else self._by_any.get(text.casefold(), [])


def ask(
    store: Store, name: str, arguments: Mapping[str, str] | None = None, vocabulary: Vocabulary | None = None
) -> Answer:
    """Asks a named query of a store.

    Args:
        store: What to ask.
        name: The query's name.
        arguments: What a person typed for its parameters; one left out keeps the file's default, an empty one means
            any. A concept, review or coder may be given as IRI, as prefixed name or by its label.
        vocabulary: That of the store, where it was kept.

    Returns:
        The answer, whole.

    Raises:
        UnknownQueryError: No query has that name.
        QueryArgumentError: An argument is unknown or not of its type.
        DifferingServerError: The store is a server of a kind that is known not to answer this query rightly.
        StoreUnavailableError: The store does not answer.
    """
    vocabulary = vocabulary or Vocabulary(store)
    query = named(name)
    _refuse_differing(store, name)
    read = read_arguments(query, arguments or {}, vocabulary)
    return answer_of(query, read, store.select(query.bind(read.terms)), vocabulary.labels)


def _refuse_differing(store: Store, name: str) -> None:
    """Refuses a query rather than give a wrong answer to it."""
    kind = store.kind() if isinstance(store, SparqlStore | StateStore) else Kind()
    if reason := kind.refuses(name):
        raise DifferingServerError(name, kind.name, reason)


def answer_of(query: NamedQuery, read: Arguments, solutions: Solutions, labels: Labels) -> Answer:
    """Returns solutions of a query as its answer."""
    return Answer.of(query.name, read.shown, solutions, query.lists, labels, query.resources)


def labels_of(store: Store, own: tuple[str, ...] = (), others: Labels | None = None) -> Labels:
    """Returns the labels of the resources in a store; see `Labels`."""
    return Labels(store, internal("labels"), own, others)


def read_arguments(query: NamedQuery, arguments: Mapping[str, str], vocabulary: Vocabulary) -> Arguments:
    """Returns what a person typed as terms.

    Args:
        query: The query that is asked.
        arguments: As for `ask`.
        vocabulary: Where resources are known.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    terms = _terms(query, arguments, vocabulary)
    return Arguments(query, terms, {each.name: _shown(each, terms, vocabulary.labels) for each in query.parameters})


def options(store: Store, kind: str) -> dict[URIRef, str]:
    """Returns what a parameter of that kind can be given, with its label, in the order of the labels.

    Two may share a label: a pattern of one name stands under two types.

    Args:
        store: Where to look.
        kind: A class such as ``lt:Pattern`` or a code list such as ``cl:influences``.
    """
    return Vocabulary(store).choices(kind).labels


def unpublished(store: Store) -> list[URIRef]:
    """Returns the reviews in a store that nothing shows to have been published, sorted."""
    return [iri for (iri,) in store.select(internal("unpublished").text) if isinstance(iri, URIRef)]


def _terms(query: NamedQuery, arguments: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, Term | None]:
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in arguments:
        if name not in known:
            hint = f"it takes {', '.join(known)}" if known else "it takes none"
            raise QueryArgumentError(query.name, name, f"there is no such parameter; {hint}")
    return {name: _term(query, known[name], text.strip(), vocabulary) for name, text in arguments.items()}


def _term(query: NamedQuery, parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term | None:
    if not text and parameter.is_required:
        raise QueryArgumentError(query.name, parameter.name, "it cannot be left empty; leave it out for the default")
    if not text:
        return None
    match parameter.kind:
        case "xsd:integer":
            if not re.fullmatch(r"[+-]?\d{1,9}", text):
                raise QueryArgumentError(query.name, parameter.name, f"{text!r} is not a whole number")
            return Literal(int(text))
        case "xsd:boolean":
            if text not in ("true", "false"):
                raise QueryArgumentError(query.name, parameter.name, f"{text!r} is neither true nor false")
            return Literal(text, datatype=XSD.boolean)
        case "xsd:string":
            if parameter.choices and text not in parameter.choices:
                reason = f"{text!r} is not one of {', '.join(parameter.choices)}"
                raise QueryArgumentError(query.name, parameter.name, reason)
            return Literal(text)
    return _resource(query, parameter, text, vocabulary.choices(parameter.kind))


def _resource(query: NamedQuery, parameter: Parameter, text: str, choices: Choices) -> URIRef:
    found = choices.named(text)
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(sorted(map(shorten, found)))
        raise QueryArgumentError(query.name, parameter.name, f"{text!r} is the name of more than one: give {names}")
    close = difflib.get_close_matches(text, choices.labels.values(), n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(repr(label) for label in close)}?" if close else ""
    raise QueryArgumentError(query.name, parameter.name, f"{text!r} is not known here as a {parameter.kind}{hint}")


def _shown(parameter: Parameter, terms: Mapping[str, Term | None], labels: Labels) -> str:
    term = terms.get(parameter.name, parameter.default_resource)
    if isinstance(term, URIRef):
        return labels.of(term)
    if parameter.name not in terms:
        return parameter.default_text
    return "" if term is None else str(term)
