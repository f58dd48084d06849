"""Reads a project (.qdpx): its users, its codes, the passages that were coded, and a count of what else it holds.

Programs differ in what they write. Known and allowed for: identifiers in braces and in lower case; a byte order mark
in texts; line ends of two characters, which some count as one; no users; folders among the codes; texts beside a PDF
or a picture; passages coded as a case, or carrying a memo only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element  # the class alone; what reads is defusedxml

from defusedxml.ElementTree import fromstring

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.archive import MAX_CHARACTERS
from learntogether_kg.ingest.refi.package import Package
from learntogether_kg.ingest.refi.project import NOBODY, Coding, Project, Source, Span
from learntogether_kg.refi import PROJECT, Code

_INTERNAL: Final = "internal://"
_TEXTS: Final = {"PDFSource": "Representation", "PictureSource": "TextDescription"}
"""Sources that are no texts, and the element in each that holds a text for it."""
_LEFT: Final = {
    "Variable": "variables",
    "Case": "cases",
    "Note": "memos and notes",
    "Link": "links",
    "Set": "sets and groups",
    "Graph": "maps and networks",
    "AudioSource": "recordings",
    "VideoSource": "films",
    "PictureSource": "pictures",
    "PDFSource": "pages of PDFs as they look (their texts are taken)",
    "PDFSelection": "passages marked on a page of a PDF and not in its text",
    "PictureSelection": "parts of pictures",
    "AudioSelection": "parts of recordings",
    "VideoSelection": "parts of films",
    "TranscriptSelection": "passages of transcripts",
}
"""What is not carried, by element, as a person would call it."""
_CODED_AS_CASE = "passages that were assigned to a case"
_MEMO_ONLY = "passages with a memo and no code"
_MEMO = "memos of passages"
_EMPTY = "passages of no length"
_WHOLE = "codes of whole sources"
_NUMBER: Final = re.compile("[0-9]{1,9}")
_BOUNDARY: Final = "…. \t\r\n"


def read_project(path: Path, data: bytes | None = None) -> Project:
    """Returns what a project says.

    Args:
        path: The file, or the name of an upload.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is not a project that can be read, or refers to what it does not hold.
    """
    package = Package(path, data)
    root = fromstring(package.description(), forbid_dtd=True)
    if _name(root) != "Project" or not root.tag.startswith("{" + PROJECT.rpartition(":")[0]):
        raise UnreadableFileError(path, "its description is not that of a REFI-QDA project; export it anew")
    return _Reader(path, package, root).read()


class _Reader:
    def __init__(self, path: Path, package: Package, root: Element) -> None:
        self._path, self._package, self._root = path, package, root
        self._origin = root.get("origin", "")
        self._left: Counter[str] = Counter()
        self._sources: dict[str, Source] = {}
        self._codings: list[Coding] = []
        self._cases = {_guid(case.get("guid")) for case in _all(root, "Case")}
        self._codes: dict[str, str] = {}
        self._characters = 0

    def read(self) -> Project:
        users = {_guid(user.get("guid")): user.get("name") or "" for user in _all(self._root, "User")}
        codes = tuple(
            self._code(each) for book in _children(self._root, "CodeBook", "Codes") for each in _of(book, "Code")
        )
        self._left.update(label for tag, label in _LEFT.items() for _ in _all(self._root, tag))
        for container in _of(self._root, "Sources"):
            for element in container:
                self._read_source(element)
        for coding in self._codings:
            users.setdefault(coding.user, "")
        used = {coding.user for coding in self._codings}
        self._left["users who coded no passage"] += len(users.keys() - used)
        self._left += Counter()  # drops what there is none of
        named = {guid: name for guid, name in users.items() if guid in used}
        name = self._root.get("name") or self._path.stem
        return Project(name, self._origin, named, codes, self._sources, self._codings, self._left)

    def _code(self, element: Element) -> Code:
        guid, name = _guid(element.get("guid")), " ".join((element.get("name") or "").split())
        if not guid or not name or guid in self._codes:
            what = f"the code {name!r} has no identifier" if not guid else f"the code {guid} has no name"
            reason = f"the code {name!r} has the identifier of {self._codes[guid]!r}" if guid in self._codes else what
            raise UnreadableFileError(self._path, f"{reason}; export it anew")
        self._codes[guid] = name
        description = next((each.text or "" for each in _of(element, "Description")), "")
        codable = element.get("isCodable", "true").strip() not in ("false", "0")
        return Code(guid, name, description, codable, tuple(self._code(each) for each in _of(element, "Code")))

    def _read_source(self, element: Element) -> None:
        self._left[_WHOLE] += len(_of(element, "Coding"))
        kind = _name(element)
        texts = [element] if kind == "TextSource" else _of(element, _TEXTS.get(kind, "-"))
        for each in texts:
            source = Source(_guid(element.get("guid")), element.get("name") or each.get("name") or "")
            if not source.guid or source.guid in self._sources:
                reason = f"the source {source.name!r} has no identifier of its own; export it anew"
                raise UnreadableFileError(self._path, reason)
            self._sources[source.guid] = source
            if each.get("richTextPath"):
                self._left["layouts of texts (their words are taken)"] += 1
            self._read_text(each, source)

    def _read_text(self, element: Element, source: Source) -> None:
        selections = _of(element, "PlainTextSelection")
        coded = [each for each in selections if _of(each, "Coding")]
        self._left[_MEMO_ONLY] += len(selections) - len(coded)
        where = f"source {source.name or source.guid!r}"
        text = self._text(element, where, needed=bool(coded))
        text = self._with_line_ends(text, coded)
        for selection in coded:
            self._read_selection(selection, source, text, where)

    def _text(self, element: Element, where: str, needed: bool) -> str:
        content = _of(element, "PlainTextContent")
        if content:
            return content[0].text or ""
        path = element.get("plainTextPath", "")
        if path.startswith(_INTERNAL):
            return self._package.text(path.removeprefix(_INTERNAL), where)
        if needed:
            lies = "lies outside of the project" if path else "is missing"
            reason = f"its text {lies}, and nothing outside is opened; export the project with its sources in it"
            raise UnreadableFileError(self._path, reason, where)
        return ""

    def _with_line_ends(self, text: str, selections: list[Element]) -> str:
        """Returns a text with its line ends as the program counts them: as two characters, or as one.

        A passage's name is mostly its first words; the count under which more names fit is the right one. Where none
        tells, ATLAS.ti counts one, and the others two.
        """
        if "\r\n" not in text:
            return text
        single = text.replace("\r\n", "\n")
        fits = [sum(_fits(each, each_text) for each in selections) for each_text in (text, single)]
        if fits[0] == fits[1]:
            return single if "atlas" in self._origin.casefold() else text
        return single if fits[1] > fits[0] else text

    def _read_selection(self, element: Element, source: Source, text: str, where: str) -> None:
        start, end = _number(element.get("startPosition")), _number(element.get("endPosition"))
        place = f"{where}, passage {element.get('guid', '')[:50]}"
        if start is None or end is None or not start <= end <= len(text):
            given = f"{element.get('startPosition')!r:.20} to {element.get('endPosition')!r:.20}"
            reason = f"it goes from {given}, but its text has {len(text)} characters; export it anew"
            raise UnreadableFileError(self._path, reason, place)
        if any((each.text or "").strip() for each in _of(element, "Description")):
            self._left[_MEMO] += 1
        self._characters += end - start
        if self._characters > MAX_CHARACTERS:
            reason = f"its passages hold more than {MAX_CHARACTERS:,} characters together; a review's do not"
            raise UnreadableFileError(self._path, reason)
        span, passage = Span(source.guid, start, end), text[start:end]
        for coding in _of(element, "Coding"):
            code = next((_guid(each.get("targetGUID")) for each in _of(coding, "CodeRef")), "")
            if code in self._cases:
                self._left[_CODED_AS_CASE] += 1
            elif code not in self._codes:
                reason = (
                    f"it is coded by {code[:50] or 'nothing'}, which is none of the project's codes; export it anew"
                )
                raise UnreadableFileError(self._path, reason, place)
            elif not passage.strip():
                self._left[_EMPTY] += 1
            else:
                self._codings.append(Coding(span, passage, code, _user(coding, element), _date(coding, element)))


def _fits(selection: Element, text: str) -> bool:
    """Whether a passage, in a text, begins as its name says."""
    start = _number(selection.get("startPosition"))
    name = " ".join((selection.get("name") or "").strip(_BOUNDARY).split())
    if not name or start is None or not text[start : start + 1].strip():
        return False
    return " ".join(text[start : start + 2 * len(name)].split()).startswith(name)


def _user(coding: Element, selection: Element) -> str:
    given = (coding.get("creatingUser"), selection.get("creatingUser"), selection.get("modifyingUser"))
    return next((_guid(each) for each in given if each), NOBODY)


def _date(coding: Element, selection: Element) -> str:
    given = (coding.get("creationDateTime"), selection.get("creationDateTime"), selection.get("modifiedDateTime"))
    return next((each for each in given if each), "")


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def _guid(text: str | None) -> str:
    return (text or "").strip().strip("{}").upper()


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _of(element: Element, name: str) -> list[Element]:
    """Returns the children of that name, whatever version of the schema they are of."""
    return [child for child in element if _name(child) == name]


def _children(element: Element, *way: str) -> list[Element]:
    found = [element]
    for name in way:
        found = [child for each in found for child in _of(each, name)]
    return found


def _all(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if _name(each) == name)
