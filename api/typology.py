"""The typology: its versions, what differs between two, other schemes and mappings, and what may call for a pattern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from rdflib import DCTERMS, SKOS, Graph, URIRef

from api import arguments
from api.forms import Picker, choices
from api.paging import Pairs
from api.served import Served
from api.views import View
from learntogether_kg import emerging
from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.namespaces import CL, LT, local_name, shorten
from learntogether_kg.sssom import NO_TERM
from learntogether_kg.typology import versions
from learntogether_kg.typology.changes import MEANINGS, by_kind
from learntogether_kg.typology.difference import Difference, document, head
from learntogether_kg.typology.mappings import WORDS, MappingRecord, records
from learntogether_kg.typology.versions import Listed

MOST_ITEMS: Final = 2000
"""Of one type, that are compared for one page."""
_VERSIONS: Final = {
    "name": "By which it is asked for",
    "label": "What it is called",
    "kind": "A version of the typology that is coded by, or another scheme beside it",
    "date": "When it was made, as stated; empty where that is not said",
    "terms": "How many terms it has, those no longer to be used among them",
    "comparedWith": "A version is compared with the one before it, another wording with the newest version",
    "changed": "How many terms differ from that",
    "definition": "What it is",
}
_CHANGES: Final = {
    "change": "In which ways the term differs, the weightiest first",
    "old": "The term in the older version; empty of one that was added",
    "new": "What it is in the newer: itself, or what takes its place; empty of one that was given up",
    "mechanical": "Whether what a coding becomes follows from the change, or a person must decide",
    "details": "What differs and how",
}


_AS_GOOD: Final = ("exactMatch", "closeMatch")


@dataclass(frozen=True)
class Mapped:
    """A mapping as a page shows it.

    Attributes:
        term: The term in question.
        words: What it is to the other.
        other: The other term; None where there is none.
        scheme: The scheme of the other; empty where that is not known.
        source: The publication that bears it out; None where it is provisional.
        address: Where that can be read; empty where that is not known.
        record: All that is said.
    """

    term: Resource
    words: str
    other: Resource | None
    scheme: str
    source: Resource | None
    address: str
    record: MappingRecord


@lru_cache(maxsize=16)
def _listed(extensions: tuple[Path, ...]) -> tuple[Listed, ...]:
    """Returns what is known with some extensions; a release keeps its own, which never change."""
    return tuple(versions.listed(extensions))


def listed(served: Served) -> tuple[Listed, ...]:
    """Returns the versions and schemes of a release, the versions first and oldest first."""
    return _listed(tuple(served.release.extensions()))


def in_use(served: Served) -> Listed:
    """Returns the version that a release is coded by: the newest."""
    return [each for each in listed(served) if not each.is_scheme][-1]


def overview(served: Served, pairs: Pairs, records_are_open: bool) -> View:
    """Returns the versions of the typology and the other schemes; the page has every term and mapping besides."""
    arguments.refuse_any("typology", pairs, "see /typology/difference")
    found = listed(served)
    before = [_compared_with(each, found) for each in found]
    differences = [
        Difference.between(old.typology, new.typology) if old else None for new, old in zip(found, before, strict=True)
    ]
    rows = tuple(
        (
            each.name,
            each.label,
            "another scheme" if each.is_scheme else "version",
            each.date or None,
            len(each.typology.terms),
            old.name if old else None,
            len(difference.changes) if difference else None,
            each.definition,
        )
        for each, old, difference in zip(found, before, differences, strict=True)
    )
    newest = in_use(served)
    schemes = [each for each in found if each.is_scheme]
    links: tuple[dict[str, str | None], ...] = tuple(
        {"difference": _difference(old.name, each.name) if old else None}
        for each, old in zip(found, before, strict=True)
    )
    mapped = _mapped(
        newest.typology.graph, {term for each in found for term in each.typology.terms} | _headings(newest)
    )
    context: dict[str, object] = {
        "newest": newest,
        "records_are_open": records_are_open,
        "schemes": schemes,
        "mapped": [each for each in mapped if each.record.subject in (URIRef(each.term.iri), NO_TERM)],
    }
    return View(
        Answer("typology", {}, tuple(_VERSIONS), rows),
        "The typology, its versions and the schemes beside it",
        "T1 T4 T5",
        dict(_VERSIONS),
        "typology.html",
        "typology",
        {},
        context,
        links,
    )


def difference(served: Served, pairs: Pairs) -> View:
    """Returns what differs between two versions of the typology, or between a version and another scheme.

    Raises:
        QueryArgumentError: An argument is unknown, or names no version.
    """
    old, new = _two(served, pairs)
    found = Difference.between(old.typology, new.typology)
    rows = tuple(
        (
            tuple(str(kind) for kind in each.kinds),
            Resource(each.old.choice, str(each.old.iri)) if each.old else None,
            tuple(Resource(term.choice, str(term.iri)) for term in each.new),
            each.mechanical,
            each.details,
        )
        for each in found.changes
    )
    answer = Answer(
        "typology-difference", {"old": old.name, "new": new.name}, tuple(_CHANGES), rows, resources=("old", "new")
    )
    known = [(each.name, each.label) for each in listed(served)]
    pickers = [
        Picker("old", "From", choices(known, old.name)),
        Picker("new", "To", choices(known, new.name)),
    ]
    context: dict[str, object] = {"shown": found, "pickers": pickers, "groups": _groups(found), "head": head}
    about: dict[str, object] = {"difference": document(found)}
    return View(answer, found.title, "T4", dict(_CHANGES), "difference.html", "difference", about, context)


def difference_of(served: Served, pairs: Pairs) -> Difference:
    """Returns the same as `difference`, for another form."""
    old, new = _two(served, pairs)
    return Difference.between(old.typology, new.typology)


def candidates(served: Served, pairs: Pairs) -> View:
    """Returns groups of items that were coded as a type and nothing finer and say much the same.

    A program suggests them from likeness of wording alone; nobody has coded them, and nothing is stored.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    given = _given(emerging.QUERY, pairs, ("type", "coder", "likeness"))
    likeness = _likeness(given.pop("likeness", ""))
    asked = served.ask(emerging.QUERY, given)
    groups = emerging.candidates(asked, likeness, MOST_ITEMS)
    answer = emerging.as_answer(groups, {**asked.arguments, "likeness": f"{likeness:g}"})
    types = [each for each in in_use(served).typology.terms.values() if not each.broader and each.notation]
    named = [(local_name(str(each.iri)), each.choice) for each in types]
    coders = [(coder.code, coder.code) for coder in served.counted.coding.coders]
    context: dict[str, object] = {
        "groups": groups,
        "likeness": f"{likeness:g}",
        "pickers": [
            Picker("type", "Type", choices([("", "All types"), *named], given.get("type", ""))),
            Picker("coder", "Coded so by", choices([("", "Anybody"), *coders], given.get("coder", ""))),
        ],
        "method": emerging.METHOD,
        "asked_of": len(asked.rows),
    }
    summary = "What may call for a sub-pattern: items coded as a type only, grouped by likeness of wording"
    about: dict[str, object] = {"method": emerging.METHOD}
    return View(answer, summary, "T2", dict(emerging.COLUMNS), "emerging.html", "emerging", about, context)


def mappings_of(graph: Graph, term: URIRef) -> list[Mapped]:
    """Returns the mappings from and to a term, each told from its side."""
    return [each for each in _mapped(graph, {term}) if each.term.iri == str(term)]


def _mapped(graph: Graph, terms: Iterable[URIRef]) -> list[Mapped]:
    """Returns mappings, each told from the side of each of its terms that was asked for."""
    wanted = set(terms)
    found = []
    for record in records(graph, wanted):
        for side, (term, other) in enumerate(((record.subject, record.object), (record.object, record.subject))):
            if term in wanted:
                found.append(
                    Mapped(
                        _resource(graph, term),
                        WORDS[record.relation][side],
                        None if other == NO_TERM else _resource(graph, other),
                        _scheme(graph, other),
                        _publication(graph, record.source) if record.source else None,
                        str(graph.value(record.source, LT.address) or "") if record.source else "",
                        record,
                    )
                )
    return found


def _headings(newest: Listed) -> set[URIRef]:
    graph = newest.typology.graph
    return {iri for iri in graph.subjects(SKOS.inScheme, CL["factor-headings"]) if isinstance(iri, URIRef)}


def _resource(graph: Graph, iri: URIRef) -> Resource:
    label = graph.value(iri, SKOS.prefLabel) or graph.value(iri, DCTERMS.title)
    return Resource(str(label or shorten(iri)), str(iri))


def _publication(graph: Graph, iri: URIRef) -> Resource:
    """Returns a source under its title; of a part with the name of the whole before it."""
    whole = graph.value(iri, DCTERMS.isPartOf)
    name = str(graph.value(whole, DCTERMS.title) or "").partition(":")[0] if whole else ""
    own = _resource(graph, iri)
    return Resource(f"{name}, {own.label}" if name else own.label, own.iri)


def _scheme(graph: Graph, iri: URIRef) -> str:
    scheme = next((each for each in graph.objects(iri, SKOS.inScheme)), None)
    if scheme is None:
        return ""
    return str(graph.value(scheme, SKOS.prefLabel) or graph.value(scheme, DCTERMS.title) or shorten(str(scheme)))


def _compared_with(one: Listed, found: Iterable[Listed]) -> Listed | None:
    """Returns what a version or scheme is compared with where nobody says.

    A version with the one before it; another wording of the typology with the newest version. A scheme of something
    else, none of whose terms is close to one of ours, is compared with nothing.
    """
    others = [each for each in found if not each.is_scheme]
    if not one.is_scheme:
        return next((each for each in others if each.name == one.replaces), None)
    ours = others[-1].typology.terms
    close = {iri for term in one.typology.terms.values() for name, iri in term.mappings if name in _AS_GOOD}
    return others[-1] if close & set(ours) else None


def _two(served: Served, pairs: Pairs) -> tuple[Listed, Listed]:
    """Returns the two versions that are asked for: by default the newest and what it is compared with."""
    given = _given("typology-difference", pairs, ("old", "new"))
    found = listed(served)
    newest = in_use(served)
    new = _version(given["new"], "new", found) if given.get("new") else None
    if given.get("old"):
        old = _version(given["old"], "old", found)
        return old, new or newest
    if new is None:
        new = (
            newest if newest.replaces else next((e for e in found if e.is_scheme and _compared_with(e, found)), newest)
        )
    return _compared_with(new, found) or newest, new


def _version(text: str, name: str, found: Iterable[Listed]) -> Listed:
    wanted = [each for each in found if text.casefold() in (each.name.casefold(), each.label.casefold(), str(each.iri))]
    if not wanted:
        known = ", ".join(each.name for each in found)
        raise QueryArgumentError("typology-difference", name, f"there is no version {text!r}; known are {known}")
    return wanted[0]


def _difference(old: str, new: str) -> str:
    return f"/typology/difference?{urlencode({'old': old, 'new': new})}"


def _groups(found: Difference) -> list[tuple[str, str, list[object]]]:
    return [(str(kind), MEANINGS[kind], list(changes)) for kind, changes in by_kind(list(found.changes)).items()]


def _likeness(text: str) -> float:
    try:
        return float(text) if text.strip() else emerging.LIKENESS
    except ValueError:
        raise QueryArgumentError(emerging.QUERY, "likeness", f"{text!r} is no number above 0 and at most 1") from None


def _given(asked: str, pairs: Pairs, known: tuple[str, ...]) -> dict[str, str]:
    typed = arguments.once(asked, pairs, known)
    return {name: value.strip() for name, value in typed.items() if value.strip()}
