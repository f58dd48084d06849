"""The recoding queue: a workbook for each review, in which a named person decides what codings become."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import python_calamine as calamine
import xlsxwriter
from rdflib import RDF, Graph, URIRef
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.archive import MAX_BYTES, vet
from learntogether_kg.ingest.dates import bounds
from learntogether_kg.ingest.layout import key
from learntogether_kg.ingest.loading import load
from learntogether_kg.migration.recoding import Decision
from learntogether_kg.migration.touched import Migration, Touched
from learntogether_kg.namespaces import LT
from learntogether_kg.typology.terms import Term, Typology

AS_PROPOSED: Final = "as proposed"
_FIELDS: Final = ("review", "typology version", "decided by", "date")
_COLUMNS: Final = (
    ("item", 8, "What is coded."),
    ("passage", 50, "What it says."),
    ("evidence", 50, "What it rests on."),
    ("coder", 16, "Whose coding it is; it stays that coder's."),
    ("primary", 9, "Whether it is that coder's first code."),
    ("old code", 30, "What it is coded as."),
    ("change", 18, "What the newer version does to that."),
    ("proposed", 30, "What follows from the change; blank where a person must decide."),
    ("decision", 34, 'Choose from the list, or "as proposed". Leave blank what is not decided yet.'),
    ("classification", 10, "Leave as it is."),
)
_GUIDE: Final = (
    "Enter your coder's code and the date on this sheet, and on the sheet Recoding decide row by row. Rows without a "
    "decision stay as they are: submit what is decided with `ltkg submit`, and make the queue anew for the rest."
)


@dataclass(frozen=True)
class Queue:
    """What a filled queue says.

    Attributes:
        file: Where it was read.
        review: The review.
        version: The version that codings are made anew under.
        rows: Classification, decision as typed, and the cell it stands in; rows without a decision are left out.
        coder: The code of the person who decided.
        date: When.
    """

    file: Path
    review: URIRef
    version: URIRef
    rows: tuple[tuple[URIRef, str, str], ...]
    coder: str
    date: str


def write_queue(migration: Migration, folder: Path) -> list[Path]:
    """Writes a workbook for each review that holds a touched classification.

    Args:
        migration: What is touched.
        folder: A new or an empty folder.

    Raises:
        UnreadableFileError: The folder cannot be used, or the newer typology declares no version of its own.
    """
    if migration.new.version is None or migration.new.version == migration.old.version:
        reason = "it declares no later lt:TypologyVersion, under which codings could be made anew; add one to it"
        raise UnreadableFileError(migration.new.name, reason)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnreadableFileError(folder, "there is something here; name a new or an empty folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write_one(migration, review, folder) for review in migration.graphs]
    except OSError as error:
        raise UnreadableFileError(folder, f"it cannot be written: {error.strerror or error}") from error


def is_queue(path: Path) -> bool:
    """Whether a file is a recoding queue; one that cannot be read is left to those who read reviews."""
    if path.suffix.lower() != ".xlsx" or not path.is_file():
        return False
    try:
        names = _open(path).sheet_names
    except UnreadableFileError:
        return False
    return "Queue" in names and "Recoding" in names


def read_queue(path: Path) -> Queue:
    """Returns what a filled queue says.

    Raises:
        UnreadableFileError: It is not laid out as it was written, or a decision has nobody who answers for it.
    """
    workbook = _open(path)
    fields = {key(str(line[0])): str(line[1]).strip() for line in _lines(workbook, "Queue") if len(line) > 1}
    for name in _FIELDS[:2]:
        if not fields.get(name, "").startswith("http"):
            raise UnreadableFileError(path, f"its {name!r} is missing; make the queue anew", "sheet 'Queue'")
    rows = tuple(_decided(path, _lines(workbook, "Recoding")))
    coder, date = fields.get("decided by", ""), fields.get("date", "").removesuffix(" 00:00:00")
    if rows and not re.fullmatch(r"[\w.-]+", coder):
        reason = "decisions need the code of the person who took them; enter a code such as human-1, never a name"
        raise UnreadableFileError(path, reason, "Queue!B4")
    if rows and bounds(date) is None:
        raise UnreadableFileError(path, "decisions need a date such as 2026-11-25; enter it", "Queue!B5")
    return Queue(path, URIRef(fields["review"]), URIRef(fields["typology version"]), rows, coder, date)


def decisions(queue: Queue, graph: Graph, migration: Sequence[Touched], new: Typology) -> list[Decision]:
    """Returns what a queue decides of a review as it stands.

    A row that was submitted before is passed over, so that a queue can be submitted again when more of it is decided.

    Args:
        queue: The filled queue.
        graph: The review as the library has it.
        migration: What is touched in the library.
        new: The newer typology.

    Raises:
        UnreadableFileError: A decision names no pattern of the newer version, or its classification is there no more.
    """
    waiting = {each.node: each for each in migration}
    patterns = _by_text(new)
    found = []
    for node, text, cell in queue.rows:
        touched = waiting.get(node)
        if touched is None:
            after = {str(other).partition("--")[0] for other in graph.subjects(LT.recodedFrom)}
            if str(node).partition("--")[0] in after:
                continue
            raise UnreadableFileError(queue.file, "the library has no such coding any more; make the queue anew", cell)
        if key(text) == AS_PROPOSED:
            if touched.proposed is None:
                reason = "nothing is proposed here, a person must decide; choose a pattern from the list"
                raise UnreadableFileError(queue.file, reason, cell)
            chosen = touched.proposed
        elif (named := patterns.get(key(text))) is not None:
            chosen = named
        else:
            reason = f"{text!r} is no pattern of {new.version_label()} that may be coded; choose from the list"
            raise UnreadableFileError(queue.file, reason, cell)
        found.append(Decision(node, chosen.iri, queue.coder, queue.date))
    return found


def versions_in(graph: Graph) -> set[URIRef]:
    """Returns the versions of the typology that an ontology tells of."""
    return {iri for iri in graph.subjects(RDF.type, LT.TypologyVersion) if isinstance(iri, URIRef)}


def _by_text(new: Typology) -> dict[str, Term]:
    """Returns what may be coded, by its way down, its IRI and, where no other has it, its label."""
    usable = [term for term in new.terms.values() if not term.deprecated]
    labels = [key(term.label) for term in usable]
    found = {key(term.label): term for term in usable if labels.count(key(term.label)) == 1}
    return found | {key(name): term for term in usable for name in (term.choice, str(term.iri))}


def _decided(path: Path, lines: list[list[object]]) -> Iterator[tuple[URIRef, str, str]]:
    headers = [key(str(value)) for value in lines[0]] if lines else []
    if not {"decision", "classification"} <= set(headers):
        raise UnreadableFileError(path, "its columns are not those it was made with; make it anew", "sheet 'Recoding'")
    decision, node = headers.index("decision"), headers.index("classification")
    for number, line in enumerate(lines[2:], start=2):
        if str(line[decision]).strip():
            cell = f"Recoding!{xl_rowcol_to_cell(number, decision)}"
            yield URIRef(str(line[node]).strip()), str(line[decision]).strip(), cell


def _open(path: Path) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(vet(path, load(path, MAX_BYTES))))
    except calamine.CalamineError as error:
        raise UnreadableFileError(path, f"it is not an Excel workbook (.xlsx) that can be read ({error})") from error


def _lines(workbook: calamine.CalamineWorkbook, name: str) -> list[list[object]]:
    return [list(line) for line in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)]


def _write_one(migration: Migration, review: URIRef, folder: Path) -> Path:
    rows = [each for each in migration.touched if each.review == review]
    name = re.sub(r"[^a-z0-9]+", "-", rows[0].review_label.lower()).strip("-") or "review"
    file = folder / f"{name}-{review.rpartition('/')[2][:8]}.xlsx"
    workbook = xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False})
    bold = workbook.add_format({"bold": True})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    filled = workbook.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "bg_color": "#FFF8E5"})
    page = workbook.add_worksheet("Queue")
    page.set_column(0, 1, 60)
    page.write_row(0, 0, (f"Recoding {rows[0].review_label} under {migration.new.version_label()}", _GUIDE), wrapped)
    for row, (field, value) in enumerate(zip(_FIELDS, (review, migration.new.version, "", ""), strict=True), start=1):
        page.write_string(row, 0, field, bold)
        page.write_string(row, 1, str(value or ""), filled if not value else wrapped)
    _write_rows(workbook, rows, (bold, wrapped, filled))
    workbook.close()
    return file


def _write_rows(workbook: xlsxwriter.Workbook, rows: Sequence[Touched], styles: Sequence[object]) -> None:
    bold, wrapped, filled = styles
    page, lists = workbook.add_worksheet("Recoding"), workbook.add_worksheet("Candidates")
    lists.hide()
    page.freeze_panes(2, 0)
    headers = [name for name, _, _ in _COLUMNS]
    for column, (name, width, guide) in enumerate(_COLUMNS):
        page.set_column(column, column, width, None, {"hidden": name == "classification"})
        page.write_string(0, column, name, bold)
        page.write_string(1, column, guide, wrapped)
    decision = headers.index("decision")
    for row, each in enumerate(rows, start=2):
        proposed = each.proposed.choice if each.proposed else ""
        primary = "yes" if each.primary else "no"
        told = [each.item, each.statement, each.evidence, each.coder, primary, each.pattern.choice]
        told += [", ".join(each.change.kinds), proposed, "", str(each.node)]
        for column, text in enumerate(told):
            page.write_string(row, column, text, filled if column == decision else wrapped)
        offered = [*([AS_PROPOSED] if proposed else []), *(term.choice for term in each.candidates)]
        lists.write_row(row, 0, offered)
        source = f"=Candidates!{xl_range_abs(row, 0, row, len(offered) - 1)}"
        page.data_validation(
            row, decision, row, decision, {"validate": "list", "source": source, "error_type": "warning"}
        )
