"""Layers: the counts of one question over the whole typology, kept as a file that can be compared and carried over.

A layer is the answer of ``ltkg recur --by pattern`` with the name of the typology that it speaks of. What a change of
the typology leaves standing is carried over; what it does not is marked to be counted anew, never guessed: two patterns
that become one may be found in fewer reviews than both numbers together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from rdflib import URIRef

from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import QueryArgumentError, UnreadableFileError
from learntogether_kg.figures import Count
from learntogether_kg.recurrence.answer import HIDDEN, Result
from learntogether_kg.recurrence.derived import shares
from learntogether_kg.typology.changes import Change, Kind, compare
from learntogether_kg.typology.terms import Typology

FORMAT: Final = "learntogether-kg layer 1"
MOST_BYTES: Final = 5_000_000
_ALIKE: Final = ("release", "arguments", "profile", "rule", "typology")
"""What two layers that are compared may differ in; a reader must be told."""
_RESHAPES: Final = {Kind.MOVED, Kind.MERGED, Kind.SPLIT, Kind.DEPRECATED}
"""Changes that alter which codings count under the terms above."""


@dataclass(frozen=True)
class Entry:
    """One pattern of a layer.

    Attributes:
        iri: The pattern.
        label: What a person reads.
        reviews: Reviews in which it was found; None where that is hidden or must be counted anew, as the note says.
        looked: Of so many that looked.
        share: The one as a part of the other, from 0 to 1; None where it would mislead.
        note: What to mind.
    """

    iri: str
    label: str
    reviews: Count
    looked: Count
    share: float | None
    note: str = ""


@dataclass(frozen=True)
class Layer:
    """The counts of one question over the typology.

    Attributes:
        summary: What is counted, in a line.
        release: Of which release.
        arguments: What was asked.
        profile: The profile of disclosure control that the counts passed.
        rule: How they were counted.
        typology: The name of the version of the typology.
        entries: The patterns, in the typology's order.
        given_up: Patterns that a later version has nothing for, with the counts that they had.
        history: What was done to it since it was counted.
    """

    summary: str
    release: str
    arguments: dict[str, str]
    profile: str
    rule: str
    typology: str
    entries: tuple[Entry, ...]
    given_up: tuple[Entry, ...] = ()
    history: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: Result, typology: str) -> Layer:
        """Returns the layer of a result.

        Args:
            result: Counts by pattern and by nothing else.
            typology: The name of the version of the typology that was counted by.

        Raises:
            QueryArgumentError: The result is of something else.
        """
        if result.counts is None or [axis.dimension for axis in result.counts.axes] != ["pattern"]:
            reason = "a layer is counted by pattern and by nothing else; filter with where instead"
            raise QueryArgumentError("recurrence", "by", reason)
        cells = [row.cell for row in result.rows]
        entries = tuple(
            Entry(
                row.values[0].iri, row.values[0].reading, row.cell.reviews, row.cell.looked, worked.share, worked.note
            )
            for row, worked in zip(result.rows, shares(cells), strict=True)
        )
        arguments = {name: str(value) for name, value in result.answer.arguments.items()}
        return cls(result.summary, result.release, arguments, result.profile, result.rule, typology, entries)

    def write(self) -> str:
        """Returns the layer as a JSON document."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def read(path: Path) -> Layer:
    """Returns the layer in a file.

    Raises:
        UnreadableFileError: It cannot be read, or is no layer.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFileError(path, f"it is larger than {MOST_BYTES // 1_000_000} MB; a layer is not")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFileError(path, f"it cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(path, f"it is no JSON document: {error}") from error
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise UnreadableFileError(path, "it is no layer; `ltkg layer save` writes one")
    try:
        layer = Layer(
            arguments={str(name): str(value) for name, value in dict(document.pop("arguments")).items()},
            entries=tuple(_entry(each) for each in document.pop("entries")),
            given_up=tuple(_entry(each) for each in document.pop("given_up")),
            history=tuple(str(each) for each in document.pop("history")),
            **document,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFileError(path, f"it is a damaged layer: {error}") from error
    if not all(isinstance(getattr(layer, name), str) for name in ("summary", "release", "profile", "rule", "typology")):
        raise UnreadableFileError(path, "it is a damaged layer: its heading holds something that is no text")
    return layer


def difference(one: Layer, other: Layer) -> Answer:
    """Returns two layers side by side with their difference, a row for each pattern that either has.

    The difference of shares is in percentage points, the other less the one. Where a share is missing there is none:
    counts of two libraries of different size say nothing beside each other.
    """
    mine, theirs = ({entry.iri: entry for entry in each.entries} for each in (one, other))
    labels = {entry.iri: entry.label for each in (one, other) for entry in each.entries}
    rows = tuple(
        (
            Resource(label, iri),
            *_beside(mine.get(iri)),
            *_beside(theirs.get(iri)),
            _points(mine.get(iri), theirs.get(iri)),
        )
        for iri, label in labels.items()
    )
    return Answer("layer-difference", {"one": _name(one), "other": _name(other)}, DIFFERENCE_COLUMNS, rows)


DIFFERENCE_COLUMNS: Final = (
    *("pattern", "oneReviews", "oneLooked", "oneShare", "oneNote"),
    *("otherReviews", "otherLooked", "otherShare", "otherNote", "points"),
)


def unlike(one: Layer, other: Layer) -> list[str]:
    """Returns in what two layers differ besides their figures, a sentence for each."""
    return [
        f"They differ in {name}: {_told(getattr(one, name))} / {_told(getattr(other, name))}."
        for name in _ALIKE
        if getattr(one, name) != getattr(other, name)
    ]


def upgrade(layer: Layer, old: Typology, new: Typology) -> Layer:
    """Returns a layer as far as it stands under another version of the typology.

    Counts are carried over for terms that are there as before, or whose place one other term has taken. Whatever now
    gathers other codings than before, and every term above it, is marked to be counted anew.

    Args:
        layer: The layer.
        old: The typology that it speaks of.
        new: The typology that it is to speak of.
    """
    changes = {change.old.iri: change for change in compare(old, new) if change.old}
    had = {URIRef(entry.iri): entry for entry in layer.entries}
    came_from: dict[URIRef, list[Entry]] = defaultdict(list)
    for iri, entry in had.items():
        for successor in _became(changes.get(iri), iri):
            came_from[successor].append(entry)
    reshaped = _reshaped(changes.values(), old, new)
    entries = tuple(
        _carried(iri, term.label, came_from.get(iri, []), reshaped.get(iri, ""), changes)
        for iri, term in new.terms.items()
        if not term.deprecated
    )
    kept = {URIRef(entry.iri) for entry in entries}
    gone = tuple(entry for iri, entry in had.items() if kept.isdisjoint(_became(changes.get(iri), iri)))
    return replace(
        layer,
        typology=new.name,
        entries=entries,
        given_up=(*layer.given_up, *gone),
        history=(*layer.history, f"carried over from {old.name} to {new.name}"),
    )


def to_recount(layer: Layer) -> list[Entry]:
    """Returns the patterns of a layer whose counts could not be carried over."""
    return [entry for entry in layer.entries if entry.note.startswith(_RECOUNT)]


def draw(layer: Layer, typology: Typology) -> str:
    """Returns a layer as SVG: types across, patterns down, the count of reviews in each cell."""
    texts = {URIRef(each.iri): (each.reviews, _figure(each)) for each in layer.entries}
    note = f"Reviews. {layer.rule}. Release {layer.release}; profile {layer.profile}"
    return _map(texts, typology, layer.summary, note)


def draw_difference(one: Layer, other: Layer, typology: Typology) -> str:
    """Returns the difference of two layers as SVG: its size as shade, its sign and figure in the cell."""
    points = {URIRef(row[0].iri): row[-1] for row in difference(one, other).rows if isinstance(row[0], Resource)}
    texts = {
        iri: (abs(each), f"{round(each):+d}" if round(each) else "0") if isinstance(each, int | float) else (None, "–")
        for iri, each in points.items()
    }
    note = f"Difference of shares in percentage points: {_name(other)} less {_name(one)}. –: no share in one of them"
    return _map(texts, typology, "Difference of two layers", note)


_RECOUNT: Final = "to be counted anew: "
_YOUNGER: Final = "not looked for: younger than this count"


def _entry(document: Mapping[str, Any]) -> Entry:
    entry = Entry(**document)
    numbers = (entry.reviews, entry.looked)
    if not all(isinstance(text, str) for text in (entry.iri, entry.label, entry.note)):
        raise ValueError("an entry has no text where one belongs")
    if any(number is not None and (type(number) is not int or number < 0) for number in numbers):
        raise ValueError(f"the counts of {entry.label} are no whole numbers from 0")
    if entry.share is not None and (not isinstance(entry.share, int | float) or not 0 <= entry.share <= 1):
        raise ValueError(f"the share of {entry.label} is not between 0 and 1")
    return entry


def _beside(entry: Entry | None) -> tuple[int | str | None, int | str | None, float | None, str]:
    if entry is None:
        return None, None, None, "not in this layer"
    share = None if entry.share is None else round(entry.share, 3)
    return _count(entry, entry.reviews), _count(entry, entry.looked), share, entry.note


def _count(entry: Entry, count: Count) -> int | str | None:
    if count is not None:
        return count
    return None if entry.note.startswith((_RECOUNT, _YOUNGER)) else HIDDEN


def _figure(entry: Entry) -> str:
    told = _count(entry, entry.reviews)
    return "?" if told is None else str(told)


def _points(one: Entry | None, other: Entry | None) -> float | None:
    if one is None or other is None or one.share is None or other.share is None:
        return None
    return round((other.share - one.share) * 100, 1)


def _name(layer: Layer) -> str:
    asked = "; ".join(f"{name} {value}" for name, value in layer.arguments.items() if value and name != "by")
    return f"{layer.release}{f' ({asked})' if asked else ''}"


def _told(value: object) -> str:
    return ", ".join(f"{name}={each}" for name, each in value.items()) if isinstance(value, dict) else str(value)


def _became(change: Change | None, iri: URIRef) -> tuple[URIRef, ...]:
    return (iri,) if change is None else tuple(term.iri for term in change.new)


def _reshaped(changes: Iterable[Change], old: Typology, new: Typology) -> dict[URIRef, str]:
    """Returns the terms of the newer version that gather other codings than before, each with the first reason."""
    found: dict[URIRef, str] = {}
    for change in changes:
        why = next((kind for kind in change.kinds if kind in _RESHAPES), None)
        if not change.old or not why:
            continue
        reason = f"{change.old.label} was {why}"
        after = {term.iri for term in change.new}
        own = after if not {Kind.MERGED, Kind.SPLIT}.isdisjoint(change.kinds) else set[URIRef]()
        before = old.above(change.old.iri) - {change.old.iri}
        above = {iri for term in after for iri in new.above(term)} - after
        for iri in (*own, *before, *above):
            if iri in new.terms:
                found.setdefault(iri, reason)
    return found


def _carried(iri: URIRef, label: str, sources: Sequence[Entry], reason: str, changes: Mapping[URIRef, Change]) -> Entry:
    """Returns what a term of the newer version has from the older."""
    if not sources:
        return Entry(str(iri), label, None, None, None, _YOUNGER)
    source = sources[0]
    change = changes.get(URIRef(source.iri))
    if change and change.redefined:
        reason = f"{source.label} was redefined"
    if len(sources) > 1 or reason:
        reason = reason or " and ".join(each.label for each in sources) + " became one"
        return Entry(str(iri), label, None, None, None, _RECOUNT + reason)
    return replace(source, iri=str(iri), label=label)


def _map(texts: Mapping[URIRef, tuple[float | None, str]], typology: Typology, title: str, note: str) -> str:
    from learntogether_kg import charts  # noqa: PLC0415  # slow to load, and few commands draw

    cells = [
        charts.Cell(typology.terms[iri].label, typology.terms[top].label, *texts[iri])
        for iri, top in _places(typology)
        if iri in texts
    ]
    return charts.draw_heat_map(cells, charts.Words(title, "Type", "Pattern", note))


def _places(typology: Typology) -> Iterator[tuple[URIRef, URIRef]]:
    """Yields each term with each of the terms at the top under which it stands, those at the top first."""
    tops = [iri for iri, term in typology.terms.items() if not term.broader and not term.deprecated]
    yield from ((iri, iri) for iri in tops if typology.beside(iri) or _has_below(typology, iri))
    for iri, term in typology.terms.items():
        if term.broader and not term.deprecated:
            yield from ((iri, top) for top in sorted(typology.tops(iri), key=tops.index))


def _has_below(typology: Typology, iri: URIRef) -> bool:
    return any(iri in term.broader for term in typology.terms.values())
