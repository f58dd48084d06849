"""What the codes, coders and sources of a project become in a review: the answers of a mapping workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.cells import Cells, Row, read_cells
from learntogether_kg.ingest.layout import Column, key, kind_of, sheets, texts
from learntogether_kg.ingest.refi.project import NOBODY, Project
from learntogether_kg.namespaces import CL, TYP

ITEM: Final = "Item"
"""Stands for the sheet of a field that findings and factors share."""
SHEET_OF: Final = {"finding": "Findings", "factor": "Factors"}
_ANSWERS: Final = ("pattern", "field", "ignore")
_INITIALS: Final = 2


@dataclass(frozen=True)
class Target:
    """A column of the review workbook.

    Attributes:
        sheet: Its sheet, or ``Item`` for that of the item at hand.
        header: The column, as ``layout.key`` writes it.
        value: What to write there; empty where it is the passage itself.
    """

    sheet: str
    header: str
    value: str = ""


@dataclass(frozen=True)
class Answer:
    """What one code becomes: a pattern, a field, or, with neither, nothing.

    Attributes:
        pattern: The pattern, as the review workbook's list has it.
        sheet: The sheet on which its passages are items; empty where that depends on the passage.
        target: The field.
    """

    pattern: str = ""
    sheet: str = ""
    target: Target | None = None


@dataclass(frozen=True)
class CodeMapping:
    """A filled mapping workbook.

    Attributes:
        path: Where it was read.
        draft: The cells of its Draft sheet, by header.
        codes: What each code becomes, by the code's identifier; codes that are left open are not there.
        names: How each code reads in the project, by its identifier.
        coders: The cells of each coder's row, by the coder's identifier, in their order.
        sources: Those of each source's row, by the source's identifier, in their order.
    """

    path: Path
    draft: Mapping[str, str]
    codes: Mapping[str, Answer]
    names: Mapping[str, str]
    coders: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, Mapping[str, str]]

    def users(self) -> dict[str, tuple[str, str]]:
        """Returns the identifier and the name that coders have in the project, by the code they have in the review."""
        found = {row["coder"]: (g, row.get("name", "")) for g, row in reversed(list(self.coders.items()))}
        return {coder: user for coder, user in found.items() if user[0] != NOBODY}

    def own_codes(self) -> dict[str, tuple[str, str]]:
        """Returns the project's code for each pattern and influence that one code, and no other, becomes, by IRI."""
        by_iri: dict[str, set[tuple[str, str]]] = {}
        for code, answer in self.codes.items():
            target = answer.target
            influence = target.value if target and (target.sheet, target.header) == (ITEM, "influence") else ""
            scheme, text = (TYP.scheme, answer.pattern) if answer.pattern else (CL.influences, influence)
            if choice := texts(scheme).get(key(text)):
                by_iri.setdefault(str(choice.iri), set()).add((code, self.names[code].rpartition(" › ")[2]))
        return {iri: found.pop() for iri, found in by_iri.items() if len(found) == 1}

    @property
    def taken(self) -> list[str]:
        """The identifiers of the sources that belong to the review."""
        return [guid for guid, row in self.sources.items() if key(row.get("take", "")) == "yes"]


def read_mapping(path: Path, data: bytes | None = None) -> CodeMapping:
    """Returns what a mapping workbook says.

    Raises:
        UnreadableFileError: It is no mapping workbook, or a cell names what there is none of.
    """
    cells = read_mapping_cells(path, data)
    draft = {header: value.text for header, value in cells["Draft"][0].values.items()}
    rows = {name: {guid(row): row for row in cells[name]} for name in ("Codes", "Coders", "Sources")}
    for name in rows:
        _refuse_repeated(path, cells[name])
    coders, sources = ({g: _texts(row) for g, row in rows[name].items()} for name in ("Coders", "Sources"))
    for row in rows["Coders"].values():
        _refuse_names(path, row)
    for row in rows["Sources"].values():
        if key(row.text("take")) not in ("yes", "no"):
            raise _error(path, row, "take", "it says neither yes nor no; choose one")
    codes = {g: _answer(path, row) for g, row in rows["Codes"].items() if row.text("becomes")}
    names = {g: row.text("code") for g, row in rows["Codes"].items()}
    return CodeMapping(path, draft, codes, names, coders, sources)


def read_mapping_cells(path: Path, data: bytes | None = None) -> Cells:
    """Returns the cells of a mapping workbook.

    Raises:
        UnreadableFileError: It is none.
    """
    cells = read_cells(path, data)
    if kind_of(cells) != "mapping":
        made_by = sheets("mapping")[0].made_by
        raise UnreadableFileError(path, f"it does not say what codes become; `{made_by}` writes a workbook that does")
    return cells


def check_complete(project: Project, mapping: CodeMapping) -> None:
    """Refuses a mapping that leaves anything open of what a project needs.

    Raises:
        UnreadableFileError: A source, or a coder or a code of a source that is taken, has no answer; names each.
    """
    add = "`ltkg convert PROJECT.qdpx --mapping THIS.xlsx` adds what is missing"
    if not mapping.draft.get("review"):
        raise UnreadableFileError(mapping.path, f"it names no review; {add}, a new id too", "sheet Draft")
    unknown = [source.name or guid for guid, source in project.sources.items() if guid not in mapping.sources]
    _refuse_open(mapping, unknown, "source(s) are not on the Sources sheet", add)
    codings = [each for each in project.codings if each.span.source in set(mapping.taken)]
    if not codings:
        raise UnreadableFileError(
            mapping.path, 'no source with coded passages is taken; say "yes" for one', "sheet Sources"
        )
    coders = {each.user for each in codings}
    nameless = [project.users[user] or user for user in project.users if user in coders and user not in mapping.coders]
    _refuse_open(mapping, nameless, "coder(s) are not on the Coders sheet", add)
    counts = Counter(each.code for each in codings)
    left_open = [
        f"{name} ({counts[code]} passages)"
        for code, name in project.paths().items()
        if code in counts and code not in mapping.codes
    ]
    _refuse_open(mapping, left_open, "code(s) are left open", f'fill "becomes" on the Codes sheet ({add})')


def _refuse_open(mapping: CodeMapping, names: Sequence[str], what: str, remedy: str) -> None:
    if names:
        raise UnreadableFileError(mapping.path, f"{len(names)} {what}: {'; '.join(map(repr, names))}; {remedy}")


def guid(row: Row) -> str:
    """Returns the identifier that a row is about."""
    return row.text("guid").strip("{}").upper()


def _texts(row: Row) -> dict[str, str]:
    return {header: value.text for header, value in row.values.items()}


def _error(path: Path, row: Row, header: str, reason: str) -> UnreadableFileError:
    value = row.values.get(header)
    return UnreadableFileError(path, reason, str(value.cell if value else row.cell))


def _refuse_repeated(path: Path, rows: Collection[Row]) -> None:
    seen: set[str] = set()
    for row in rows:
        if guid(row) in seen:
            raise _error(path, row, "guid", "the same identifier stands in a row above; delete one of the two")
        seen.add(guid(row))


def _refuse_names(path: Path, row: Row) -> None:
    coder, name = key(row.text("coder")), key(row.text("name"))
    if not coder:
        raise _error(path, row, "coder", "it is blank; give this person a code that is no name")
    if len(coder) > _INITIALS and coder in (name, *name.split()):
        raise _error(path, row, "coder", "it is the coder's name; give a code that names nobody, such as coder-1")


def _answer(path: Path, row: Row) -> Answer:
    becomes, code = key(row.text("becomes")), row.text("code")
    if becomes not in _ANSWERS:
        raise _error(path, row, "becomes", f"{row.text('becomes')!r} is none of {', '.join(_ANSWERS)}")
    if becomes == "ignore":
        return Answer()
    if becomes == "field":
        return Answer(target=_target(path, row))
    choice = texts(TYP.scheme).get(key(row.text("pattern")))
    if choice is None:
        given = repr(row.text("pattern")) if row.text("pattern") else "a blank cell"
        reason = f"{given} is no pattern of the typology, so {code!r} has none; choose one from the list"
        raise _error(path, row, "pattern", reason)
    item = key(row.text("item"))
    if item and item not in SHEET_OF:
        raise _error(path, row, "item", f"{row.text('item')!r} is neither finding nor factor")
    return Answer(choice.text, SHEET_OF.get(item, ""))


def _target(path: Path, row: Row) -> Target:
    field, value = row.text("field"), row.text("value")
    offered = sheets("mapping")[0].by_header["field"].choices
    found = next((each for each in offered if key(each) == key(field)), None)
    if found is None:
        raise _error(path, row, "field", f"{field!r} is no field that a code can become; choose one from the list")
    column, (sheet, header) = column_of(found), found.split(": ")
    target = Target(sheet, key(header))
    if column.type == "text":
        if value:
            raise _error(path, row, "value", f"{found} takes its passages as they are; clear the cell")
        return target
    entry = texts(column.entries).get(key(value)) if column.entries else None
    if entry is None:
        raise _error(path, row, "value", f"{value!r} is no entry of the list for {found}; one is {_example(column)}")
    return Target(sheet, key(header), entry.text)


def column_of(field: str) -> Column:
    """Returns the column of the review workbook that a field such as ``Factors: heading`` is."""
    name, header = field.split(": ")
    name = SHEET_OF["finding"] if name == ITEM else name
    sheet = next(each for each in sheets() if each.name == name)
    return sheet.by_header[key(header)]


def _example(column: Column) -> str:
    return " or ".join(map(repr, column.drop_down[:3]))
