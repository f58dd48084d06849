"""The commands of ``ltkg`` that count: ``recur`` and ``layer``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from learntogether_kg import layers
from learntogether_kg.cli_library import (
    DEFAULT_LIBRARY,
    LibraryOption,
    ReleaseOption,
    open_asked,
    protection_of,
)
from learntogether_kg.cli_terminal import (
    Format,
    err,
    out,
    print_answer,
    print_result,
    read_pair,
    write_new,
)
from learntogether_kg.recurrence.dimensions import dimensions, year_kinds
from learntogether_kg.recurrence.request import MOST_PERMUTATIONS, Counted, Request
from learntogether_kg.typology import versions

app = typer.Typer()
layer = typer.Typer(help="Keep the counts of a question over the typology, and compare them.", no_args_is_help=True)

DIMENSIONS = tuple(dimensions())
YEARS = tuple(year_kinds())
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="K=V", help="Only such reviews or codes; several of one K mean any."),
]
Codes = Annotated[str, typer.Option(help="Which codes of an item count: primary or any.")]
Coder = Annotated[
    str,
    typer.Option(help="A coder, a kind such as agreed, or '2 of A, B, C'; by default the library's default coder."),
]
Year = Annotated[str, typer.Option(help=f"Which year: {', '.join(YEARS)}.")]
Profile = Annotated[
    str | None,
    typer.Option(help="Answer under this profile of disclosure control; by default that of the release."),
]
LayerFile = Annotated[Path, typer.Argument(metavar="LAYER.json", help="A file that `ltkg layer save` wrote.")]
NewLayer = Annotated[Path, typer.Argument(metavar="OUT.json", help="The file to write; it must not be there yet.")]


class DifferenceForm(StrEnum):
    """How the difference of two layers is given."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    SVG = "svg"


@app.command()
def recur(
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="DIMENSION", help=f"Count by, one or two of: {', '.join(DIMENSIONS)}."),
    ] = None,
    where: Where = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Which types stand together; sub-patterns with --by pattern.")
    ] = False,
    triples: Annotated[bool, typer.Option("--triples", help="The same for three; counts only.")] = False,
    codes: Codes = "primary",
    coder: Coder = "",
    year: Year = "",
    permutations: Annotated[
        int,
        typer.Option(
            help="How many matrices of chance to draw for pairs; 0 for no test.", min=0, max=MOST_PERMUTATIONS
        ),
    ] = 1000,
    profile: Profile = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.TABLE,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Count in how many reviews patterns recur, by what, and with what, beside every denominator."""
    request = Request(
        by=tuple(by or ()),
        where=tuple(read_pair(argument, "--where") for argument in where or []),
        codes=codes,
        coder=coder,
        year=year,
        pairs=pairs,
        triples=triples,
        permutations=permutations,
    )
    asked = open_asked(library, release)
    print_result(Counted.of(asked).answer(request, protection_of(asked, profile)), form)


@layer.command()
def save(
    to: NewLayer,
    where: Where = None,
    codes: Codes = "primary",
    coder: Coder = "",
    year: Year = "",
    profile: Profile = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Count by pattern, as `ltkg recur --by pattern` does, and keep the counts in a file."""
    filters = tuple(read_pair(argument, "--where") for argument in where or [])
    asked = open_asked(library, release)
    found = Counted.of(asked).answer(Request(("pattern",), filters, codes, coder, year), protection_of(asked, profile))
    write_new(to, layers.Layer.of(found, versions.counted_by(asked.extensions())).write())
    out.print(f"Wrote {escape(str(to))}: {escape(found.summary)}. {escape(found.sentence)}", soft_wrap=True)


@layer.command("compare")
def compare_layers(
    one: LayerFile,
    other: LayerFile,
    form: Annotated[DifferenceForm, typer.Option("--format", help="How to give it.")] = DifferenceForm.TABLE,
) -> None:
    """Tell how two layers differ: the other less the one, in percentage points of the reviews that looked."""
    mine, theirs = layers.read(one), layers.read(other)
    if form is DifferenceForm.SVG:
        print(layers.draw_difference(mine, theirs, versions.find(theirs.typology)))
        return
    print_answer(layers.difference(mine, theirs), Format(form), "Difference of two layers")
    for sentence in layers.unlike(mine, theirs):
        err.print(escape(sentence), soft_wrap=True)


@layer.command()
def upgrade(
    file: LayerFile,
    new: Annotated[str, typer.Argument(help="A version of the typology: a .ttl file, a folder or a name.")],
    to: NewLayer,
    old: Annotated[
        str, typer.Option("--from", help="The version that the layer speaks of, if its name does not tell.")
    ] = "",
) -> None:
    """Carry a layer over to a newer version of the typology, as far as its counts still stand there."""
    kept = layers.read(file)
    found = layers.upgrade(kept, versions.find(old or kept.typology), versions.find(new))
    again = layers.to_recount(found)
    write_new(to, found.write())
    carried = len(found.entries) - len(again)
    out.print(f"Wrote {escape(str(to))}: {carried} pattern(s) as they were, {len(again)} to be counted anew")
    for entry in again:
        out.print(escape(f"  {entry.label}: {entry.note}"), soft_wrap=True)
    for entry in found.given_up:
        out.print(escape(f"  {entry.label}: given up; its count is kept in the file"), soft_wrap=True)


@layer.command("draw")
def draw_layer(
    file: LayerFile,
    to: Annotated[Path, typer.Argument(metavar="OUT.svg", help="The picture to write; it must not be there yet.")],
) -> None:
    """Draw a layer as a heat map: types across, patterns down, the count of reviews in each cell."""
    kept = layers.read(file)
    write_new(to, layers.draw(kept, versions.find(kept.typology)))
    out.print(f"Wrote {escape(str(to))}", soft_wrap=True)
