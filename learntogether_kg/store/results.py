"""Solutions in the four formats of the standard: SPARQL 1.1 Query Results JSON, XML, CSV and TSV.

The engine's own writers cannot stop after so many rows and still write a whole document that says so; these can.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from learntogether_kg.errors import MalformedQueryError

Values = Sequence[object]
"""The terms of one solution in the order of the variables, None where one is unbound."""

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Writer:
    """One format.

    Attributes:
        row: Writes a solution.
        between: What stands between two solutions.
        document: Writes the whole around the solutions, given the variables, what is between, and a link or "".
        boolean: Writes the answer of ASK; the standard has none for CSV and TSV, so the word stands alone there.
    """

    row: Callable[[Sequence[str], Values], str]
    between: str
    document: Callable[[Sequence[str], str, str], str]
    boolean: Callable[[bool], str]


def _json_row(variables: Sequence[str], values: Values) -> str:
    bound = (f'"{name}":{_json_term(v)}' for name, v in zip(variables, values, strict=True) if v is not None)
    return "{" + ",".join(bound) + "}"


@lru_cache(maxsize=4096)  # most terms come again and again
def _json_term(term: object) -> str:
    match term:
        case ox.NamedNode():
            kind, more = "uri", ""
        case ox.BlankNode():
            kind, more = "bnode", ""
        case ox.Literal():
            kind, more = "literal", ""
            if term.language:
                more = f',"xml:lang":{json.dumps(term.language)}'
            elif term.datatype.value != _STRING:
                more = f',"datatype":{json.dumps(term.datatype.value)}'
        case _:
            raise _no_term()
    return f'{{"type":"{kind}","value":{json.dumps(term.value, ensure_ascii=False)}{more}}}'


def _json(variables: Sequence[str], rows: str, link: str) -> str:
    head = {"vars": list(variables), **({"link": [link]} if link else {})}
    return f'{{"head":{json.dumps(head, ensure_ascii=False)},"results":{{"bindings":[{rows}]}}}}'


def _xml_row(variables: Sequence[str], values: Values) -> str:
    bound = (
        f"<binding name={quoteattr(name)}>{_xml_term(value)}</binding>"
        for name, value in zip(variables, values, strict=True)
        if value is not None
    )
    return f"<result>{''.join(bound)}</result>"


@lru_cache(maxsize=4096)
def _xml_term(term: object) -> str:
    match term:
        case ox.NamedNode():
            return f"<uri>{_xml_text(term.value)}</uri>"
        case ox.BlankNode():
            return f"<bnode>{_xml_text(term.value)}</bnode>"
        case ox.Literal():
            kind = ""
            if term.language:
                kind = f" xml:lang={quoteattr(term.language)}"
            elif term.datatype.value != _STRING:
                kind = f" datatype={quoteattr(term.datatype.value)}"
            return f"<literal{kind}>{_xml_text(term.value)}</literal>"
    raise _no_term()


def _xml_text(text: str) -> str:
    if _NO_XML.search(text):
        raise MalformedQueryError("A value has a character that XML cannot carry; ask for format=json instead")
    return escape(text, {"\r": "&#13;"})


def _xml(variables: Sequence[str], rows: str, link: str) -> str:
    names = "".join(f"<variable name={quoteattr(name)}/>" for name in variables)
    seen = f"<link href={quoteattr(link)}/>" if link else ""
    return _xml_document(f"<head>{names}{seen}</head><results>{rows}</results>")


def _xml_document(content: str) -> str:
    return f'<?xml version="1.0"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#">{content}</sparql>\n'


def _csv_row(variables: Sequence[str], values: Values) -> str:  # noqa: ARG001  # as the others
    return _csv_line([_csv_term(value) for value in values])


def _csv_term(term: object) -> str:
    match term:
        case None:
            return ""
        case ox.NamedNode() | ox.Literal():
            return term.value
        case ox.BlankNode():
            return f"_:{term.value}"
    raise _no_term()


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _tsv_row(variables: Sequence[str], values: Values) -> str:  # noqa: ARG001  # as the others
    return "\t".join(map(_tsv_term, values)) + "\n"


@lru_cache(maxsize=4096)
def _tsv_term(term: object) -> str:
    if term is None:
        return ""
    if not isinstance(term, ox.NamedNode | ox.Literal | ox.BlankNode):
        raise _no_term()
    return str(term).replace("\t", "\\t")  # its N-Triples form, which may leave a tab as it is


def _no_term() -> MalformedQueryError:
    return MalformedQueryError("A value is a triple, which the formats of SPARQL 1.1 cannot carry; ask for its parts")


WRITERS: Final[Mapping[str, Writer]] = {
    "json": Writer(_json_row, ",", _json, lambda value: json.dumps({"head": {}, "boolean": value})),
    "xml": Writer(_xml_row, "", _xml, lambda value: _xml_document(f"<head/><boolean>{json.dumps(value)}</boolean>")),
    "csv": Writer(_csv_row, "", lambda variables, rows, _: _csv_line(variables) + rows, json.dumps),
    "tsv": Writer(
        _tsv_row, "", lambda variables, rows, _: "\t".join(f"?{v}" for v in variables) + "\n" + rows, json.dumps
    ),
}
