"""Named queries: what each asks, its parameters, and asking it.

A named query is one ``queries/<topic>/<name>.rq`` file of plain SPARQL. Comment lines that start with ``#+`` say what
it answers; a one-value ``VALUES`` line marked ``#?`` is a parameter. No SPARQL text stands in Python: an argument is
a typed RDF term put in the place of the value in the file, so nothing that a person typed is ever read as SPARQL.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD

from learntogether_kg import resources
from learntogether_kg.answers import Answer, Labels
from learntogether_kg.errors import DifferingServerError, QueryArgumentError, QueryFileError, UnknownQueryError
from learntogether_kg.live_state import StateStore
from learntogether_kg.namespaces import ONTOLOGY_GRAPH, expand, shorten
from learntogether_kg.store.base import Solutions, Store, Term
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.servers import Kind
from learntogether_kg.store.sparql import SparqlStore

_REQUIRED: Final = ("summary", "question", "tags", "discloses")
_OPTIONAL: Final = ("lists", "counts-over", "chart", "each-row-from", "resources")
_EACH_ROW: Final = re.compile(r"(review)(?: coded as (\w+)(?: with (\w+))?| where (\w+) is given)?")
_DISCLOSES: Final = ("counts", "records")
_INTERNAL: Final = "internal"
_HEADER = re.compile(r"^#\+\s*([a-z-]+)(?:\s+(\w+))?\s*:\s*(.*?)\s*$")
_PARAMETER = re.compile(r"^(\s*VALUES\s+\?(\w+)\s*\{\s*)(.+?)(\s*\}\s*)#\?\s+(\S+)(?:\s+\{([^}]*)\})?\s+(\S.*?)\s*$")
_NOT_CODE = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*>"""  # an IRI; looser, and `1 < 2 … 3 > 2` would hide what stands between
    r"""|"{3}(?:[^"\\]|\\.|"(?!""))*"{3}"""
    r"""|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'(?:[^'\\\n]|\\.)*'"""
    r"""|\\.|\#[^\n]*"""  # an escape in a local name, such as ex:it\'s; a comment
)
_FORBIDDEN = re.compile(r"\b(SERVICE|FROM|LOAD|INSERT|DELETE|CREATE|DROP|CLEAR)\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\u", re.IGNORECASE)
"""An escaped character. Some engines read it before anything else, so that it may end a string or spell a keyword."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a named query.

    Attributes:
        name: Its name in the query, on the command line and in the URL.
        kind: ``xsd:integer``, ``xsd:string`` or ``xsd:boolean``; or the class or code list its value comes from.
        meaning: One line for the person who fills it in.
        default: The value in the file as SPARQL, ``UNDEF`` meaning any.
        choices: The values a string may take; empty means any.
        line: Its line in the file, counted from 0.
    """

    name: str
    kind: str
    meaning: str
    default: str
    choices: tuple[str, ...]
    line: int

    @property
    def is_required(self) -> bool:
        """Whether the query needs a value: a number or a text that has a default has no "any"."""
        return self.kind.startswith("xsd:") and self.default != "UNDEF"

    @property
    def default_text(self) -> str:
        """The default as a person would type it; empty for any."""
        return "" if self.default == "UNDEF" else self.default.strip('"<>')

    @property
    def default_resource(self) -> URIRef | None:
        """The default where it is a resource."""
        return URIRef(self.default_text) if self.default.startswith("<") else None


@dataclass(frozen=True)
class NamedQuery:
    """One file of ``queries/``, as its header describes it.

    Attributes:
        each_row_from: "review" where each row follows from the graph of one review, beside the ontology and the
            catalogue, and rows stand in the order of the reviews' labels; then they can be asked one after the other.
        coded_as: The parameter for a pattern that a review must be coded as to have a row; empty where there is none.
        coded_with: The parameter for the influence that it must be coded with; empty where there is none.
        given: The parameter without which that is not so, or not quick, since few reviews have any row.
        resources: The columns that hold resources, said where rows are sent before the last is known.
    """

    name: str
    topic: str
    summary: str
    question: str
    tags: tuple[str, ...]
    discloses: str
    text: str
    lists: tuple[str, ...] = ()
    counts_over: str = ""
    each_row_from: str = ""
    coded_as: str = ""
    coded_with: str = ""
    given: str = ""
    resources: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()

    def bind(self, terms: Mapping[str, Term | Sequence[Term] | None]) -> str:
        """Returns the query with the given terms, one or several, in the place of its defaults; None is any."""
        lines = self.text.splitlines()
        for parameter in self.parameters:
            line = lines[parameter.line]
            if parameter.name in terms:
                line = _replace_value(line, terms[parameter.name])
            elif parameter.default == "UNDEF":
                line = f"# {line.strip()}"
            lines[parameter.line] = line
        return "\n".join(lines) + "\n"


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


@cache
def catalogue() -> Mapping[str, NamedQuery]:
    """Returns all named queries by name, in the order of topic and name.

    Raises:
        QueryFileError: A header is incomplete or unknown, or a query would reach beyond its store.
    """
    files = resources.files("queries", "*/*.rq")
    return {file.stem: read_query(file) for file in files if file.parent.name != _INTERNAL}


def named(name: str) -> NamedQuery:
    """Returns one named query.

    Raises:
        UnknownQueryError: There is none of that name; the error names close ones.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise UnknownQueryError(name, difflib.get_close_matches(name, catalogue(), n=2)) from None


def read_query(file: Path) -> NamedQuery:
    """Reads a named query's file.

    Raises:
        QueryFileError: With the line, where the header or a parameter is not as it must be.
    """
    text = file.read_text(encoding="utf-8")
    header: dict[str, str] = {}
    columns: dict[str, str] = {}
    parameters: list[Parameter] = []
    for number, line in enumerate(text.splitlines()):
        if line.startswith("#+"):
            _read_header_line(file, number, line, header, columns)
        elif "#?" in line:
            parameters.append(_read_parameter(file, number, line))
    for key in _REQUIRED:
        if not header.get(key):
            raise QueryFileError(file, 1, f"the header has no `#+ {key}:` line; add one")
    if header["discloses"] not in _DISCLOSES:
        raise QueryFileError(file, 1, f"`discloses` must be one of {', '.join(_DISCLOSES)}")
    _refuse_reaching_out(file, text)
    linked = _words(header.get("resources", ""))
    rows = _EACH_ROW.fullmatch(header.get("each-row-from", ""))
    taken = {"", None, *(parameter.name for parameter in parameters)}
    if "each-row-from" in header and (not rows or "review" not in linked or not {*rows.groups()[1:]} <= taken):
        form = "review, review coded as PARAMETER (with PARAMETER), or review where PARAMETER is given"
        raise QueryFileError(file, 1, f"`each-row-from` must be {form}; and `resources` must name the column review")
    each_row_from, coded_as, coded_with, given = rows.groups("") if rows else ("", "", "", "")
    return NamedQuery(
        name=file.stem,
        topic=file.parent.name,
        summary=header["summary"],
        question=header["question"],
        tags=_words(header["tags"]),
        discloses=header["discloses"],
        lists=_words(header.get("lists", "")),
        counts_over=header.get("counts-over", ""),
        each_row_from=each_row_from,
        coded_as=coded_as,
        coded_with=coded_with,
        given=given,
        resources=linked,
        columns=columns,
        parameters=tuple(parameters),
        text=text,
    )


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
    """What a parameter can be given, with its label, in the order of the labels."""

    def __init__(self, labels: dict[URIRef, str]) -> None:
        self.labels = labels
        self._by_name: dict[str, list[URIRef]] = {}
        self._by_label: dict[str, list[URIRef]] = {}
        for iri, label in labels.items():
            self._by_name.setdefault(_local_name(iri).casefold(), []).append(iri)
            self._by_label.setdefault(label.casefold(), []).append(iri)

    def named(self, text: str) -> list[URIRef]:
        """Returns those that a text may mean: an IRI or prefixed name, else a local name, else a label.

        A local name before a label: names are what forms and addresses carry, and no two of one kind share one.
        """
        iri = expand(text)
        if iri is not None and iri in self.labels:
            return [iri]
        return self._by_name.get(text.casefold()) or self._by_label.get(text.casefold(), [])


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


def _replace_value(line: str, term: Term | Sequence[Term] | None) -> str:
    found = _PARAMETER.match(line)
    assert found is not None, "the line was read as a parameter"
    start, end = found.span(3)
    if not term and not isinstance(term, Literal):
        # One UNDEF alone binds nothing and keeps everything, so it is left out: Virtuoso finds nothing with it.
        return f"# {line[:start].strip()} UNDEF {line[end:].strip()}"
    # A term of rdflib is a text, and a text is a sequence too.
    terms = [term] if isinstance(term, URIRef | Literal | BNode) else term
    return line[:start] + " ".join(each.n3() for each in terms) + line[end:]


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


def _local_name(iri: URIRef) -> str:
    return iri.rpartition("/")[2].rpartition("#")[2]


def _shown(parameter: Parameter, terms: Mapping[str, Term | None], labels: Labels) -> str:
    term = terms.get(parameter.name, parameter.default_resource)
    if isinstance(term, URIRef):
        return labels.of(term)
    if parameter.name not in terms:
        return parameter.default_text
    return "" if term is None else str(term)


def _read_header_line(file: Path, number: int, line: str, header: dict[str, str], columns: dict[str, str]) -> None:
    found = _HEADER.match(line)
    key, name, value = found.groups() if found else ("", None, "")
    if key == "column" and name:
        columns[name] = value
    elif key in (*_REQUIRED, *_OPTIONAL) and name is None:
        header[key] = value
    else:
        known = ", ".join((*_REQUIRED, *_OPTIONAL, "column NAME"))
        raise QueryFileError(file, number + 1, f"not a header line we know; the keys are {known}")


def _read_parameter(file: Path, number: int, line: str) -> Parameter:
    found = _PARAMETER.match(line)
    if not found:
        form = "VALUES ?name { default } #? kind meaning"
        raise QueryFileError(file, number + 1, f"a parameter must stand on one line as `{form}`")
    _, name, default, _, kind, choices, meaning = found.groups()
    if expand(kind) is None:
        raise QueryFileError(file, number + 1, f"{kind!r} is not a datatype, class or code list under a known prefix")
    return Parameter(name, kind, meaning, default, tuple((choices or "").split()), number)


def _refuse_reaching_out(file: Path, text: str) -> None:
    code = _NOT_CODE.sub(lambda found: "\n" * found[0].count("\n") or " ", text)
    for found, where in ((_ESCAPED.search(text), text), (_FORBIDDEN.search(code), code)):
        if found:
            line = where.count("\n", 0, found.start()) + 1
            reason = f"{found[0]} is not allowed: a named query reads its own store and no more"
            raise QueryFileError(file, line, reason)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


@cache
def internal(name: str) -> NamedQuery:
    """Returns one of the queries that nobody asks by name."""
    return read_query(resources.folder("queries") / _INTERNAL / f"{name}.rq")
