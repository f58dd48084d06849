"""Writes the mapping workbook of a project: anew, or with what an earlier one says and what has come since."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rdflib import DCTERMS, URIRef

from learntogether_kg import ontology, refi
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.cells import Cells, Value
from learntogether_kg.ingest.layout import choices, key
from learntogether_kg.ingest.refi.mapping import guid, read_mapping_cells
from learntogether_kg.ingest.refi.project import NOBODY, Project
from learntogether_kg.ingest.template import Rows, new_review_id, write_template
from learntogether_kg.namespaces import CL, CODER, LT, TYP

ITEM_CODES: Final = {LT.Finding: "Findings: statement", LT.ContributoryFactor: "Factors: statement"}
"""Codes of ours that say what kind of item a passage is, and the field that each is."""

_SAME_GUID: Final = "it is this code of ours"
_SAME_NAME: Final = 'a guess, from its name: choose "pattern" to confirm it'


def write_mapping(project: Project, path: Path) -> Counter[str]:
    """Writes the mapping workbook of a project; one that is there keeps what it says and gets what is missing.

    Args:
        project: The project.
        path: The workbook.

    Returns:
        How many codes, coders and sources were added, and how many codes with passages are open.

    Raises:
        UnreadableFileError: What is there is no mapping workbook, or is that of another project, or it cannot be
            written.
    """
    old = read_mapping_cells(path) if path.exists() else {}
    before = {
        name: {guid(row): _texts(row.values) for row in old.get(name, ())} for name in ("Codes", "Coders", "Sources")
    }
    if before["Sources"] and not before["Sources"].keys() & project.sources.keys():
        reason = (
            "it is the mapping of another project. To use it for this one, copy it, clear the review field and the "
            "rows of the Coders and Sources sheets in the copy, and give that"
        )
        raise UnreadableFileError(path, reason)
    new = {"Codes": _codes(project), "Coders": _coders(project), "Sources": _sources(project)}
    cells: dict[str, Rows] = {"Draft": [_draft(old)]}
    added: Counter[str] = Counter()
    for name, rows in new.items():
        kept = {each: {**row, **_counts(rows.get(each, {}))} for each, row in before[name].items()}
        cells[name] = list((kept | {each: row for each, row in rows.items() if each not in kept}).values())
        added[name] = len(rows.keys() - kept.keys())
    added["open"] = sum(not row.get("becomes") and row.get("passages") != "0" for row in cells["Codes"])
    data = io.BytesIO()
    write_template(data, cells=cells, kind="mapping")
    try:
        path.write_bytes(data.getvalue())
    except OSError as error:
        raise UnreadableFileError(path, f"it cannot be written: {error.strerror or error}") from error
    return added


def coder_code(user: str, project: str) -> str:
    """Returns the code of a coder until somebody gives another: the same each time, of no other, and no name.

    Args:
        user: The identifier of the user.
        project: What tells the project apart, for one that does not say who coded.
    """
    told_by = project if user == NOBODY else user
    return f"coder-{hashlib.sha256(told_by.encode()).hexdigest()[:6]}"


def _codes(project: Project) -> dict[str, dict[str, str]]:
    passages = Counter(coding.code for coding in project.codings)
    coders = {code: len({each.user for each in project.codings if each.code == code}) for code in passages}
    patterns = _known(TYP.scheme)
    by_label = _labels()
    found = {}
    for code, path in project.paths().items():
        row = {"code": path, "guid": code, "passages": str(passages[code]), "coders": str(coders.get(code, 0))}
        name = key(path.rpartition(" › ")[2])
        if code in patterns:
            row |= {"becomes": "pattern", "pattern": patterns[code], "note": _SAME_GUID}
        elif code in _fields():
            field, value = _fields()[code]
            row |= {"becomes": "field", "field": field, "value": value, "note": _SAME_GUID}
        elif name in by_label:
            row |= {"pattern": by_label[name], "note": _SAME_NAME}
        found[code] = row
    return found


def _known(scheme: URIRef) -> dict[str, str]:
    """Returns the entries of a list, as its drop-down has them, by the identifiers that they have in our exports."""
    return {refi.guid(str(choice.iri)): choice.text for choice in choices(scheme)}


def _fields() -> dict[str, tuple[str, str]]:
    """Returns the fields, and values of them, that codes of our exports stand for."""
    found = {refi.guid(str(iri)): (field, "") for iri, field in ITEM_CODES.items()}
    return found | {code: ("Item: influence", text) for code, text in _known(CL.influences).items()}


def _labels() -> dict[str, str]:
    """Returns patterns by label, with and without notation, as far as only one goes by it."""
    found: dict[str, set[str]] = {}
    for concept in ontology.concepts(TYP.scheme):
        for name in (concept.label, f"{concept.notation} {concept.label}"):
            found.setdefault(key(name), set()).add(concept.choice)
    return {name: entries.pop() for name, entries in found.items() if len(entries) == 1}


def _coders(project: Project) -> dict[str, dict[str, str]]:
    passages = Counter(coding.user for coding in project.codings)
    found = {}
    for user, _ in sorted(passages.items(), key=lambda each: -each[1]):
        name = project.users[user]
        ours = refi.guid(str(CODER[quote(name, safe="")])) == user
        found[user] = {
            "coder": name if ours else coder_code(user, "".join(project.sources)),
            "name": "" if ours else name,
            "guid": user,
            "passages": str(passages[user]),
            "kind": _text(CL["coder-kinds"], CL.human),
            "date": max((each.date[:10] for each in project.codings if each.user == user), default="") or "not stated",
            "typology version": _newest_version(),
            "scope": _text(CL.extents, CL["captured-statements"]),
            "level": _text(CL["coding-levels"], CL["types-and-sub-patterns"]),
        }
    return found


def _sources(project: Project) -> dict[str, dict[str, str]]:
    passages = Counter(coding.span.source for coding in project.codings)
    return {
        each.guid: {
            "source": each.name or each.guid,
            "guid": each.guid,
            "passages": str(passages[each.guid]),
            "take": "yes",
            "kind": "document",
        }
        for each in project.sources.values()
    }


def _draft(old: Cells) -> dict[str, str]:
    kept = _texts(old["Draft"][0].values) if "Draft" in old else {}
    fresh = {
        "review": new_review_id(),
        "label": "Draft review",
        "captured from": _text(CL["captured-from"], CL["not-stated"]),
    }
    return {**fresh, **{header: text for header, text in kept.items() if text}}


def _newest_version() -> str:
    graph = ontology.load_ontology()
    replaced = set(graph.objects(None, DCTERMS.replaces))
    return next((choice.text for choice in choices(LT.TypologyVersion) if choice.iri not in replaced), "")


def _texts(values: Mapping[str, Value]) -> dict[str, str]:
    return {header: value.text for header, value in values.items()}


def _counts(row: Mapping[str, str]) -> dict[str, str]:
    return {header: row[header] for header in ("passages", "coders") if header in row}


def _text(source: URIRef, term: URIRef) -> str:
    return next((choice.text for choice in choices(source) if choice.iri == term), "")
