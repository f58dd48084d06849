"""The commands about coding by several people: ``ltkg agree`` and ``ltkg practice``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from learntogether_kg import second_coding
from learntogether_kg.agreement import answers
from learntogether_kg.agreement.codings import Coded
from learntogether_kg.agreement.coefficients import RESAMPLES, Resampling
from learntogether_kg.agreement.comparison import Comparison, compare
from learntogether_kg.agreement.differences import tell
from learntogether_kg.agreement.selection import Selection
from learntogether_kg.answers import Answer
from learntogether_kg.cli_terminal import print_table
from learntogether_kg.errors import AgreementError, UnreadableFileError
from learntogether_kg.library import Library
from learntogether_kg.practice import score
from learntogether_kg.practice.score import Score
from learntogether_kg.store.sparql import SparqlStore

app = typer.Typer()


class Form(StrEnum):
    """How a comparison is given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    XLSX = "xlsx"


Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Codings of the same items: coders' workbooks, or reviews (.xlsx, .ttl, .trig, .jsonld)."),
]
FromLibrary = Annotated[
    str | None, typer.Option("--library", help="Compare the codings in this library instead of files.")
]
Release = Annotated[
    str | None, typer.Option("--release", help="A release of the library; by default its newest state.")
]
Coders = Annotated[
    list[str] | None,
    typer.Option("--coder", help="Only this coder, several times for several; by default all but agreed codings."),
]
Reviews = Annotated[
    list[str] | None, typer.Option("--review", help="Only this review, by label or IRI; several times for several.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there; xlsx needs it.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


@app.command()
def agree(
    files: Files = None,
    library: FromLibrary = None,
    release: Release = None,
    coder: Coders = None,
    review: Reviews = None,
    form: Annotated[Form, typer.Option("--format", help="How to give it.")] = Form.TABLE,
    to: Out = None,
    force: Force = False,
    agreed: Annotated[
        Path | None,
        typer.Option(metavar="OUT.xlsx", help="Write a workbook to agree in: filled where all agree, else blank."),
    ] = None,
    name: Annotated[str, typer.Option("--as", help="The code of the agreed coding; made up if not given.")] = "",
    seed: Annotated[int, typer.Option(help="The seed of the intervals.", min=0)] = 1,
    resamples: Annotated[
        int, typer.Option(help="Resamples of the items; 0: no intervals.", min=0, max=100_000)
    ] = RESAMPLES,
) -> None:
    """Say how far coders agree over the same items, by pair and by profession, and list what to talk about."""
    if form is Form.XLSX and to is None and agreed is None:
        raise UnreadableFileError("--format xlsx", "a workbook needs a file to write: add --out FILE.xlsx")
    for path in (to, agreed):
        _refuse_target(path, files or [], force)
    with Console(stderr=True).status("Reading codings"):
        coded = _coded(files or [], library, release, review or [])
    selection = Selection(tuple(coder or ()), tuple(review or ()))
    if agreed is not None:
        filled, left = second_coding.write_agreed(coded, selection, name, agreed)
        print(f"Wrote {agreed}: {filled} item(s) agreed and filled, {left} blank to settle")
        return
    resampling = Resampling(seed, resamples)
    with Console(stderr=True).status("Comparing codings"):
        found = compare(coded, selection, resampling)
    if form is Form.TABLE and to is None:
        _show(found)
    else:
        _give(_written(found, resampling, form), to, found)


@app.command()
def practice(
    path: Annotated[
        Path | None, typer.Argument(metavar="[OUT.xlsx]", help="Write the practice set there, to be coded.")
    ] = None,
    coder: Annotated[str, typer.Option(help="Your code.")] = "me",
    scored: Annotated[
        Path | None, typer.Option("--score", metavar="FILE.xlsx", help="Score what you have coded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --score: print it as JSON.")] = False,
    force: Force = False,
) -> None:
    """Practise coding on synthetic statements, and be told for each what was agreed on and why."""
    if (path is None) == (scored is None):
        raise AgreementError("say one of both: OUT.xlsx to write the practice set, or --score FILE.xlsx")
    if path is not None:
        _refuse_target(path, [], force)
        items = score.write_blind(path, coder)
        print(f"Wrote {path} with {items} synthetic statements. Code them, then: ltkg practice --score {path}")
        return
    assert scored is not None
    _show_score(score.score(scored), as_json=as_json)


def _show_score(found: Score, *, as_json: bool) -> None:
    table = _score_table(found)
    if as_json:
        figures = {
            each.level: {name: asdict(figure) for name, figure in each.figures.items()} for each in found.agreements
        }
        document = {"summary": found.summary, "items": table.as_records(), "agreement": figures}
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    print_table(table, "The practice set, all of it synthetic")
    print(found.summary)
    for each in found.agreements:
        told = ", ".join(f"{name} {answers.tell_figure(figure)}" for name, figure in each.figures.items())
        print(f"By {each.level}: {told}")


def _score_table(found: Score) -> Answer:
    rows = tuple(
        (
            each.item.id,
            each.item.text,
            each.verdict + (", another influence" if each.influence_differs else ""),
            tell(found.typology, each.given),
            tell(found.typology, each.agreed),
            each.why,
            each.note or None,
        )
        for each in found.items
    )
    return Answer("practice", {}, ("item", "statement", "score", "yours", "agreed", "why", "yourCode"), rows)


def _coded(files: Sequence[Path], library: str | None, release: str | None, reviews: Sequence[str]) -> Coded:
    if library is None:
        if not files:
            raise AgreementError("there is nothing to compare; give two or more files, or --library DIR")
        return second_coding.read_files(files)
    if files:
        raise AgreementError("files and --library were both given; to compare a file with a library, submit it there")
    if library.startswith(("http://", "https://")):
        return second_coding.read_library(SparqlStore(library), reviews)
    opened = Library.open(Path(library))
    snapshot = opened.current() if release is None else opened.release(release)
    return second_coding.read_library(snapshot.store, reviews)


def _show(found: Comparison) -> None:
    reviews = ", ".join(found.reviews) if len(found.reviews) <= 3 else f"{len(found.reviews)} reviews"  # noqa: PLR2004  # a line's length
    print_table(answers.overview(found), f"Agreement over {found.items} items of {reviews} · {found.version}")
    for what, why in answers.undefined(found).items():
        print(f"– {what}: {why}")
    if found.differences:
        print_table(answers.differences(found), f"To talk about: {len(found.differences)} of {found.items} items")
    else:
        print("Every item that was coded was coded alike.")
    for note in found.notes:
        print(note)
    print("What the figures take, and what the codes mean: --format html --out FILE.html")


def _written(found: Comparison, resampling: Resampling, form: Form) -> bytes:
    match form:
        case Form.JSON:
            text = json.dumps(answers.as_document(found, resampling), indent=2, ensure_ascii=False) + "\n"
        case Form.HTML:
            from learntogether_kg.agreement.page import format_html  # noqa: PLC0415  # no other form needs templates

            text = format_html(found, resampling)
        case Form.XLSX:
            from learntogether_kg.agreement.workbook import format_workbook  # noqa: PLC0415  # nor these

            return format_workbook(found)
        case _:
            text = "".join(answers.figures(found).as_csv())
    return text.encode()


def _give(data: bytes, to: Path | None, found: Comparison) -> None:
    if to is None:
        sys.stdout.write(data.decode())
        return
    try:
        to.write_bytes(data)
    except OSError as error:
        raise UnreadableFileError(to, f"it cannot be written: {error.strerror or error}") from error
    print(f"Wrote {to}: {len(found.differences)} of {found.items} item(s) to talk about")


def _refuse_target(path: Path | None, files: Sequence[Path], force: bool) -> None:
    """Stops before anything is read where the answer could not be written in the end."""
    if path is None:
        return
    if any(path.resolve() == file.resolve() for file in files):
        raise UnreadableFileError(path, "it would replace a file that is compared; choose another name")
    if path.exists() and not force:
        raise UnreadableFileError(path, "it is there already; choose another name, or replace it with --force")
