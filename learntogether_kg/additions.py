"""One coder's codes, put beside what a review holds already: nothing else of the review is touched."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import RDF, Graph, URIRef
from rdflib.term import Node

from learntogether_kg.errors import AgreementError
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.namespaces import LT

_OWN = (LT.Classification, LT.CodingScope)


def add_coding(draft: Draft, review: Graph, *, replacing: bool = False) -> Graph:
    """Returns a review with one coder's codes added.

    Args:
        draft: What a coder's workbook says.
        review: The review as it stands; it is left as it is.
        replacing: Whether other codes by the same coder may be replaced.

    Raises:
        AgreementError: The review is not there, has not such an item or has it in other words, or has codes by this
            coder already that are others.
    """
    coder = draft.coder
    if coder is None or draft.context is None:
        raise AgreementError(f"{draft.file}: it is a whole review and no coder's workbook")
    if not len(review):
        raise AgreementError(
            f"{draft.file}: the review that it codes is not in the library; submit the review first, or both at once"
        )
    _refuse_other_items(draft, draft.context, review)
    present = set(_own(review, coder))
    if present == set(draft.graph):
        return review
    coded = len(set(review.subjects(LT.codedBy, coder)) & set(review.subjects(RDF.type, LT.Classification)))
    if coded and not replacing:
        raise AgreementError(
            f"{draft.file}: the library has {coded} other code(s) by {_code(review, coder)} for this review, and no "
            "coding is replaced unasked; choose another code, or use `ltkg submit --replace-coding`"
        )
    merged = Graph(identifier=review.identifier)
    for triple in review:
        if triple not in present:
            merged.add(triple)
    for triple in draft.graph:
        merged.add(triple)
    return merged


def dropped_coders(before: Graph, after: Graph) -> dict[str, int]:
    """Returns the coders whose codes would go if one version of a review took the place of another.

    Args:
        before: The review as a library has it.
        after: The review that would replace it.

    Returns:
        By the coder's code, how many codes would go.
    """
    found = {}
    remaining = set(after.objects(None, LT.codedBy))
    codings = set(before.subjects(RDF.type, LT.Classification))
    for coder in {coder for coding in codings for coder in before.objects(coding, LT.codedBy)} - remaining:
        found[_code(before, coder)] = len(codings & set(before.subjects(LT.codedBy, coder)))
    return dict(sorted(found.items()))


def _refuse_other_items(draft: Draft, context: Graph, review: Graph) -> None:
    named = {each for each in context.subjects(RDF.type) if isinstance(each, URIRef)}
    for item in sorted(named - set(context.subjects(RDF.type, LT.Coder)) - {draft.study}):
        if not any(review.objects(item, RDF.type)):
            raise AgreementError(
                f"{draft.file}, {draft.source_map.locate(item)}: the review in the library has no item "
                f"{item.rpartition('/')[2]}; make a new workbook from the review as it is now"
            )
        if _text(context, item) != _text(review, item):
            raise AgreementError(
                f"{draft.file}, {draft.source_map.locate(item)}: the item reads otherwise in the library, so other "
                "words were coded; make a new workbook from the review as it is now, and code it again"
            )


def _own(review: Graph, coder: URIRef) -> Iterator[tuple[Node, Node, Node]]:
    """Yields what a review holds of a coder: who it is, what it read and its codes, not its word on types as such."""
    yield from review.triples((coder, None, None))
    for node in review.subjects(LT.codedBy, coder):
        if review.value(node, RDF.type) in _OWN:
            yield from review.triples((node, None, None))


def _text(graph: Graph, item: Node) -> str:
    found = graph.value(item, LT.statement) or graph.value(item, LT.description) or ""
    return " ".join(str(found).split())


def _code(review: Graph, coder: Node) -> str:
    return str(review.value(coder, LT.coderCode) or coder)
