"""Named queries as they stand in ``queries/``: what each asks, its parameters, its text.

A named query is one ``queries/<topic>/<name>.rq`` file of plain SPARQL. Comment lines that start with ``#+`` say what
it answers; a one-value ``VALUES`` line marked ``#?`` is a parameter.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from rdflib import BNode, Literal, URIRef

from learntogether_kg import resources
from learntogether_kg.errors import QueryFileError, UnknownQueryError
from learntogether_kg.namespaces import expand
from learntogether_kg.store.base import Term

_REQUIRED: Final = ("summary", "question", "tags", "discloses")
_OPTIONAL: Final = ("lists", "counts-over", "chart", "each-row-from", "resources")
_EACH_ROW: Final = re.compile(
    r"(?P<each>review)"
    r"(?: coded as (?P<pattern>\w+)(?: with (?P<influence>\w+))?(?: on (?P<facts>[\w-]+(?: [\w-]+)*))?)?"
    r"(?: where (?P<given>\w+) is given)?"
)
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
        coded_on: Facts of the coding table one of which must hold for what is coded so; empty where none need.
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
    coded_on: tuple[str, ...] = ()
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
    told = rows.groupdict("") if rows else dict.fromkeys(_EACH_ROW.groupindex, "")
    taken = {"", *(parameter.name for parameter in parameters)}
    asked = {told[name] for name in ("pattern", "influence", "given")}
    if "each-row-from" in header and (not rows or "review" not in linked or not asked <= taken):
        form = "review, review coded as PARAMETER (with PARAMETER) (on FACT …), or review where PARAMETER is given"
        raise QueryFileError(file, 1, f"`each-row-from` must be {form}; and `resources` must name the column review")
    return NamedQuery(
        name=file.stem,
        topic=file.parent.name,
        summary=header["summary"],
        question=header["question"],
        tags=_words(header["tags"]),
        discloses=header["discloses"],
        lists=_words(header.get("lists", "")),
        counts_over=header.get("counts-over", ""),
        each_row_from=told["each"],
        coded_as=told["pattern"],
        coded_with=told["influence"],
        coded_on=tuple(told["facts"].split()),
        given=told["given"],
        resources=linked,
        columns=columns,
        parameters=tuple(parameters),
        text=text,
    )


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
