"""Files that nobody should send, made when a test needs them. None is kept: some unpack to more than a disk holds."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from rdflib import RDF, XSD

from learntogether_kg.ingest.template import write_template
from learntogether_kg.namespaces import LT, REVIEW

STUDY = REVIEW["0123456789abcdef"]
MILLION = 1_000_000
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
SHEET_END = b"</sheetData></worksheet>"
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9))
    + b"]>"
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
TURTLE = f'<{STUDY}> a <{LT.Review}> ; <{LT.publicLabel}> "x" .\n'

Make = Callable[[Path], object]


def workbook(changes: Mapping[str, bytes] | None = None, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a template with parts of its archive replaced; sheet5 is Findings."""
    plain, made = io.BytesIO(), io.BytesIO()
    write_template(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", packed) as new:
        parts = {name: old.read(name) for name in old.namelist()} | dict(changes or {})
        for name, part in parts.items():
            new.writestr(name, part)
    return made.getvalue()


def archive(parts: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return made.getvalue()


def overlapping() -> bytes:
    """An archive whose directory names one part of 1 MB four hundred times."""
    data = archive({"xl/workbook.xml": bytes(MILLION)})
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, last = data[at:end], data[end:]
    last = last[:8] + struct.pack("<HHI", 400, 400, 400 * len(entry)) + last[16:]
    return data[:at] + entry * 400 + last


def lying() -> bytes:
    """A workbook one sheet of which says it is a few bytes long, with the right checksum for these, and is 300 MB."""
    told = XML + SHEET + SHEET_END
    data = workbook({"xl/worksheets/sheet5.xml": told + b" " * 300 * MILLION})
    name = b"xl/worksheets/sheet5.xml"
    crc, size = struct.pack("<I", zlib.crc32(told)), struct.pack("<I", len(told))
    local, listed = data.index(name) - 30, data.rindex(name) - 46
    edited = bytearray(data)
    edited[local + 14 : local + 18], edited[local + 22 : local + 26] = crc, size
    edited[listed + 16 : listed + 20], edited[listed + 24 : listed + 28] = crc, size
    return bytes(edited)


def nested() -> bytes:
    """An archive in an archive in an archive, each of many parts."""
    inner = archive({"xl/workbook.xml": bytes(10 * MILLION)})
    for _ in range(3):
        inner = archive({f"{number}.zip": inner for number in range(16)})
    return inner


def shared_text() -> bytes:
    """A workbook whose hundred thousand cells all show the same text of 30,000 characters."""
    text = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    return workbook(
        {
            "xl/sharedStrings.xml": XML + text,
            "xl/worksheets/sheet5.xml": XML + SHEET + b"<row>" + b'<c t="s"><v>0</v></c>' * 100_000
            + b"</row>" + SHEET_END,
        }
    )  # fmt: skip


def put(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def sheet(cells: bytes) -> Make:
    return lambda path: path.write_bytes(workbook({"xl/worksheets/sheet5.xml": XML + SHEET + cells + SHEET_END}))


def entities(part: str, declaration: bytes) -> Make:
    def make(path: Path) -> None:
        plain = io.BytesIO(workbook())
        with zipfile.ZipFile(plain) as old:
            text = old.read(part)
        head, _, rest = text.partition(b"?>")
        path.write_bytes(workbook({part: head + b"?>" + declaration + rest}))

    return make


def utf16_entities(path: Path) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "x">]><x>&a;</x>'
    path.write_bytes(workbook({"docProps/app.xml": text.encode("utf-16")}))


def json_ld(document: object) -> Make:
    return put(json.dumps(document).encode())


def context(value: object) -> Make:
    return json_ld({"@context": value, "@id": str(STUDY), "@type": str(LT.Review)})


BAD: dict[str, tuple[str, Make, str]] = {
    "laughs-in-the-workbook.xlsx": ("entity bomb", entities("xl/workbook.xml", LAUGHS), "XML entities"),
    "laughs-in-a-sheet.xlsx": ("entity bomb", entities("xl/worksheets/sheet5.xml", LAUGHS), "XML entities"),
    "laughs-in-shared-texts.xlsx": ("entity bomb", entities("xl/sharedStrings.xml", LAUGHS), "XML entities"),
    "outside-entity.xlsx": ("external entity", entities("xl/workbook.xml", OUTSIDE), "XML entities"),
    "utf16-entity.xlsx": ("entities in UTF-16", utf16_entities, "XML entities"),
    "swells.xlsx": ("zip bomb", lambda path: path.write_bytes(workbook({"xl/a.bin": bytes(200 * MILLION)})), "unpacks"),
    "ratio.xlsx": ("zip bomb", lambda path: path.write_bytes(workbook({"xl/a.bin": bytes(40 * MILLION)})), "times"),
    "nested.xlsx": ("nested zip bomb", lambda path: path.write_bytes(nested()), "not an Excel workbook"),
    "overlapping.xlsx": ("overlapping entries", lambda path: path.write_bytes(overlapping()), "not an Excel|unpacks"),
    "lying.xlsx": ("lying sizes", lambda path: path.write_bytes(lying()), "sheet 'Findings'"),
    "many-parts.xlsx": ("many entries", put(archive({str(n): b"" for n in range(501)})), "500 parts"),
    "ten-million-cells.xlsx": ("10 million cells", sheet(b"<row>" + b"<c/>" * 10 * MILLION + b"</row>"), "cells"),
    "far-cell.xlsx": ("far cell", sheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "XFD1048576"),
    "shared-text.xlsx": ("shared text", lambda path: path.write_bytes(shared_text()), "characters"),
    "not-well-formed.xlsx": ("broken part", sheet(b"<row><c>"), "well-formed"),
    "old.xlsx": ("an .xls by another name", put(OLE), "older kind"),
    "locked.xlsx": ("encrypted", put(OLE + "EncryptedPackage".encode("utf-16-le")), "password"),
    "word.xlsx": ("a .docx by another name", put(archive({"word/document.xml": b"<x/>"})), "Word"),
    "opendocument.xlsx": ("an .ods by another name", put(archive({"content.xml": b"<x/>"})), "OpenDocument"),
    "table.xlsx": ("a .csv by another name", put(b"id,statement\n1,x\n"), "not an Excel workbook"),
    "picture.xlsx": ("a picture", put(b"\x89PNG\r\n\x1a\n"), "picture"),
    "printed.xlsx": ("a PDF", put(b"%PDF-1.7"), "PDF"),
    "empty.xlsx": ("zero bytes", put(b""), "empty"),
    "large.xlsx": ("21 MB", put(bytes(21 * 1024 * 1024)), "larger than 20 MB"),
    "large.ttl": ("5 MB", put(b"#" * 5 * 1024 * 1024), "larger than 4 MB"),
    "empty.ttl": ("zero bytes", put(b""), "0 reviews"),
    "cut-off.ttl": ("ends inside a text", put(TURTLE[: TURTLE.index('"x') + 2].encode()), "quotation mark is missing"),
    "latin.ttl": ("not UTF-8", put(TURTLE.replace('"x"', '"é"').encode("latin-1")), "UTF-8"),
    "long-text.ttl": ("huge literal", put(TURTLE.replace('"x"', f'"{"x" * 3 * MILLION}"').encode()), "characters"),
    "deep-list.ttl": ("deep nesting", put(b"<urn:a> <urn:b> " + b"( " * 100_000), "nested too deeply"),
    "deep-node.ttl": ("deep nesting", put(b"<urn:a> <urn:b> " + b"[ <urn:b> " * 100_000), "nested too deeply"),
    "many-triples.ttl": ("a million triples", put(b"<urn:a> <urn:b> 1" + b",1" * MILLION + b",2 ."), "50,000 triples"),
    "more-triples.ttl": (
        "many triples",
        put(b"<urn:a> <urn:b> " + b",".join(b"%d" % n for n in range(400_000)) + b" ."),
        "50,000 triples",
    ),
    "long-decimal.ttl": (
        "a decimal of a gigabyte",
        put(f'{TURTLE}<{STUDY}> <{LT.statement}> "1E999999999"^^<{XSD.float}> .'.encode()),
        "xsd:float",
    ),
    "xml-literal.ttl": (
        "XML in a literal",
        put(f'{TURTLE}<{STUDY}> <{LT.statement}> "<x>"^^<{RDF.XMLLiteral}> .'.encode()),
        "XMLLiteral",
    ),
    "deep.jsonld": ("deep recursion", put(b'{"@graph":' * 100_000 + b"1" + b"}" * 100_000), "nested too deeply"),
    "deep-list.jsonld": ("deep recursion", put(b"[" * 100_000), "nested too deeply"),
    "deep-context.jsonld": ("deep context", put(b'{"@context":' * 500 + b"{}" + b"}" * 500), "jsonld|json-ld|reviews"),
    "remote-context.jsonld": ("remote context", context("https://example.org/c.jsonld"), "fetched"),
    "remote-in-list.jsonld": ("remote context", context([{}, "file:///etc/hostname"]), "fetched"),
    "remote-import.jsonld": ("remote import", context({"@import": "http://127.0.0.1:1/"}), "fetched"),
    "long-number.jsonld": ("a number of 10,000 digits", put(b'{"@id": ' + b"9" * 10_000 + b"}"), "json-ld"),
}  # fmt: skip
"""By name: what it is, how it is made, and a part of the sentence it must end in."""


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    os.mkfifo(path)


SPECIAL: dict[str, tuple[str, Make, str]] = {
    "device.xlsx": ("a link to a device", device, "ordinary file"),
    "device.ttl": ("a link to a device", device, "ordinary file"),
    "pipe.xlsx": ("a pipe that nobody writes to", pipe, "ordinary file"),
    "folder.xlsx": ("a folder", Path.mkdir, "folder"),
}
"""What only a path can be; it cannot be uploaded."""
