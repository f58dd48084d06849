"""Projects as NVivo, ATLAS.ti, MAXQDA and QualCoder write them, built from the standard's schema; all is synthetic.

Each file in ``projects/`` shows how one program writes, and has the same coding of the same words, so that each must
become the same review; besides, each has what that program likes to add. Where the facts come from: the schema of
REFI-QDA 1.5 (18 March 2019), an empty project that ATLAS.ti wrote, and public importers such as QualCoder's, whose
remarks tell what other programs' exports hold and how they count line ends.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "projects"

REPORT = (
    "A synthetic report 𝔸 about nobody.\n"
    "Forms left no room for unease.\n"
    "\n"
    "Supervision helped people think; nobody knew who would lead.\n"
    "The board should settle who leads.\n"
)
"""With a character outside of the basic plane, which programs that count in UTF-16 would count twice."""

TALK = "A synthetic conversation.\nWe were busy, and the plan was never looked at again.\n"

CODINGS = (
    # coder, source, passage, codes of that coder in their order
    ("Ann Example", "report", "Forms left no room for unease.", ("Paper", "Bad")),
    ("Ann Example", "report", "nobody knew who would lead", ("Roles", "Thinking", "Bad")),
    ("Ben Example", "report", "Forms left no room for unease.", ("Thinking",)),
    ("Ben Example", "talk", "the plan was never looked at again", ("Plans",)),
    ("Ann Example", "report", "The board should settle who leads.", ("Advice",)),
    ("Ben Example", "report", "A synthetic report 𝔸 about nobody.", ("Rubbish",)),
)
"""What was coded: the same in all programs."""

TREE: Mapping[str, tuple[str, ...]] = {
    "Themes": ("Paper", "Roles", "Thinking", "Plans"),
    "Other": ("Bad", "Advice", "Rubbish"),
}
USERS = ("Ann Example", "Ben Example")
SOURCES = {"report": REPORT, "talk": TALK}


@dataclass(frozen=True)
class Style:
    """How a program writes.

    Attributes:
        form: An identifier as it writes one.
        line_end: What ends a line in its texts.
        counts: How many characters that is in its positions.
        folder: Where it puts sources.
        mark: What its texts begin with.
        one_selection: Whether all codes of one coder for a passage stand in one selection.
        more: What else is in its archive.
    """

    form: Callable[[str], str]
    line_end: str
    counts: int
    folder: str
    mark: bytes
    one_selection: bool
    more: tuple[str, ...] = ()


MARK = b"\xef\xbb\xbf"
STYLES = {
    "NVivo": Style(str.lower, "\r\n", 2, "sources", MARK, False, ("report.docx", "talk.docx", "note.docx")),
    "ATLAS.ti": Style(str.upper, "\r\n", 1, "sources", b"", True),
    "MAXQDA": Style(str.upper, "\r\n", 1, "sources", MARK, False, ("film.m4a", "talk.pdf", "picture.jpg")),
    "QualCoder": Style(str.lower, "\n", 1, "Sources", MARK, False),
}
assert {path.stem for path in FOLDER.glob("*.xml")} == set(STYLES)


def guid(name: str) -> str:
    """Returns the identifier of a made-up thing."""
    return str(uuid5(NAMESPACE_URL, f"urn:synthetic:{name}"))


def parts(program: str) -> dict[str, bytes]:
    """Returns the parts of a project as a program writes it."""
    style = STYLES[program]
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    description = environment.get_template(f"{program}.xml").render(
        g=lambda name: style.form(guid(name)),
        users=USERS,
        tree=TREE,
        sources=SOURCES,
        selections=lambda source: _selections(style, source),
    )
    found = {"project.qde": MARK * (program == "NVivo") + description.encode()}
    for name, text in SOURCES.items():
        content = style.mark + text.replace("\n", style.line_end).encode()
        found[f"{style.folder}/{style.form(guid(name))}.txt"] = content
    for name in style.more:
        stem, _, suffix = name.partition(".")
        found[f"{style.folder}/{style.form(guid(stem))}.{suffix}"] = b"not looked at"
    return found


def archive(found: Mapping[str, bytes]) -> bytes:
    """Returns an archive of parts."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in found.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def build(program: str) -> bytes:
    """Returns a project as a program writes it."""
    return archive(parts(program))


def write(folder: Path, program: str) -> Path:
    """Writes a project as a program does, and returns its file."""
    path = folder / f"{program}.qdpx"
    path.write_bytes(build(program))
    return path


def _selections(style: Style, source: str) -> list[dict[str, object]]:
    """Returns the passages of a source, with positions in code points as the program counts them."""
    found: list[dict[str, object]] = []
    text = SOURCES[source].replace("\n", "\r\n" if style.counts == 2 else "\n")
    for number, (coder, where, passage, codes) in enumerate(CODINGS):
        for group in [codes] if style.one_selection else [(code,) for code in codes]:
            if where == source:
                made = [
                    {"guid": style.form(guid(f"{number}-{code}-coding")), "code": style.form(guid(code))}
                    for code in group
                ]
                start = text.index(passage)
                found.append(
                    {
                        "guid": style.form(guid(f"{number}-{group[0]}")),
                        "user": style.form(guid(coder)),
                        "name": f"{passage[:12]}…",
                        "start": start,
                        "end": start + len(passage),
                        "codings": made,
                    }
                )
    return found
