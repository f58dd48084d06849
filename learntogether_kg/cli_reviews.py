"""The commands of ``ltkg`` about the file of one review: a workbook to fill, its check, its other forms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from learntogether_kg import (
    exchange,
    reports,
    reviews,
    second_coding,
)
from learntogether_kg.cli_library import Files, open_library
from learntogether_kg.cli_terminal import (
    DOES_NOT_CONFORM,
    DONE,
    WRONG_USE,
    err,
    fail,
    out,
    progress_bar,
    say,
)
from learntogether_kg.errors import (
    UnreadableFileError,
)
from learntogether_kg.ingest.template import DEPTHS, write_template
from learntogether_kg.reports import ReportFormat
from learntogether_kg.validation.engine import Engine
from learntogether_kg.validation.report import Stage, ValidationReport
from learntogether_kg.validation.text import format_text, render

app = typer.Typer()

TermsOf = Annotated[
    str | None,
    typer.Option("--library", help="Know the terms of this library's extensions, too: its folder or its address."),
]
TermsBeside = Annotated[
    list[Path] | None,
    typer.Option("--extension", metavar="FILE.ttl", help="Know the terms of this extension of the typology, too."),
]


@app.command()
def template(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write.")],
    depth: Annotated[str, typer.Option(help=f"How far it will go: {', '.join(DEPTHS)}.")] = "findings",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="REVIEW.xlsx", help="Have the items of this review coded again.")
    ] = None,
    coder: Annotated[
        str, typer.Option(help="With --from: the code of the second coder, who sees no other codes.")
    ] = "",
    library: TermsOf = None,
    extension: TermsBeside = None,
) -> None:
    """Write a workbook for one review, with lists and guidance in place; or one for a second, blind coder of it."""
    if (source is None) != (coder == ""):
        fail("a second coder's workbook needs both --from REVIEW.xlsx and --coder CODE", WRONG_USE)
    if depth not in DEPTHS:
        fail(f"--depth {depth!r} is not one of {', '.join(DEPTHS)}", WRONG_USE)
    if path.exists() and not force:
        fail(f"{path}: it is there already; choose another name, or replace it with --force", WRONG_USE)
    _use_terms(context, library, extension)
    if source is not None:
        items = second_coding.write_blind(source, coder, path)
        said = f"Wrote {path} with {items} item(s) for coder {coder}. When it is coded: ltkg agree {source} {path}"
        out.print(escape(said), soft_wrap=True)
        return
    write_template(path, depth)
    out.print(f"Wrote {escape(str(path))}. Fill it, then: ltkg validate {escape(str(path))}", soft_wrap=True)


@app.command()
def validate(
    context: typer.Context,
    files: Files,
    stage: Annotated[
        Stage, typer.Option(help="A draft may have gaps that a review for publication may not.")
    ] = Stage.PUBLICATION,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="The form of the report; xlsx is your workbook with marks in it.")
    ] = ReportFormat.TEXT,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the report there and print the verdict only.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --out replace a file that is there.")] = False,
    engine: Annotated[
        Engine, typer.Option(help="Which SHACL engine checks; both say the same, the reference takes longer.")
    ] = Engine.FAST,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and check the one file again when it is saved.")
    ] = False,
    library: TermsOf = None,
    extension: TermsBeside = None,
) -> None:
    """Check reviews without storing anything; each problem names its sheet and cell."""
    _refuse_target(files, form, to, force)
    _use_terms(context, library, extension)
    if watch:
        _watch(files, stage, form, to, engine)
    found, unreadable = [], False
    with progress_bar("Checking", len(files)) as step:
        for path, each in zip(files, reviews.check_all(files, stage, engine), strict=True):
            step(path)
            if isinstance(each, UnreadableFileError):
                unreadable = True
                say(each)
            else:
                found.append(each)
                if form is ReportFormat.TEXT and to is None:
                    print_report(each)
    if (form is not ReportFormat.TEXT or to is not None) and (found or to is None):
        _give(found, form, to)
    if unreadable:
        raise typer.Exit(WRONG_USE)
    if not all(report.conforms for report in found):
        raise typer.Exit(DOES_NOT_CONFORM)


@app.command()
def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A workbook, a review as .ttl, .trig or .jsonld, or a .qdpx project.")
    ],
    target: Annotated[
        Path | None,
        typer.Argument(metavar="OUT", help="The file to write: .ttl, .trig, .jsonld, .qdpx; .xlsx of .qdpx."),
    ] = None,
    with_source: Annotated[bool, typer.Option("--with-source", help="Write what identifies the report, too.")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="MAPPING.xlsx", help="What the codes of a project become; without OUT it is written."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a draft workbook that is there.")] = False,
) -> None:
    """Write a review as triples or plain JSON, or from or to a REFI-QDA project; say what could not be carried."""
    if source.suffix.lower() == exchange.SUFFIX:
        _import(source, target, mapping, force)
        return
    if target is None:
        fail("only a .qdpx project is converted without OUT; name the file to write", WRONG_USE)
    if target.suffix.lower() == exchange.SUFFIX:
        left = exchange.export_project(source, target, mapping)
        out.print(f"Wrote {escape(str(target))}", soft_wrap=True)
        _tell_left(left)
        return
    if mapping is not None:
        fail("--mapping is for a .qdpx project, to be read or written; leave it out", WRONG_USE)
    left_out = reviews.convert(source, target, with_source)
    out.print(f"Wrote {escape(str(target))}", soft_wrap=True)
    if left_out:
        err.print(
            "What goes to custody was left out: the source record, which identifies the report, and recorded reasons",
            soft_wrap=True,
        )


def _use_terms(context: typer.Context, library: str | None, extension: list[Path] | None) -> None:
    """Makes a command know the terms of a library's extensions, and of others, until it ends."""
    place = open_library(library) if library else None
    context.with_resource(reviews.ontology_of(place, extension or []))


def _import(source: Path, target: Path | None, mapping: Path | None, force: bool) -> None:
    """Makes a draft review of a project, or the workbook that says what its codes become."""
    if mapping is None:
        fail(f"{source}: say what its codes become; write the sheet for it with --mapping NEW.xlsx", WRONG_USE)
    if target is None:
        added = exchange.prepare_mapping(source, mapping)
        said = (
            f"Wrote {mapping}: {added['Codes']} code(s), {added['Coders']} coder(s), {added['Sources']} source(s) added"
        )
        then = f"{added['open']} code(s) are open; fill it, then: ltkg convert {source} DRAFT.xlsx --mapping {mapping}"
        out.print(escape(f"{said}; {then}"), soft_wrap=True)
        return
    left = exchange.import_project(source, target, mapping, force)
    out.print(escape(f"Wrote {target}. Complete it, then: ltkg validate {target} --stage draft"), soft_wrap=True)
    _tell_left(left)


def _tell_left(left: Mapping[str, int]) -> None:
    """Says what could not be carried over, each kind with its count."""
    if not left:
        err.print("Everything was carried over")
        return
    err.print("Not carried over:")
    for what, count in sorted(left.items()):
        err.print(escape(f"  {count:>5}  {what}"), soft_wrap=True)


def _watch(files: list[Path], stage: Stage, form: ReportFormat, to: Path | None, engine: Engine) -> None:
    """Reports on a file now and whenever it is saved, until Ctrl+C, which is the way to end this."""
    if len(files) != 1:
        fail("--watch follows one file; name one", WRONG_USE)
    try:
        for found in reviews.check_on_save(files[0], stage, engine):
            if isinstance(found, UnreadableFileError):
                say(found)
            else:
                _give([found], form, to)
            sys.stdout.flush()
            err.print(
                f"[dim]{datetime.now():%H:%M:%S} · waiting for the next save; stop with Ctrl+C[/]", soft_wrap=True
            )
    except KeyboardInterrupt:
        raise typer.Exit(DONE) from None


def _refuse_target(files: list[Path], form: ReportFormat, to: Path | None, force: bool) -> None:
    """Stops before anything is checked where the report could not be written in the end."""
    if form is ReportFormat.XLSX and to is None:
        fail("--format xlsx needs a file to write: add --out MARKED.xlsx", WRONG_USE)
    if to is None:
        return
    if any(to.resolve() == file.resolve() for file in files):
        fail(f"{to}: the report would replace the file that is checked; choose another name", WRONG_USE)
    if to.exists() and not force:
        fail(f"{to}: it is there already; choose another name, or replace it with --force", WRONG_USE)


def print_report(report: ValidationReport) -> None:
    """Prints a report fitted to the window; what goes into a file or a pipe is not broken into lines."""
    if out.is_terminal:
        out.print(render(report))
    else:
        print(format_text(report))


def _give(found: list[ValidationReport], form: ReportFormat, to: Path | None) -> None:
    """Prints reports, or writes them to a file and prints each verdict."""
    if to is not None:
        try:
            to.write_bytes(reports.write(form, found))
        except OSError as error:
            fail(f"{to}: it cannot be written: {error.strerror or error}", WRONG_USE)
        for report in found:
            out.print(f"{escape(report.file)} {report.verdict}", soft_wrap=True)
        out.print(f"Wrote {escape(str(to))}", soft_wrap=True)
    elif form is ReportFormat.TEXT:
        for report in found:
            print_report(report)
    else:
        print(reports.write(form, found).decode(), end="")
