"""What the questions of researchers must answer: T1 to T7.

Each function is written from the question and from what its columns are said to hold. Labels, definitions, sources,
versions and mappings are looked up in the typology's files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations

from rdflib import DCTERMS, RDF, SKOS, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import LT, TYP
from tests.teaching.coding import (
    AGREED,
    Code,
    Record,
    by_coder,
    chosen,
    coded,
    coders,
    codes_made,
    findings_read,
    found,
    scopes,
)
from tests.teaching.compare import answers
from tests.teaching.practice import ASPECTS, part, words
from tests.teaching.reviewer import statement
from tests.teaching.truth import (
    NOT_STATED,
    above,
    files,
    is_deprecated,
    kind_of_coder,
    pattern_label,
    pattern_text,
    patterns,
    replacements,
    reviews_in,
    row_of,
    short,
    since,
    status,
    table,
    text,
    types,
    types_of,
    versions_within,
)


@answers("sub-patterns")
def sub_patterns(type: str = "", coder: str = AGREED, codes: str = "primary") -> Iterator[Record]:
    """T1. Whoever codes by types only did not look for what stands under them."""
    for pattern in patterns():
        for above_it in types_of(pattern) - {pattern}:
            reviews = found(coder, pattern, codes)
            looked = bool(reviews or coded(coder, pattern))
            if type in ("", above_it):
                yield {
                    "type": above_it,
                    "pattern": pattern,
                    "definition": pattern_text(pattern, SKOS.definition),
                    "sources": _sources(pattern),
                    "status": status(pattern),
                    "reviews": len(reviews) if looked else None,
                    "findingsRead": len(findings_read()),
                    "byCoder": by_coder(
                        lambda who, p=pattern: found(who, p, codes), lambda who: {s.review for s in _deep(who)}
                    ),
                }


def _deep(coder: str) -> list[object]:
    return [scope for scope in scopes() if scope.coder == coder and scope.is_deep]


def _sources(pattern: str) -> tuple[str, ...]:
    """The titles of what a pattern was taken from, a chapter's after its book's."""
    titles = set()
    for source in files().objects(TYP[pattern], DCTERMS.source):
        own, book = files().value(source, DCTERMS.title), files().value(source, DCTERMS.isPartOf)
        whole = None if book is None else files().value(book, DCTERMS.title)
        if own is not None:
            titles.add(str(own) if whole is None else f"{whole}, {own}")
    return tuple(sorted(titles))


@answers("items-coded-at-type-only")
def items_coded_at_type_only(
    type: str = "",
    coder: str = "",
    codingLevel: str = "types-and-sub-patterns",  # noqa: N803 - the query's own parameter
) -> Iterator[Record]:
    """T2. No pattern under the type on the same item by the same coder."""
    for code in chosen(coder):
        finer = [
            other
            for other in codes_made()
            if (other.review, other.item, other.coder) == (code.review, code.item, code.coder)
            and code.pattern in above(other.pattern) - {other.pattern}
        ]
        for scope in scopes():
            is_his = (scope.review, scope.coder) == (code.review, code.coder) and codingLevel in ("", scope.level)
            if is_his and code.pattern in types() and not finer and type in ("", code.pattern):
                yield {
                    "type": code.pattern,
                    "review": code.review,
                    "item": part(code.review, code.item),
                    "statement": statement(code.review, code.item),
                    "coder": code.coder,
                    "primary": code.is_primary,
                    "influence": code.influence,
                    "codingLevel": scope.level,
                }


@answers("patterns-under-several-types")
def patterns_under_several_types() -> Iterator[Record]:
    """T3. One pattern under several types, or one name for several patterns."""
    for pattern in patterns():
        namesakes = [each for each in patterns() if pattern_label(each) == pattern_label(pattern) and each != pattern]
        standing = types_of(pattern) - {pattern}
        holds = {
            "one pattern, several types": len(standing) > 1,
            "one name, several patterns": bool(namesakes) and bool(standing),
        }
        for kind in [kind for kind, so in holds.items() if so]:
            yield {
                "pattern": pattern,
                "kind": kind,
                "types": tuple(sorted(standing)),
                "others": tuple(namesakes),
                "definition": pattern_text(pattern, SKOS.definition),
                "status": status(pattern),
            }


@answers("typology-changes")
def typology_changes(older: str = "", newer: str = "") -> Iterator[Record]:
    """T4. What stood in the first version was not added; a change without a version stands whatever is asked."""
    changes: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for pattern in patterns():
        version = since(pattern)
        if version and len(versions_within(version)) > 1:
            changes[pattern, "added", version] |= set()
        for instead in replacements(pattern):
            changes[pattern, "replaced", since(instead)].add(instead)
        if is_deprecated(pattern) and not replacements(pattern):
            changes[pattern, "deprecated", None] |= set()
    for (pattern, change, version), instead in changes.items():
        is_before = older and version in versions_within(older)
        is_after = version and newer and version not in versions_within(newer)
        if not is_before and not is_after:
            touched = [code for code in codes_made() if _is_touched(code, pattern, change, version)]
            yield {
                "pattern": pattern,
                "change": change,
                "inVersion": version,
                "replacedBy": tuple(sorted(instead)),
                "types": tuple(sorted(types_of(pattern))),
                "classificationsTouched": len(touched),
                "itemsTouched": len({(code.review, code.item) for code in touched}),
                "reviewsTouched": len({code.review for code in touched}),
            }


def _is_touched(code: Code, pattern: str, change: str, version: str | None) -> bool:
    if change != "added":
        return code.pattern == pattern
    right_above = [short(iri) for iri in files().objects(TYP[pattern], SKOS.broader)]
    return code.pattern in right_above and version not in versions_within(code.version)


RELATIONS = {
    "same": (SKOS.exactMatch, SKOS.exactMatch),
    "nearly the same": (SKOS.closeMatch, SKOS.closeMatch),
    "narrower than the term": (SKOS.broadMatch, SKOS.narrowMatch),
    "broader than the term": (SKOS.narrowMatch, SKOS.broadMatch),
    "related": (SKOS.relatedMatch, SKOS.relatedMatch),
}


@answers("mappings")
def mappings(pattern: str = "", term: str = "") -> Iterator[Record]:
    """T5. A relation holds whichever of the two schemes states it."""
    for each in [pattern] if pattern else patterns():
        for relation, (stated, said_of_it) in RELATIONS.items():
            ours = [(other, "this typology") for other in files().objects(TYP[each], stated)]
            theirs = [(other, "the other scheme") for other in files().subjects(said_of_it, TYP[each])]
            theirs = [pair for pair in theirs if (pair[0], RDF.type, LT.Pattern) not in files()]
            for other, by in ours + theirs:
                for scheme in list(files().objects(other, SKOS.inScheme)) or [None]:
                    if term in ("", short(other)):
                        yield {
                            "pattern": each,
                            "relation": relation,
                            "term": short(other),
                            "scheme": None if scheme is None else short(scheme),
                            "statedBy": by,
                            "ground": ground(TYP[each], other, (stated, said_of_it)),
                            "status": status(each),
                        }


def ground(one: Node, other: Node, relations: tuple[URIRef, URIRef]) -> str:
    """Whether a source bears out what a mapping file says of two terms; nothing where none says it."""
    found = ""
    for mapping in files().subjects(RDF.type, LT.Mapping):
        ends = {files().value(mapping, LT.mappingSubject), files().value(mapping, LT.mappingObject)}
        if ends == {one, other} and files().value(mapping, LT.mappingRelation) in relations:
            found = "sourced" if found == "sourced" or files().value(mapping, DCTERMS.source) else "provisional"
    return found


@answers("coding-by-coder-kind")
def coding_by_coder_kind(influence: str = "") -> Iterator[Record]:
    """T6. Several coders of a kind count together: an item that two coded alike is one item, two classifications."""
    kinds = defaultdict(set)
    for coder in coders():
        kinds[kind_of_coder(coder)].add(coder)
    for kind, those in kinds.items():
        made = [code for code in codes_made() if code.coder in those]
        for type_ in [*types(), "no-type-fits"]:
            row: Record = {
                "coderKind": kind,
                "coders": tuple(sorted(those)),
                "reviewsCoded": len({scope.review for scope in scopes() if scope.coder in those}),
                "itemsCoded": len({(code.review, code.item) for code in made}),
                "type": type_,
            }
            for which in ("primary", "all"):
                counted = [
                    code
                    for code in made
                    if (which == "all" or code.is_primary)
                    and influence in ("", code.influence)
                    and type_ in above(code.pattern) | {code.pattern}
                ]
                row |= {
                    f"{which}Classifications": len(counted),
                    f"{which}Items": len({(code.review, code.item) for code in counted}),
                    f"{which}Reviews": len({code.review for code in counted}),
                }
            yield row


@answers("perspective-differences")
def perspective_differences(by: str = "level") -> Iterator[Record]:
    """T7. Two people of the two, of one event, from one standpoint, of one thing, in different words."""
    column = {"level": "level", "agency": "agency"}[by]
    comparable, differing = defaultdict(set), defaultdict(set)
    for one, other in permutations(table("perspectives"), 2):
        same = all(one[each] == other[each] for each in ("review", "episode", "standpoint"))
        if not same or one["person"] == other["person"]:
            continue
        review = one["review"]
        groups = [row_of("people", review, person=each["person"])[column] for each in (one, other)]
        if groups[0] >= groups[1] or {*groups} & {"", NOT_STATED}:
            continue
        for aspect in ASPECTS.values():
            said = [text(review, each["perspective"], aspect) for each in (one, other)]
            if None not in said:
                comparable[tuple(groups)].add((review, one["episode"]))
                if words(str(said[0])) != words(str(said[1])):
                    differing[tuple(groups)].add((review, one["episode"]))
    for (first, second), events in comparable.items():
        seen = differing[first, second]
        yield {
            "one": first,
            "other": second,
            "reviews": len({review for review, _ in seen}),
            "comparable": len({review for review, _ in events}),
            "events": len(seen),
            "comparableEvents": len(events),
            "perspectivesRecorded": len(reviews_in("perspectives")),
            "inReviews": tuple(sorted({review for review, _ in seen})),
        }
