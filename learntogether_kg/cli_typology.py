"""``ltkg typology``: each command parses, makes one call, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from learntogether_kg import emerging, queries
from learntogether_kg.cli_library import DEFAULT_LIBRARY, LibraryOption, ReleaseOption, open_asked, open_folder
from learntogether_kg.cli_terminal import Format, err, out, print_answer, write_new
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.migration import in_library, report
from learntogether_kg.migration.report import ImpactForm
from learntogether_kg.typology import versions
from learntogether_kg.typology.difference import Difference
from learntogether_kg.typology.difference import Form as DifferenceForm
from learntogether_kg.typology.export import WRITERS, export
from learntogether_kg.typology.extension import blank_extension, check_extension

app = typer.Typer(help="Look after the typology, its versions and its extensions.", no_args_is_help=True)

IN_A_FOLDER = "codings are weighed and recoded in a library's folder"
Version = Annotated[str, typer.Argument(help="A .ttl file, a folder, or the name of a version or scheme.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write to a file instead; it must not be there yet.")]


@app.command("new")
def new(
    to: Annotated[Path, typer.Argument(metavar="OUT.ttl", help="The file to write; it must not be there yet.")],
) -> None:
    """Write a commented extension of the typology to start from."""
    write_new(to, blank_extension())
    print(f"Wrote {to}. Change it, then: ltkg typology check {to}")


@app.command("list")
def list_(
    version: Annotated[
        str, typer.Argument(help="A version, scheme, file or folder; by default all that are known.")
    ] = "",
) -> None:
    """List the versions and schemes that the project knows, or the terms of one with their status and mappings."""
    if not version:
        for label, iri in versions.known().items():
            print(f"{label}  {iri}")
        return
    typology = versions.find(version)
    print(f"{typology.name}: {len(typology.terms)} terms")
    for term in typology.terms.values():
        told = [f"now {typology.label(iri)}" for iri in term.replaced_by]
        told += [f"{relation} {typology.label(iri)}" for relation, iri in term.mappings]
        print(
            f"  {term.choice}"
            + (f"  [{term.status}]" if term.status else "")
            + (f"  {'; '.join(told)}" if told else "")
        )


@app.command("diff")
def diff(
    old: Version,
    new: Version,
    form: Annotated[DifferenceForm, typer.Option("--format", help="How to tell it.")] = DifferenceForm.TEXT,
    to: Out = None,
) -> None:
    """Tell what differs between two versions: added, deprecated, replaced, merged, split, moved, relabelled …."""
    _give(Difference.between(versions.find(old), versions.find(new)).write(form), to)


@app.command("impact")
def impact(
    new: Version,
    library: LibraryOption = DEFAULT_LIBRARY,
    form: Annotated[ImpactForm, typer.Option("--format", help="How to tell it.")] = ImpactForm.TABLE,
    codes: Annotated[str, typer.Option(help="Which codes of an item count: primary or any.")] = "primary",
    coder: Annotated[str, typer.Option(help="Whose coding counts; by default the library's default coder's.")] = "",
    to: Out = None,
) -> None:
    """Tell which classifications and reviews a newer version touches, and what the counts become."""
    found = in_library.weigh_version(open_folder(library, IN_A_FOLDER), new, codes, coder)
    if form is ImpactForm.XLSX and to is None:
        raise UnreadableFileError(new, "--format xlsx needs a file to write: add --out IMPACT.xlsx")
    written = report.write(found, form)
    if to is None:
        print(written.decode(), end="")
        return
    write_new(to, written)
    print(f"Wrote {to}")


@app.command("queue")
def queue(
    new: Version,
    folder: Annotated[Path, typer.Argument(metavar="OUTDIR", help="A new or an empty folder.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Write a workbook for each review that a newer version touches, in which a person decides what codings become."""
    files = in_library.queue_recoding(open_folder(library, IN_A_FOLDER), new, folder)
    for file in files:
        print(file)
    print(f"{len(files)} review(s) wait to be recoded; fill them and `ltkg submit` them with --extension {new}")


@app.command("emerging")
def emerging_(
    kind: Annotated[str, typer.Option("--type", help="Only under this type.")] = "",
    coder: Annotated[str, typer.Option(help="Only items coded so by this coder.")] = "",
    likeness: Annotated[
        float, typer.Option(help="How alike the statements of a group must be on average, from 0 to 1.")
    ] = emerging.LIKENESS,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Suggest sub-patterns: items that were coded as a type and nothing finer, in groups of like wording."""
    given = {name: value for name, value in (("type", kind), ("coder", coder)) if value}
    asked = queries.ask(open_asked(library, release).store, emerging.QUERY, given)
    found = emerging.candidates(asked, likeness)
    answer = emerging.as_answer(found, {**asked.arguments, "likeness": f"{likeness:g}"})
    print_answer(answer, form, f"{len(found)} candidate(s) for sub-patterns")
    err.print(f"{emerging.METHOD}.", soft_wrap=True)


@app.command("export")
def export_(
    to: Annotated[Path, typer.Argument(metavar="OUT", help=f"The file to write: {', '.join(WRITERS)}.")],
    version: Annotated[str, typer.Option("--version", help="A version, scheme, file or folder.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the typology for other programs: .qdc is the codebook of NVivo, ATLAS.ti, MAXQDA and QualCoder."""
    if to.exists() and not force:
        raise UnreadableFileError(to, "it is there already; choose another name, or replace it with --force")
    typology = versions.find(version) if version else versions.newest()
    export(typology, to)
    out.print(escape(f"Wrote {to}: {typology.name}, {len(typology.terms)} terms"), soft_wrap=True)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.ttl", help="An extension of the ontology, in Turtle.")],
) -> None:
    """Check that an extension fits the ontology and its terms are described; if not, say what and why."""
    found = check_extension(file)
    if found.gaps:
        print(f"{file} is not ready: {len(found.gaps)} thing(s) are missing", *found.gaps, sep="\n  ")
        raise typer.Exit(1)
    print(
        f"{file} fits: {found.statements} statement(s) on {len(found.terms)} term(s) of its own, "
        f"consistent with version {found.version} of the ontology; every class can have members"
    )


def _give(text: str, to: Path | None) -> None:
    """Prints a text, or writes it to a new file."""
    if to is None:
        print(text, end="")
        return
    write_new(to, text)
    print(f"Wrote {to}")
