"""Makes the cells of a draft review of a project and the answers of its mapping.

A passage that is coded as a pattern is an item; the same place in a source is the same item, whoever coded it. Items
and rows are named by their place, so that the same project and answers give the same review.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.ingest.rdf import MAX_CHARACTERS
from learntogether_kg.ingest.refi.mapping import ITEM, SHEET_OF, CodeMapping, Target, column_of
from learntogether_kg.ingest.refi.project import Coding, Project, Span
from learntogether_kg.ingest.template import Rows

PASSAGES: Final = "Notes on passages"
"""The sheet of a draft that keeps the passages. Sheets of notes stay in the file: no library ever holds them."""
HEADINGS: Final = ("item", "coder", "source", "source guid", "from", "to", "passage", "code", "code guid")

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SEPARATOR: Final = "; "
_ON_THE_SHEET: Final = ("primary pattern", "second pattern", "third pattern")
_NOT_STATED: Final = "Not stated"
_LONG: Final = 9


@dataclass
class _Item:
    """One passage as a row of a sheet.

    Attributes:
        row: Its cells.
        patterns: What each coder coded it as, in the order of the project.
        influences: What influence each coder gave it.
    """

    row: dict[str, str]
    patterns: dict[str, list[str]] = field(default_factory=dict)
    influences: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A draft, as the cells of its workbook.

    Attributes:
        cells: The rows of its sheets.
        passages: The table of passages that stays with it, the heading first.
        left: What of the project is not in it, counted.
    """

    cells: Mapping[str, Rows]
    passages: Sequence[Sequence[str]]
    left: Counter[str]


def make_draft(path: Path, project: Project, mapping: CodeMapping) -> Made:
    """Returns the draft of a project, by a mapping that leaves nothing open.

    Args:
        path: The project's file, for what is said of it.
        project: What it says.
        mapping: What becomes of it.

    Raises:
        UnreadableFileError: A passage is longer than a cell can hold.
    """
    return _Maker(path, project, mapping).make()


class _Maker:
    def __init__(self, path: Path, project: Project, mapping: CodeMapping) -> None:
        self._path, self._project, self._mapping = path, project, mapping
        self._items: dict[tuple[str, Span], _Item] = {}
        self._left = project.left.copy()
        self._passages: list[Sequence[str]] = [HEADINGS]
        self._evidence = {guid: f"S{number}" for number, guid in enumerate(mapping.sources, start=1)}
        self._paths = project.paths()
        self._prefixes = {sheet.name: sheet.ids for sheet in sheets()}
        used = {coding.user for coding in project.codings if coding.span.source in mapping.taken}
        self._coders = [row for user, row in mapping.coders.items() if user in used]

    def make(self) -> Made:
        taken = set(self._mapping.taken)
        codings = [each for each in self._project.codings if each.span.source in taken]
        self._left["codings in sources that are not taken"] += len(self._project.codings) - len(codings)
        for coding in codings:
            self._take_text(coding)
        for coding in codings:
            self._take_pattern(coding)
        for coding in codings:
            self._take_value(coding)
        self._left += Counter()  # drops what there is none of
        return Made(self._cells(), self._passages, self._left)

    def _take_text(self, coding: Coding) -> None:
        """Makes rows of the passages whose code becomes a text, and counts those that are ignored."""
        answer = self._mapping.codes[coding.code]
        if answer.target and not answer.target.value:
            self._note(coding, self._item(answer.target.sheet, answer.target.header, coding))
        elif not answer.target and not answer.pattern:
            self._left["codings whose code is ignored"] += 1

    def _take_pattern(self, coding: Coding) -> None:
        answer = self._mapping.codes[coding.code]
        if not answer.pattern:
            return
        as_factor = (SHEET_OF["factor"], coding.span) in self._items
        sheet = answer.sheet or SHEET_OF["factor" if as_factor else "finding"]
        item = self._item(sheet, "statement", coding)
        given = item.patterns.setdefault(self._coder(coding), [])
        if answer.pattern not in given:
            given.append(answer.pattern)
        self._note(coding, item)

    def _take_value(self, coding: Coding) -> None:
        """Sets what a code says of the items of the same passage, or of the passages within it."""
        target = self._mapping.codes[coding.code].target
        if target is None or not target.value:
            return
        fitting = [sheet for sheet in SHEET_OF.values() if target.sheet in (sheet, ITEM)]
        found = [self._items[sheet, coding.span] for sheet in fitting if (sheet, coding.span) in self._items]
        found = found or [
            item
            for (sheet, span), item in self._items.items()
            if sheet in fitting and coding.span.covers(span) and self._coder(coding) in item.patterns
        ]
        for item in found:
            self._set(item, target, self._coder(coding))
            self._note(coding, item)
        if not found:
            self._left["codings for a field of an item where there is no item"] += 1

    def _set(self, item: _Item, target: Target, coder: str) -> None:
        if target.sheet == ITEM:
            if item.influences.setdefault(coder, target.value) != target.value:
                self._left["second influences that a coder gave to one passage"] += 1
            return
        before = item.row.get(target.header, "")
        given = before.split(_SEPARATOR) if before and before != _NOT_STATED else []
        if target.value in given:
            return
        if given and not column_of(f"{target.sheet}: {target.header}").many:
            self._left[f"further values for {target.sheet}: {target.header}, which takes one"] += 1
        else:
            item.row[target.header] = _SEPARATOR.join([*given, target.value])

    def _item(self, sheet: str, header: str, coding: Coding) -> _Item:
        found = self._items.get((sheet, coding.span))
        if found is None:
            place = f"{coding.span.start}-{coding.span.end}"
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{coding.span.source}#{place}").hex[:_LONG]
            found = _Item({"id": f"{self._prefixes[sheet]}{name}", header: self._passage(coding)})
            self._items[sheet, coding.span] = found
        return found

    def _passage(self, coding: Coding) -> str:
        passage = _tidy(coding.text)
        if len(passage) > MAX_CHARACTERS:
            source = self._project.sources[coding.span.source].name
            where = f"source {source!r}, characters {coding.span.start} to {coding.span.end}"
            reason = (
                f"this passage is longer than {MAX_CHARACTERS:,} characters; code a shorter one, or ignore its code"
            )
            raise UnreadableFileError(self._path, reason, where)
        return passage

    def _coder(self, coding: Coding) -> str:
        return self._mapping.coders[coding.user]["coder"]

    def _note(self, coding: Coding, item: _Item) -> None:
        source, span = self._project.sources[coding.span.source], coding.span
        code = self._paths[coding.code]
        place = (source.name, source.guid, str(span.start), str(span.end))
        self._passages.append((item.row["id"], self._coder(coding), *place, self._passage(coding), code, coding.code))

    def _cells(self) -> dict[str, Rows]:
        cells: dict[str, list[dict[str, str]]] = {"Review": [self._review()], "Coders": list(self._coder_rows())}
        for (sheet, span), item in sorted(self._items.items(), key=lambda each: self._place(each[0])):
            cells.setdefault(sheet, []).append(self._row(sheet, span, item))
            cells.setdefault("Second coding", []).extend(self._second_coding(sheet, item))
        used = {span.source for _, span in self._items}
        cells["Evidence"] = [
            {"id": name, "kind": self._mapping.sources[guid].get("kind", "")}
            for guid, name in self._evidence.items()
            if guid in used
        ]
        return {**cells}

    def _place(self, found: tuple[str, Span]) -> tuple[int, int, int]:
        return list(self._evidence).index(found[1].source), found[1].start, found[1].end

    def _review(self) -> dict[str, str]:
        draft = self._mapping.draft
        return {
            "id": draft["review"],
            "label": draft["label"],
            "questions": _NOT_STATED.lower(),
            "kind": _NOT_STATED,
            "captured from": draft["captured from"],
            "depth": "Findings and evidence",
            "method": _NOT_STATED,
            "findings declared": _NOT_STATED.lower(),
            "synthetic": draft.get("synthetic", ""),
        }

    def _coder_rows(self) -> Iterator[dict[str, str]]:
        seen: set[str] = set()
        for row in self._coders:
            if row["coder"] not in seen:  # two users of a project may be one person
                seen.add(row["coder"])
                yield {header: text for header, text in row.items() if header not in ("name", "guid", "passages")}

    def _row(self, sheet: str, span: Span, item: _Item) -> dict[str, str]:
        if sheet not in SHEET_OF.values():
            return item.row
        first = self._coders[0]["coder"]
        given = next((item.influences[row["coder"]] for row in self._coders if row["coder"] in item.influences), "")
        row = {"influence": given or _NOT_STATED, **item.row}
        if sheet == SHEET_OF["finding"]:
            row = {"stated as": _NOT_STATED, "supported by": self._evidence[span.source], **row}
            if self._stands_on_the_sheet(first, item):
                row |= dict(zip(_ON_THE_SHEET, item.patterns[first], strict=False))
        return row

    def _stands_on_the_sheet(self, coder: str, item: _Item) -> bool:
        """Whether the first coder's codes fit on the Findings sheet, where no other influence is theirs."""
        given = item.patterns.get(coder, [])
        return 0 < len(given) <= len(_ON_THE_SHEET) and (coder in item.influences or not item.influences)

    def _second_coding(self, sheet: str, item: _Item) -> Iterator[dict[str, str]]:
        for coder, patterns in item.patterns.items():
            if (
                sheet == SHEET_OF["finding"]
                and coder == self._coders[0]["coder"]
                and self._stands_on_the_sheet(coder, item)
            ):
                continue
            yield {
                "item": item.row["id"],
                "coder": coder,
                "primary": patterns[0],
                "others": _SEPARATOR.join(patterns[1:]),
                "influence": item.influences.get(coder, _NOT_STATED),
            }


def _tidy(text: str) -> str:
    """Returns a passage without the characters that a cell cannot hold."""
    return _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
