"""Coding by several people: a blind workbook for a second coder, how far coders agree, and what they agree on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from rdflib import URIRef

from learntogether_kg import ontology, queries
from learntogether_kg.agreement.codings import Code, Coded, Coding, Item, Typology
from learntogether_kg.agreement.differences import tell
from learntogether_kg.agreement.extraction import read_codings
from learntogether_kg.agreement.matching import join
from learntogether_kg.agreement.selection import Selection, coders_of, select
from learntogether_kg.errors import AgreementError, UnknownReviewError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.layout import choices
from learntogether_kg.ingest.template import write_template
from learntogether_kg.namespaces import CL, LT, ONTOLOGY_GRAPH, TYP
from learntogether_kg.store.oxigraph import OxigraphStore

if TYPE_CHECKING:
    from learntogether_kg.store.base import Store

_SEPARATOR: Final = "; "
_NOT_BY_ALL: Final = frozenset({"factor", "interaction"})
"""The kinds of item that few reviewers code: they are offered where anybody has coded one of the kind."""


def read_files(paths: Sequence[Path]) -> Coded:
    """Returns the codings in files, several coders in each or one, as one; nothing is checked beyond that they fit.

    Args:
        paths: Workbooks, coders' workbooks, or reviews in Turtle, TriG or JSON-LD.

    Raises:
        UnreadableFileError: A file cannot be read.
        AgreementError: The files do not code the same items, or a coder has coded one review in two of them.
    """
    store = OxigraphStore.in_memory([(ONTOLOGY_GRAPH, ontology.load_ontology())])
    typology = read_codings(store).typology
    parts = []
    for path in paths:
        draft = read_file(path)
        graph = draft.graph if draft.context is None else draft.graph + draft.context
        store.replace_graph(draft.study, graph)
        parts.append(read_codings(store, str(path)))
        store.remove_graph(draft.study)
    return join(parts, typology) if len(parts) > 1 else parts[0]


def read_library(store: Store, reviews: Iterable[str] = ()) -> Coded:
    """Returns the codings in a library.

    Args:
        store: The store of one of its states or releases.
        reviews: Public labels or IRIs of the only reviews that are wanted; by default all.

    Raises:
        UnknownReviewError: A review is not there.
        StoreUnavailableError: The store does not answer.
    """
    names = list(reviews)
    known = queries.options(store, "lt:Review") if names else {}
    wanted = [_named(known, name) for name in names]
    if wanted and isinstance(store, OxigraphStore):
        store = store.part([ONTOLOGY_GRAPH, *wanted])  # of many reviews few are asked for
    return read_codings(store, reviews=wanted)


def write_blind(source: Path, coder: str, out: Path) -> int:
    """Writes a workbook in which a second coder codes the items of a review without seeing others' codes.

    Args:
        source: The review.
        coder: The second coder's code.
        out: The workbook to write; one that is there is replaced.

    Returns:
        How many items it holds.

    Raises:
        AgreementError: The coder has coded the review already, it has no items, or is a coder's workbook itself.
        UnreadableFileError: The review cannot be read, or the workbook not be written.
    """
    if read_file(source).context is not None:
        raise AgreementError(f"{source}: it is a coder's workbook and not the whole review; give the review itself")
    coded = read_files([source])
    if any(each.coder.code.casefold() == coder.casefold() for each in coded.codings):
        raise AgreementError(
            f"{source}: coder {coder} has coded this review already; give the second coder a code of their own"
        )
    review = next(iter(coded.items_of), None)
    if review is None:
        raise AgreementError(f"{source}: it has no finding, factor or interaction, so there is nothing to code")
    items = offered(coded, review)
    head = {"coder": coder, "kind": _choice(CL["coder-kinds"], CL.human), "level": _level(coded.codings)}
    rows = [_item_row(item) for item in items]
    _write(out, coded, review, head, rows, coded.codings)
    return len(items)


def write_agreed(coded: Coded, selection: Selection, coder: str, out: Path) -> tuple[int, int]:
    """Writes a workbook in which coders enter what they agree on: filled where all agree, blank where they differ.

    Args:
        coded: Their codings.
        selection: Which coders, and which review where there are several.
        coder: The code of the agreed coding; empty for one made of the coders' own.
        out: The workbook to write; one that is there is replaced.

    Returns:
        How many items are filled, and how many are left to settle.

    Raises:
        AgreementError: The codings cannot be compared, or are of several reviews.
        UnreadableFileError: The workbook cannot be written.
    """
    chosen, _ = select(coded, selection)
    reviews = list(dict.fromkeys(each.review for each in chosen))
    if len(reviews) > 1:
        named = ", ".join(coded.reviews.get(each, "") or str(each) for each in reviews[:8])
        raise AgreementError(f"one review at a time is agreed on; name one with --review: {named}")
    coders = [each.code for each in coders_of(chosen)]
    coder = coder or "agreed-" + "-".join(coders)
    if any(each.coder.code.casefold() == coder.casefold() and each.coder.kind != CL.agreed for each in coded.codings):
        raise AgreementError(
            f"{coder} is the code of one of the coders; give the agreed coding one of its own with --as"
        )
    head = {
        "coder": coder,
        "kind": _choice(CL["coder-kinds"], CL.agreed),
        "level": _level(chosen),
        "agreed from": _SEPARATOR.join(coders),
    }
    rows = []
    for item in offered(coded, reviews[0]):
        given = {each.coder.code: each.codes.get(item.iri, ()) for each in chosen}
        rows.append({**_item_row(item), **_agreed_cells(given), "what each coder said": _said(coded.typology, given)})
    _write(out, coded, reviews[0], head, rows, chosen)
    filled = sum(1 for row in rows if row.get("primary"))
    return filled, len(rows) - filled


def offered(coded: Coded, review: URIRef) -> list[Item]:
    """Returns the items of a review that a coder is asked to code: all findings, and what anybody has coded besides.

    That factors were coded shows by that; which of them does not.
    """
    used = {coded.items[item].kind for each in coded.codings for item in each.codes if item in coded.items}
    if not any(coded.codings):
        used |= _NOT_BY_ALL
    return [item for item in coded.items_of[review] if item.kind not in _NOT_BY_ALL or item.kind in used]


def _named(known: Mapping[URIRef, str], name: str) -> URIRef:
    found = [iri for iri, label in known.items() if name in (label, str(iri))]
    if len(found) != 1:
        raise UnknownReviewError(name, found)
    return found[0]


def _write(
    out: Path,
    coded: Coded,
    review: URIRef,
    head: Mapping[str, str],
    rows: Sequence[Mapping[str, str]],
    codings: Collection[Coding],
) -> None:
    version = next((each.version for each in codings if each.version), None)
    fields = {
        "review": str(review),
        "label": coded.reviews.get(review, ""),
        "typology version": _choice(LT.TypologyVersion, version) if version else "",
        "scope": _choice(CL.extents, CL["captured-statements"]),
        **head,
    }
    write_template(out, cells={"Coding": [fields], "Items": rows}, kind="coding")


def _item_row(item: Item) -> dict[str, str]:
    return {
        "item": unquote(item.iri.removeprefix(f"{item.review}/")),
        "kind": item.kind,
        "statement": item.text,
        "where it stands": "\n".join(f"{heading}: {text}" for heading, text in item.context),
    }


def _agreed_cells(given: Mapping[str, Sequence[Code]]) -> dict[str, str]:
    """Returns the cells that all coders fill alike; none where one left the item uncoded or codes differ."""
    alike = {frozenset((code.pattern, code.primary) for code in codes) for codes in given.values()}
    if len(alike) > 1 or not any(given.values()):
        return {}
    codes = next(iter(given.values()))
    every = [code for each in given.values() for code in each]
    return {
        "primary": "".join(_choice(TYP.scheme, code.pattern) for code in codes if code.primary),
        "others": _SEPARATOR.join(_choice(TYP.scheme, code.pattern) for code in codes if not code.primary),
        "influence": _same(CL.influences, [code.influence for code in every]),
        "explains": _same(CL.explains, [code.explains for code in every if code.primary]),
    }


def _said(typology: Typology, given: Mapping[str, Sequence[Code]]) -> str:
    return "\n".join(f"{coder}: {_SEPARATOR.join(tell(typology, codes))}" for coder, codes in given.items())


def _level(codings: Collection[Coding]) -> str:
    """Returns the level that all codings share, as the drop-down has it; where they do not, the finer one."""
    only_types = bool(codings) and all(each.types_only for each in codings)
    return _choice(CL["coding-levels"], CL["types-only"] if only_types else CL["types-and-sub-patterns"])


def _same(source: URIRef, terms: Sequence[URIRef | None]) -> str:
    first = terms[0] if terms and len(set(terms)) == 1 else None
    return _choice(source, first) if first is not None else ""


def _choice(source: URIRef, term: URIRef) -> str:
    """Returns an entry of a list as its drop-down has it."""
    return next((choice.text for choice in choices(source) if choice.iri == term), str(term))
