"""The commands of ``ltkg`` that keep a library: withdraw and purge, publish and list, back up and verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from learntogether_kg import (
    backup,
    publishing,
    queries,
    reviews,
    verifying,
)
from learntogether_kg.cli_library import (
    DEFAULT_LIBRARY,
    LibraryOption,
    open_folder,
    open_library,
    refuse_address,
)
from learntogether_kg.cli_terminal import (
    UNAVAILABLE,
    WRONG_USE,
    Format,
    err,
    fail,
    new_table,
    out,
    print_answer,
    progress_bar,
)
from learntogether_kg.disclosure.worlds import MOST_MINUTES
from learntogether_kg.live import LiveLibrary

app = typer.Typer()


@app.command()
def withdraw(
    names: Annotated[list[str], typer.Argument(help="Public labels or IRIs of reviews.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Leave reviews out of every later state and release."""
    change = reviews.withdraw(open_library(library), names, reason)
    out.print(f"{len(change.withdrawn)} withdrawn; the library is at state {change.state}", soft_wrap=True)


@app.command()
def purge(
    name: Annotated[
        str,
        typer.Argument(metavar="REVIEW", help="A public label, or the IRI, also of a review that was withdrawn."),
    ],
    library: LibraryOption = DEFAULT_LIBRARY,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Remove a review for good, from every state, release and record; withdraw only hides it from now on."""
    place = open_library(library)
    if isinstance(place, LiveLibrary):
        fail(
            "a purge is of a folder's library; on a server, withdraw the review and have the server's keeper build its "
            "store anew from a dump, since what is removed may stay in its files and backups",
            WRONG_USE,
        )
    plan = reviews.plan_purge(place, name)
    for line in plan.in_words():
        err.print(escape(line), soft_wrap=True)
    if not yes:
        if not sys.stdin.isatty():
            fail("nothing was purged: this cannot be undone, so it asks first; without a terminal add --yes", WRONG_USE)
        if not typer.confirm("Purge it?", err=True):
            fail("nothing was purged", WRONG_USE)
    with progress_bar("Building anew without it", plan.steps) as step:
        done = reviews.purge(place, plan, lambda: step(place.path))
    for line in done.in_words():
        out.print(escape(line), soft_wrap=True)


@app.command()
def publish(
    name: Annotated[str | None, typer.Argument(help="The release's name; by default today's date.")] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    profile: Annotated[
        str, typer.Option(help="The profile of disclosure control that holds for it: a name, or your own .toml file.")
    ] = "open",
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The library's folder for a release of a SPARQL server.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="How long to look for a way to protect its small counts, at most.", min=0)
    ] = MOST_MINUTES,
) -> None:
    """Make the newest state a release: kept, citable, served."""
    place = open_library(library)
    if isinstance(place, LiveLibrary):
        if to is None:
            fail("a release of a server is made in a folder: add --to DIR", WRONG_USE)
        place = publishing.copied(place, to)
    elif to is not None:
        fail("--to is for a library on a server; a folder's library holds its releases itself", WRONG_USE)
    with err.status("Protecting small counts") as status:

        def show(left: int) -> None:
            status.update(f"Protecting small counts: {left} to go; more alternatives may be needed after that")

        release = publishing.publish(place, name, profile, show, minutes).manifest
    out.print(f"Release {release.release}: {release.studies} studies, state {release.state}", soft_wrap=True)


@app.command()
def releases(library: LibraryOption = DEFAULT_LIBRARY) -> None:
    """List the releases of a library, oldest first."""
    table = new_table("release", "state", "studies", "made", "software")
    place = open_folder(library, "releases are kept in a library's folder")
    for release in place.releases():
        made = release.manifest
        table.add_row(made.release, str(made.state), str(made.studies), made.made, made.software)
    out.print(table if table.row_count else "No release yet; make one with `ltkg publish`")
    for name in place.purged():
        now = place.successor(name)
        out.print(f"Release {name} was purged{f'; without what was purged it is {now}' if now else ''}", soft_wrap=True)


@app.command("list")
def list_reviews(
    library: LibraryOption = DEFAULT_LIBRARY,
    form: Annotated[Format, typer.Option("--format", help="How to print the list.")] = Format.TABLE,
) -> None:
    """List the reviews in the newest state of a library."""
    place = open_library(library)
    newest = place.newest() if isinstance(place, LiveLibrary) else place.current()
    answer = queries.ask(newest.store, "reviews")
    if answer.rows:
        print_answer(answer, form, "Reviews")
    else:
        out.print("No reviews yet; add some with `ltkg submit FILE…`")


@app.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write; it must not exist.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Write a whole library, custody too, into one file with the hash of each of its files."""
    place = open_folder(library, "a server has backups of its own; a folder's library is backed up here")
    with err.status("Writing"):
        count = backup.write(place, file)
    out.print(f"Wrote {count} files of {escape(library)} to {escape(str(file))}", soft_wrap=True)
    err.print("It holds custody, which identifies reports: keep it as safe as the library.", soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="A file that `ltkg backup` wrote.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Make a library again of a backup, in a new folder, after each file's hash was checked."""
    refuse_address(library, "a backup is restored into a folder")
    with err.status("Reading and checking"):
        place = backup.restore(file, Path(library))
    out.print(f"Library {escape(library)} is back, at state {place.current().manifest.state}", soft_wrap=True)


@app.command()
def verify(library: LibraryOption = DEFAULT_LIBRARY) -> None:
    """Look whether a library is whole, and say what is damaged."""
    place = open_library(library)
    if isinstance(place, LiveLibrary):
        state = place.newest()
        out.print(f"The server answers; {state.name} holds {state.manifest.studies} studies", soft_wrap=True)
        return
    damaged = 0
    for found in verifying.verify(place):
        damaged += bool(found.damage)
        out.print(f"{escape(found.what)}: {escape(found.damage or 'whole')}", soft_wrap=True)
    if damaged:
        fail(f"{damaged} damaged; the rest can be used", UNAVAILABLE)
