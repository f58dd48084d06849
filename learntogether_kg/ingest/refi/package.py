"""The archive that a project is: its description, and the texts of its sources, read in memory under limits.

Nothing is ever unpacked to a disk. Only what is asked for is unpacked at all, so that films and pictures in a project
cost nothing; and what is asked for is counted while it is unpacked, since an archive may lie about sizes.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final
from xml.parsers import expat

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.archive import MAX_ELEMENTS, MAX_RATIO, MAX_UNPACKED_BYTES
from learntogether_kg.ingest.loading import load

MAX_BYTES: Final = 100 * 1024 * 1024
"""A project may hold pictures and recordings, which are not read."""
MAX_ENTRIES: Final = 5000
MAX_DEPTH: Final = 100
"""Of elements in elements: codes below codes, thirty levels of them with room to spare."""

_MEGABYTE: Final = 1024 * 1024
_ENTRY: Final = b"PK\x01\x02"
_OUTSIDE: Final = re.compile(r"^[/\\~]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f]")
_BYTE_ORDER_MARKS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Package:
    """An opened project.

    Args:
        path: The file, for what is said of it.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is no archive, holds too many parts, or one whose name leads out of it.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self._path = path
        data = load(path, MAX_BYTES, data)
        self._size, self._left = len(data), MAX_UNPACKED_BYTES
        if data.count(_ENTRY) > MAX_ENTRIES:  # before they are listed, which takes memory for each
            raise UnreadableFileError(path, f"it holds more than {MAX_ENTRIES:,} parts; a review's project does not")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise self._not_a_project("it is no archive, or it is damaged") from error
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._archive.infolist():
            if _OUTSIDE.search(entry.filename):
                shown = ascii(entry.filename)[:100]
                raise UnreadableFileError(
                    path, f"its part {shown} leads out of the archive; no program writes such a one"
                )
            if self._entries.setdefault(entry.filename.casefold(), entry) is not entry:
                raise UnreadableFileError(
                    path, f"it holds the part {ascii(entry.filename)[:100]} twice; export it anew"
                )

    def description(self) -> bytes:
        """Returns the part that describes the project, looked through: well-formed, no entities, of a sane size.

        Raises:
            UnreadableFileError: There is none, or it is not so.
        """
        found = [name for name in self._entries if "/" not in name and name.endswith(".qde")]
        if len(found) != 1:
            raise self._not_a_project("it has no project.qde" if not found else "it has more than one .qde part")
        content = self._read(found[0])
        _Scan(self._path, self._entries[found[0]].filename).read(content)
        return content

    def text(self, name: str, where: str) -> str:
        """Returns the text of a source's file, with its line ends as they are.

        Args:
            name: The file's name, as the project gives it after ``internal://``.
            where: The source, for what is said of it.

        Raises:
            UnreadableFileError: It is not there, or is no text in UTF-8 or UTF-16.
        """
        # Some programs write the folder with a capital letter, others without.
        found = next((each for each in (f"sources/{name}".casefold(), name.casefold()) if each in self._entries), None)
        if found is None:
            raise UnreadableFileError(self._path, f"its text {ascii(name)[:100]} is missing; export it anew", where)
        content = self._read(found)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableFileError(self._path, f"its text {ascii(name)[:100]} is not in UTF-8", where) from error

    def _read(self, name: str) -> bytes:
        try:
            with self._archive.open(self._entries[name]) as part:
                content = part.read(self._left + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            EOFError,
            RuntimeError,
            OSError,
            ValueError,
        ) as error:
            raise self._not_a_project("a part is damaged, or protected by a password") from error
        self._left -= len(content)
        unpacked = MAX_UNPACKED_BYTES - self._left
        if self._left < 0:
            limit = MAX_UNPACKED_BYTES // _MEGABYTE
            raise UnreadableFileError(self._path, f"its texts unpack to more than {limit} MB; a review's do not")
        if unpacked > _MEGABYTE and unpacked > MAX_RATIO * self._size:
            reason = f"it unpacks to more than {MAX_RATIO} times its size; a review's project does not"
            raise UnreadableFileError(self._path, reason)
        return content

    def _not_a_project(self, why: str) -> UnreadableFileError:
        return UnreadableFileError(
            self._path, f"it is not a REFI-QDA project (.qdpx): {why}; export it anew from the program it comes from"
        )


class _Scan:
    """Looks through a document before anything is made of it."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._elements = self._depth = 0

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")  # so that a prefix of no namespace is found, too
        parser.StartDoctypeDeclHandler = self._refuse_entities
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the latter of an encoding that is none
            where = f"line {error.lineno}" if isinstance(error, expat.ExpatError) else "its encoding"
            reason = f"it is damaged: {self._name} is not well-formed ({where}); export it anew"
            raise UnreadableFileError(self._path, reason) from error

    def _refuse_entities(self, *_: object) -> None:
        reason = f"{self._name} declares a document type or entities, which no such program writes; export it anew"
        raise UnreadableFileError(self._path, reason)

    def _start(self, *_: object) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise UnreadableFileError(self._path, f"{self._name} holds more, or nests deeper, than a review's project")

    def _end(self, *_: object) -> None:
        self._depth -= 1
