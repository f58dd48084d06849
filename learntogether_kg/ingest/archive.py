"""The archive that a workbook is: whether it is one, and whether it stays as small as a review's when it is read.

An archive may say anything of itself, and its parts may tell a reader to make much out of little. So all of it is
unpacked once under a limit, every part is looked through, and what was seen is packed anew for those who read on.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

from xlsxwriter.utility import xl_rowcol_to_cell

from learntogether_kg.errors import UnreadableFileError

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 50 * 1024 * 1024
MAX_RATIO: Final = 200
MAX_ENTRIES: Final = 500
MAX_ELEMENTS: Final = 1_000_000
MAX_CELLS: Final = 200_000
MAX_AREA: Final = 1_000_000
"""Cells in the rectangle from A1 to the last one that is filled; a reader may make room for all of them."""
MAX_CHARACTERS: Final = 20_000_000
"""In all cells together, a text that several of them share counted for each."""

_MEGABYTE: Final = 1024 * 1024
_RATIO_APPLIES_FROM: Final = _MEGABYTE
_NEEDED: Final = ("[Content_Types].xml", "xl/workbook.xml")
_XML: Final = (".xml", ".rels")
_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BEGINNINGS: Final = {
    b"\x89PNG": "it is a picture",
    b"\xff\xd8\xff": "it is a picture",
    b"GIF8": "it is a picture",
    b"%PDF": "it is a PDF",
    b"{\\rtf": "it is a text document (.rtf)",
}
_OTHERS: Final = {
    "word/document.xml": "it is a Word document",
    "ppt/presentation.xml": "it is a presentation",
    "xl/workbook.bin": "it is a binary workbook (.xlsb); save it as .xlsx",
    "content.xml": "it is an OpenDocument file; save it as .xlsx",
}


def vet(path: Path, data: bytes) -> bytes:
    """Returns the archive of a workbook packed anew, uncompressed and with no part in it but those that were vetted.

    Args:
        path: The file, for what is said of it.
        data: Its bytes.

    Raises:
        UnreadableFileError: It is no workbook, would become larger than a review's when it is read, or declares
            entities.
    """
    parts = dict(_unpack(path, data))
    if not all(name in parts for name in _NEEDED):
        raise _no_workbook(path, next((kind for name, kind in _OTHERS.items() if name in parts), ""))
    _look_through(path, parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return packed.getvalue()


def _no_workbook(path: Path, kind: str = "") -> UnreadableFileError:
    return UnreadableFileError(
        path, f"it is not an Excel workbook (.xlsx): {kind}" if kind else "it is not an Excel workbook (.xlsx)"
    )


def _unpack(path: Path, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields the parts of an archive. Sizes are counted while unpacking, since an archive may lie about them."""
    if not data:
        raise _no_workbook(path, "it is empty")
    if data.startswith(_OLE):
        locked = _ENCRYPTED in data
        raise _no_workbook(
            path,
            "it is protected by a password; save it without one"
            if locked
            else "it is of an older kind (.xls, .doc); save it as .xlsx",
        )
    kind = next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), "")
    if kind:
        raise _no_workbook(path, kind)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise UnreadableFileError(path, f"it holds more than {MAX_ENTRIES} parts; a review's workbook does not")
            left = MAX_UNPACKED_BYTES
            for entry in entries:
                with archive.open(entry) as part:
                    found = part.read(left + 1)
                left -= len(found)
                if left < 0:
                    limit = MAX_UNPACKED_BYTES // _MEGABYTE
                    raise UnreadableFileError(path, f"it unpacks to more than {limit} MB; a review's does not")
                yield entry.filename, found
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        raise _no_workbook(path, "it is something else, or it is damaged or protected by a password") from error
    unpacked = MAX_UNPACKED_BYTES - left
    if unpacked > _RATIO_APPLIES_FROM and unpacked > MAX_RATIO * len(data):
        raise UnreadableFileError(path, f"it unpacks to more than {MAX_RATIO} times its size; a review's does not")


def _look_through(path: Path, parts: Mapping[str, bytes]) -> None:
    """Reads every part that is XML once, counting; the shared texts first, since cells refer to them."""
    count = _Count(path)
    named = {name: part for name, part in parts.items() if name.lower().endswith(_XML)}
    for name in sorted(named, key=lambda name: "sharedstrings" not in name.lower()):
        count.read(name, named[name])


class _Count:
    """What the parts of one workbook amount to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._elements = self._cells = self._characters = 0
        self._shared: list[int] = []
        self._start_part()

    def read(self, name: str, part: bytes) -> None:
        """Counts what a part holds."""
        self._start_part()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_entities
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text_in
        try:
            parser.Parse(part, True)
        except expat.ExpatError as error:
            raise UnreadableFileError(
                self._path, f"it is not an Excel workbook (.xlsx), or it is damaged: {name} is not well-formed"
            ) from error

    def _start_part(self) -> None:
        self._row = self._column = 0
        self._text = ""
        self._refers = False

    def _refuse_entities(self, *_: object) -> None:
        raise UnreadableFileError(
            self._path, "it declares XML entities, which no spreadsheet program writes; save it anew in one"
        )

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise UnreadableFileError(self._path, "it holds more than a review's workbook does")
        match name.rpartition(" ")[2]:
            case "row":
                number = attributes.get("r", "")
                self._row, self._column = int(number) if number.isdecimal() else self._row + 1, 0
            case "c":
                self._cells += 1
                if self._cells > MAX_CELLS:
                    reason = f"it has more than {MAX_CELLS:,} cells; delete the rows and columns that you do not use"
                    raise UnreadableFileError(self._path, reason)
                self._place(attributes.get("r", ""))
                self._refers = attributes.get("t") == "s"
            case "v" | "t" | "si":
                self._text = ""

    def _place(self, reference: str) -> None:
        match = _REFERENCE.fullmatch(reference)
        self._column += 1
        if match:
            self._row, self._column = int(match[2]), 0
            for letter in match[1].upper():
                self._column = self._column * 26 + ord(letter) - 64

    def _text_in(self, text: str) -> None:
        self._text += text
        self._add(len(text))

    def _end(self, name: str) -> None:
        match name.rpartition(" ")[2]:
            case "si":
                self._shared.append(len(self._text))
            case "v" | "is":
                if max(self._row, 1) * max(self._column, 1) > MAX_AREA:
                    cell = xl_rowcol_to_cell(self._row - 1, self._column - 1)
                    reason = f"cell {cell} is filled, so far away that it must be an accident; clear it"
                    raise UnreadableFileError(self._path, reason)
                if self._refers and self._text.strip().isdecimal() and int(self._text) < len(self._shared):
                    self._add(self._shared[int(self._text)])

    def _add(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MAX_CHARACTERS:
            raise UnreadableFileError(
                self._path, f"its cells hold more than {MAX_CHARACTERS:,} characters; a review's do not"
            )
