"""``ltkg``: each command parses, makes one call, and prints."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from learntogether_kg import (
    __version__,
    asking,
    backup,
    cli_coding,
    cli_typology,
    queries,
    reports,
    reviews,
    second_coding,
    verifying,
)
from learntogether_kg.answers import Answer, heading, text
from learntogether_kg.disclosure.worlds import MOST_MINUTES
from learntogether_kg.errors import (
    DifferingServerError,
    InconsistentOntologyError,
    InvalidReviewError,
    LearnTogetherError,
    LibraryError,
    PassedStateError,
    StoreUnavailableError,
    UnreadableFileError,
)
from learntogether_kg.ingest.template import DEPTHS, write_template
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary, is_address
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import shorten
from learntogether_kg.recurrence.answer import Result, as_document, notes
from learntogether_kg.recurrence.dimensions import dimensions, year_kinds
from learntogether_kg.recurrence.named import ask_named
from learntogether_kg.recurrence.request import MOST_PERMUTATIONS, OPEN, Counted, Protection, Request
from learntogether_kg.reports import ReportFormat
from learntogether_kg.resources import Bundle
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.store.sparql import SparqlStore
from learntogether_kg.synthetic import files as synthetic
from learntogether_kg.tokens import Role, Tokens
from learntogether_kg.validation.engine import Engine
from learntogether_kg.validation.report import Stage, ValidationReport
from learntogether_kg.validation.text import format_text, render

DONE, DOES_NOT_CONFORM, WRONG_USE, UNAVAILABLE = 0, 1, 2, 3

app = typer.Typer(
    name="ltkg",
    help="Reviews of multi-agency work to safeguard children go in; the patterns that recur come out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
token = typer.Typer(
    no_args_is_help=True, help="Make, list and revoke tokens for those who may see more than the public."
)
app.add_typer(token, name="token")
app.add_typer(cli_typology.app, name="typology")
WIDTH_OF_A_FILE = 160
out = Console(
    highlight=False,
    emoji=False,  # else the text ":x:" of an IRI would be shown as a picture
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE,
)
err = Console(stderr=True, highlight=False, emoji=False)


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


LibraryOption = Annotated[
    str,
    typer.Option("--library", envvar="LTKG_LIBRARY", help="The library's folder, or a SPARQL 1.1 server's address."),
]
ReleaseOption = Annotated[str | None, typer.Option("--release", help="A release by name; by default the newest.")]
Files = Annotated[list[Path], typer.Argument(help="Workbooks (.xlsx), or reviews as .ttl, .trig or .jsonld.")]
Extensions = Annotated[
    list[Path] | None,
    typer.Option("--extension", metavar="FILE.ttl", help="An extension of the typology; the library keeps it."),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Uploads = Annotated[
    bool,
    typer.Option("--uploads", envvar="LTKG_UPLOADS", help="Let others than this machine send reviews to be checked."),
]
Sparql = Annotated[
    bool, typer.Option("--sparql", envvar="LTKG_SPARQL", help="Answer SPARQL 1.1 queries at /sparql, too.")
]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.", min=1, max=65535)]
DEFAULT_LIBRARY = "library"
DIMENSIONS = tuple(dimensions())
YEARS = tuple(year_kinds())
_WORTH_A_BAR = 3
ABOUT: dict[Bundle, str] = {
    "sample": "All coding in the sample is three machine coders', checked by no person; reviews are chosen cases, so "
    "no figure is a prevalence.",
    "teaching": "All of this is synthetic teaching material: no review, person, place or case in it is real, and no "
    "figure says anything about practice.",
}
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


@app.command()
def demo(
    library: LibraryOption = DEFAULT_LIBRARY,
    teaching: Annotated[
        bool, typer.Option("--teaching", help="Build the synthetic teaching library instead of the sample.")
    ] = False,
    serve_it: Annotated[bool, typer.Option("--serve", help="Go on to serve it.")] = False,
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    sparql: Sparql = False,
) -> None:
    """Build the bundled sample of published reviews, or the teaching library, and print the patterns that recur."""
    _refuse_address(library, "the bundled libraries are built in a folder")
    bundle: Bundle = "teaching" if teaching else "sample"
    with _progress(f"Reading and checking the {bundle}", len(reviews.bundled_files(bundle))) as step:
        release = reviews.build_bundled(bundle, Path(library), step)
    answer = queries.ask(release.store, "recurring-patterns")
    _print_table(answer, f"Recurring patterns · release {release.manifest.release} of {library}")
    err.print(f"{ABOUT[bundle]} More questions: ltkg queries --library {escape(library)}", soft_wrap=True)
    if serve_it:
        _serve(library, release, host, port, sparql=sparql)


@app.command()
def init(library: LibraryOption = DEFAULT_LIBRARY, extension: Extensions = None) -> None:
    """Make an empty library."""
    _refuse_address(library, "a library on a server needs no making; `ltkg submit` puts reviews into it")
    reviews.init(Path(library), extension or [])
    out.print(f"Library {escape(library)} is ready. Next: ltkg template REVIEW.xlsx", soft_wrap=True)


@app.command()
def template(
    path: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write.")],
    depth: Annotated[str, typer.Option(help=f"How far it will go: {', '.join(DEPTHS)}.")] = "findings",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="REVIEW.xlsx", help="Have the items of this review coded again.")
    ] = None,
    coder: Annotated[
        str, typer.Option(help="With --from: the code of the second coder, who sees no other codes.")
    ] = "",
) -> None:
    """Write a workbook for one review, with lists and guidance in place; or one for a second, blind coder of it."""
    if (source is None) != (coder == ""):
        _fail("a second coder's workbook needs both --from REVIEW.xlsx and --coder CODE", WRONG_USE)
    if depth not in DEPTHS:
        _fail(f"--depth {depth!r} is not one of {', '.join(DEPTHS)}", WRONG_USE)
    if path.exists() and not force:
        _fail(f"{path}: it is there already; choose another name, or replace it with --force", WRONG_USE)
    if source is not None:
        items = second_coding.write_blind(source, coder, path)
        said = f"Wrote {path} with {items} item(s) for coder {coder}. When it is coded: ltkg agree {source} {path}"
        out.print(escape(said), soft_wrap=True)
        return
    write_template(path, depth)
    out.print(f"Wrote {escape(str(path))}. Fill it, then: ltkg validate {escape(str(path))}", soft_wrap=True)


@app.command()
def validate(
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
) -> None:
    """Check reviews without storing anything; each problem names its sheet and cell."""
    _refuse_target(files, form, to, force)
    if watch:
        _watch(files, stage, form, to, engine)
    found, unreadable = [], False
    with _progress("Checking", len(files)) as step:
        for path, each in zip(files, reviews.check_all(files, stage, engine), strict=True):
            step(path)
            if isinstance(each, UnreadableFileError):
                unreadable = True
                _say(each)
            else:
                found.append(each)
                if form is ReportFormat.TEXT and to is None:
                    _print_text(each)
    if (form is not ReportFormat.TEXT or to is not None) and (found or to is None):
        _give(found, form, to)
    if unreadable:
        raise typer.Exit(WRONG_USE)
    if not all(report.conforms for report in found):
        raise typer.Exit(DOES_NOT_CONFORM)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A workbook, or a review as .ttl, .trig or .jsonld.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write: .ttl, .trig or .jsonld.")],
    with_source: Annotated[bool, typer.Option("--with-source", help="Write what identifies the report, too.")] = False,
) -> None:
    """Write a review as triples or plain JSON, and say what could not be carried over."""
    left_out = reviews.convert(source, target, with_source)
    out.print(f"Wrote {escape(str(target))}", soft_wrap=True)
    if left_out:
        err.print(
            "What goes to custody was left out: the source record, which identifies the report, and recorded reasons",
            soft_wrap=True,
        )


@app.command()
def submit(
    files: Files,
    library: LibraryOption = DEFAULT_LIBRARY,
    replace_coding: Annotated[
        bool,
        typer.Option(
            "--replace-coding", help="Let codes go that the library has by a coder who codes again or is gone."
        ),
    ] = False,
    extension: Extensions = None,
    graph_store: Annotated[
        str | None,
        typer.Option(
            "--graph-store",
            envvar="LTKG_GRAPH_STORE",
            metavar="URL",
            help="Where a server takes whole graphs (SPARQL 1.1 Graph Store Protocol), if it is not found by itself; "
            "none to send all in the update.",
        ),
    ] = None,
) -> None:
    """Check reviews, coders' workbooks and recoding queues and store them as one new state, all or nothing."""
    place = LiveLibrary(SparqlStore(library, graph_store=graph_store)) if is_address(library) else _place(library)
    with _progress("Reading and checking", len(files)) as step:
        change = reviews.submit(place, files, step, replace_coding=replace_coding, extensions=extension or [])
    out.print(
        f"{len(change.added)} added, {len(change.replaced)} replaced, {len(change.unchanged)} unchanged; "
        f"the library is at state {change.state}",
        soft_wrap=True,
    )
    if isinstance(place, LiveLibrary):
        err.print("What identifies the reports was not sent to the server: keep the files.", soft_wrap=True)


@app.command()
def withdraw(
    names: Annotated[list[str], typer.Argument(help="Public labels or IRIs of reviews.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Leave reviews out of every later state and release."""
    change = reviews.withdraw(_place(library), names, reason)
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
    place = _place(library)
    if isinstance(place, LiveLibrary):
        _fail(
            "a purge is of a folder's library; on a server, withdraw the review and have the server's keeper build its "
            "store anew from a dump, since what is removed may stay in its files and backups",
            WRONG_USE,
        )
    plan = reviews.plan_purge(place, name)
    for line in plan.in_words():
        err.print(escape(line), soft_wrap=True)
    if not yes:
        if not sys.stdin.isatty():
            _fail(
                "nothing was purged: this cannot be undone, so it asks first; without a terminal add --yes", WRONG_USE
            )
        if not typer.confirm("Purge it?", err=True):
            _fail("nothing was purged", WRONG_USE)
    with _progress("Building anew without it", plan.steps) as step:
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
    place = _place(library)
    if isinstance(place, LiveLibrary) and to is None:
        _fail("a release of a server is made in a folder: add --to DIR", WRONG_USE)
    if not isinstance(place, LiveLibrary) and to is not None:
        _fail("--to is for a library on a server; a folder's library holds its releases itself", WRONG_USE)
    with err.status("Protecting small counts") as status:

        def show(left: int) -> None:
            status.update(f"Protecting small counts: {left} to go; more alternatives may be needed after that")

        if isinstance(place, LiveLibrary):
            assert to is not None
            release = reviews.publish_live(place, to, name, profile, show, minutes).manifest
        else:
            release = reviews.publish(place, name, profile, show, minutes).manifest
    out.print(f"Release {release.release}: {release.studies} studies, state {release.state}", soft_wrap=True)


@app.command()
def releases(library: LibraryOption = DEFAULT_LIBRARY) -> None:
    """List the releases of a library, oldest first."""
    table = _table("release", "state", "studies", "made", "software")
    place = _folder(library, "releases are kept in a library's folder")
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
    place = _place(library)
    newest = place.newest() if isinstance(place, LiveLibrary) else place.current()
    answer = queries.ask(newest.store, "reviews")
    if answer.rows:
        _print_answer(answer, form, "Reviews")
    else:
        out.print("No reviews yet; add some with `ltkg submit FILE…`")


@app.command("queries")
def list_queries() -> None:
    """List the named queries and what each takes."""
    table = _table("query", "question", "what it answers", "takes")
    for query in queries.catalogue().values():
        takes = "\n".join(f"{p.name}={p.default_text or 'any'}" for p in query.parameters)
        table.add_row(query.name, query.question, escape(query.summary), escape(takes))
    out.print(table)


@app.command()
def ask(
    name: Annotated[str, typer.Argument(help="A query's name; `ltkg queries` lists them.")],
    param: Annotated[list[str] | None, typer.Option("--param", metavar="K=V", help="A parameter's value.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.TABLE,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Ask a named query of a release, or of a SPARQL server."""
    arguments = dict(_pair(argument) for argument in param or [])
    asked = _asked(library, release)
    answer = ask_named(asked.store, name, arguments, lambda: Counted.of(asked).coding)
    _print_answer(answer, form, queries.named(name).summary)


@app.command("sparql")
def ask_sparql(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with a SPARQL 1.1 query; - reads it from here.")],
    form: Annotated[
        str, typer.Option("--format", help=f"table, or a form of the protocol: {', '.join(asking.FORMS)}.")
    ] = "table",
    seconds: Annotated[float, typer.Option(help="How long it may take.", min=0.001)] = 60,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Ask a read-only SPARQL query of a release, or of a SPARQL server, under the rules of /sparql."""
    if form not in ("table", *asking.FORMS):
        _fail(f"--format {form!r} is not one of table, {', '.join(asking.FORMS)}", WRONG_USE)
    query = _read_text(file)
    found = asking.ask(_asked(library, release), query, "" if form == "table" else form, seconds)
    if form == "table" and found.form == "json":
        _print_solutions(json.loads(found.body))
    else:
        sys.stdout.write(found.body.decode())
    if found.cut:
        err.print(f"The answer was cut at the limit of {found.cut}; ask for less, or in parts", soft_wrap=True)


@app.command()
def synth(
    n: Annotated[int, typer.Argument(metavar="N", help="How many reviews.", min=1, max=1_000_000)],
    out_path: Annotated[
        Path | None,
        typer.Argument(metavar="[OUT]", help="A new folder, one .ttl file for each review; or one .trig file."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    library: Annotated[
        str | None, typer.Option("--library", help="Build and publish a library of them in this empty folder instead.")
    ] = None,
) -> None:
    """Make up synthetic reviews of every record type, and write beside them what was planted in them."""
    if (out_path is None) == (library is None):
        _fail("say where to: OUT for files, or --library DIR for a library", WRONG_USE)
    with _progress("Making up reviews", n) as step:
        if library is not None:
            release = reviews.build_synthetic(n, seed, Path(library), lambda: step(Path(library)))
            place, said = library, f"release {release.manifest.release}"
        else:
            assert out_path is not None
            for _ in synthetic.write(n, seed, out_path):
                step(out_path)
            place, said = str(out_path), "the truth about them stands beside them"
    out.print(f"Wrote {n} synthetic reviews to {escape(place)}; {said}", soft_wrap=True)


@app.command()
def recur(
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="DIMENSION", help=f"Count by, one or two of: {', '.join(DIMENSIONS)}."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="K=V", help="Only such reviews or codes; several of one K mean any."),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Which types stand together; sub-patterns with --by pattern.")
    ] = False,
    triples: Annotated[bool, typer.Option("--triples", help="The same for three; counts only.")] = False,
    codes: Annotated[str, typer.Option(help="Which codes of an item count: primary or any.")] = "primary",
    coder: Annotated[
        str,
        typer.Option(help="A coder, a kind such as agreed, or '2 of A, B, C'; by default the library's default coder."),
    ] = "",
    year: Annotated[str, typer.Option(help=f"Which year: {', '.join(YEARS)}.")] = "",
    permutations: Annotated[
        int,
        typer.Option(
            help="How many matrices of chance to draw for pairs; 0 for no test.", min=0, max=MOST_PERMUTATIONS
        ),
    ] = 1000,
    profile: Annotated[
        str | None,
        typer.Option(help="Answer under this profile of disclosure control; by default that of the release."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.TABLE,
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
) -> None:
    """Count in how many reviews patterns recur, by what, and with what, beside every denominator."""
    request = Request(
        by=tuple(by or ()),
        where=tuple(_pair(argument, "--where") for argument in where or []),
        codes=codes,
        coder=coder,
        year=year,
        pairs=pairs,
        triples=triples,
        permutations=permutations,
    )
    asked = _asked(library, release)
    _print_result(Counted.of(asked).answer(request, _protection(asked, profile)), form)


@app.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write; it must not exist.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Write a whole library, custody too, into one file with the hash of each of its files."""
    place = _folder(library, "a server has backups of its own; a folder's library is backed up here")
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
    _refuse_address(library, "a backup is restored into a folder")
    with err.status("Reading and checking"):
        place = backup.restore(file, Path(library))
    out.print(f"Library {escape(library)} is back, at state {place.current().manifest.state}", soft_wrap=True)


@app.command()
def verify(library: LibraryOption = DEFAULT_LIBRARY) -> None:
    """Look whether a library is whole, and say what is damaged."""
    place = _place(library)
    if isinstance(place, LiveLibrary):
        state = place.newest()
        out.print(f"The server answers; {state.name} holds {state.manifest.studies} studies", soft_wrap=True)
        return
    damaged = 0
    for found in verifying.verify(place):
        damaged += bool(found.damage)
        out.print(f"{escape(found.what)}: {escape(found.damage or 'whole')}", soft_wrap=True)
    if damaged:
        _fail(f"{damaged} damaged; the rest can be used", UNAVAILABLE)


@app.command()
def serve(
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    uploads: Uploads = False,
    sparql: Sparql = False,
) -> None:
    """Serve one release, or a live library, read-only, as pages, JSON and CSV; uploads to be checked are not kept."""
    _serve(library, _asked(library, release), host, port, uploads, sparql)


@token.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="Whom or what it is for; no name of a person need be given.")],
    role: Annotated[Role, typer.Option(help="What its holder may see.")],
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Make a token and print it, last and only this once."""
    made = _tokens(library).add(name, role)
    err.print(f"Token {escape(name)} ({role}); keep it safe, it cannot be shown again:", soft_wrap=True)
    print(made)


@token.command("list")
def list_tokens(library: LibraryOption = DEFAULT_LIBRARY) -> None:
    """List tokens by name and role; what they are is not kept."""
    table = _table("token", "role", "made")
    for each in _tokens(library).all():
        table.add_row(escape(each.name), each.role, each.made)
    out.print(table if table.row_count else "No tokens yet; make one with `ltkg token add NAME --role analyst`")


@token.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(help="The token's name.")], library: LibraryOption = DEFAULT_LIBRARY
) -> None:
    """Make a token worthless from now on."""
    _tokens(library).revoke(name)
    out.print(f"Token {escape(name)} is revoked", soft_wrap=True)


@app.command()
def version() -> None:
    """Print the version of this software."""
    out.print(__version__)


def main() -> None:
    """Runs the command line and turns our errors into one line and an exit code."""
    # It tells of a literal that is none of its datatype by a traceback; what reads the file tells of it in words.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    try:
        app(standalone_mode=True)
    except InvalidReviewError as error:
        for report in error.reports:
            if isinstance(report, ValidationReport):
                _print_text(report.without_values())
        _fail(str(error), DOES_NOT_CONFORM)
    except InconsistentOntologyError as error:
        _fail(str(error), DOES_NOT_CONFORM)
    except (StoreUnavailableError, LibraryError, DifferingServerError) as error:
        _fail(str(error), UNAVAILABLE)
    except LearnTogetherError as error:
        _fail(str(error), WRONG_USE)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(DONE) from None


def _say(error: LearnTogetherError | str) -> None:
    err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)


def _fail(message: str, code: int) -> NoReturn:
    _say(message)
    raise SystemExit(code)


def _watch(files: list[Path], stage: Stage, form: ReportFormat, to: Path | None, engine: Engine) -> None:
    """Reports on a file now and whenever it is saved, until Ctrl+C, which is the way to end this."""
    if len(files) != 1:
        _fail("--watch follows one file; name one", WRONG_USE)
    try:
        for found in reviews.check_on_save(files[0], stage, engine):
            if isinstance(found, UnreadableFileError):
                _say(found)
            else:
                _give([found], form, to)
            sys.stdout.flush()
            err.print(
                f"[dim]{datetime.now():%H:%M:%S} · waiting for the next save; stop with Ctrl+C[/]", soft_wrap=True
            )
    except KeyboardInterrupt:
        raise typer.Exit(DONE) from None


def _pair(argument: str, option: str = "--param") -> tuple[str, str]:
    name, separator, value = argument.partition("=")
    if not separator:
        _fail(f"{option} {argument!r} has no value; write it as name=value", WRONG_USE)
    return name, value


def _read_text(file: Path) -> str:
    """Returns the text of a file, or what is typed or piped in for ``-``."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnreadableFileError(file, f"it cannot be read: {reason}") from error


def _print_solutions(document: dict[str, Any]) -> None:
    if "boolean" in document:
        out.print("yes" if document["boolean"] else "no")
        return
    names = document["head"]["vars"]
    rows = [[each[name]["value"] if name in each else "" for name in names] for each in document["results"]["bindings"]]
    if not rows:
        out.print("Nothing was found.")
        return
    table = _table(*names)
    for row in rows:
        table.add_row(*(escape(shorten(value)) for value in row))
    out.print(table)


def _asked(library: str, release: str | None) -> Snapshot | LiveState:
    """Returns what is asked: a release of a folder, or the newest state of a server's library."""
    if not is_address(library):
        return Library.open(Path(library)).release(release)
    state = LiveLibrary(SparqlStore(library)).newest()
    if release not in (None, state.name):
        raise PassedStateError(library, str(release), state.number)
    return state


def _protection(asked: Snapshot | LiveState, profile: str | None) -> Protection:
    """Who has the files may see what is in them: "open" shows every count here, as it never does to a client."""
    return Protection() if profile == OPEN else reviews.protection(asked, profile)


def _print_result(result: Result, form: Format) -> None:
    match form:
        case Format.JSON:
            print(json.dumps(as_document(result), indent=2, ensure_ascii=False))
        case Format.CSV:
            sys.stdout.writelines(result.answer.as_csv())
        case Format.TABLE:
            _print_table(result.answer, result.summary, leave_out=("rule",))
            for line in notes(result):
                out.print(escape(line), soft_wrap=True)


def _place(library: str) -> Library | LiveLibrary:
    return LiveLibrary(SparqlStore(library)) if is_address(library) else Library.open(Path(library))


def _refuse_address(library: str, why: str) -> None:
    if is_address(library):
        _fail(f"{library} is a server: {why}", WRONG_USE)


def _folder(library: str, what: str) -> Library:
    """Returns a library that must be a folder's for what is to be done."""
    _refuse_address(library, f"{what}; make a folder with `ltkg publish --to DIR`")
    return Library.open(Path(library))


def _tokens(library: str) -> Tokens:
    return Tokens(_folder(library, "tokens are kept in a library's folder").path)


def _serve(
    library: str, release: Snapshot | LiveState, host: str, port: int, uploads: bool = False, sparql: bool = False
) -> None:
    import uvicorn  # noqa: PLC0415  # only serving needs it, and it is slow to load

    reviews.refuse_to_expose(release, host)
    is_live = isinstance(release, LiveState)
    os.environ["LTKG_LIBRARY"] = library
    os.environ["LTKG_RELEASE"] = "" if is_live else release.manifest.release
    os.environ["LTKG_HOST"] = host
    os.environ["LTKG_UPLOADS"] = str(uploads)
    os.environ["LTKG_SPARQL"] = str(sparql)
    name = f"{library}, now at {release.name}," if isinstance(release, LiveState) else release.manifest.release
    kind = "live library" if is_live else "release"
    err.print(f"Serving {kind} {escape(name)} at http://{host}:{port}/ (stop with Ctrl+C)", soft_wrap=True)
    uvicorn.run("api.main:create_app", factory=True, host=host, port=port, log_level="warning")


def _refuse_target(files: list[Path], form: ReportFormat, to: Path | None, force: bool) -> None:
    """Stops before anything is checked where the report could not be written in the end."""
    if form is ReportFormat.XLSX and to is None:
        _fail("--format xlsx needs a file to write: add --out MARKED.xlsx", WRONG_USE)
    if to is None:
        return
    if any(to.resolve() == file.resolve() for file in files):
        _fail(f"{to}: the report would replace the file that is checked; choose another name", WRONG_USE)
    if to.exists() and not force:
        _fail(f"{to}: it is there already; choose another name, or replace it with --force", WRONG_USE)


def _print_text(report: ValidationReport) -> None:
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
            _fail(f"{to}: it cannot be written: {error.strerror or error}", WRONG_USE)
        for report in found:
            out.print(f"{escape(report.file)} {report.verdict}", soft_wrap=True)
        out.print(f"Wrote {escape(str(to))}", soft_wrap=True)
    elif form is ReportFormat.TEXT:
        for report in found:
            _print_text(report)
    else:
        print(reports.write(form, found).decode(), end="")


def _print_answer(answer: Answer, form: Format, title: str) -> None:
    match form:
        case Format.JSON:
            print(json.dumps(answer.as_records(), indent=2, ensure_ascii=False))
        case Format.CSV:
            sys.stdout.writelines(answer.as_csv())
        case Format.TABLE:
            _print_table(answer, title)


def _print_table(answer: Answer, title: str, leave_out: Collection[str] = ()) -> None:
    asked = ", ".join(f"{name}={value}" for name, value in answer.arguments.items() if value)
    out.print(f"[bold]{escape(title)}[/]" + (f"\n{escape(asked)}" if asked else ""), soft_wrap=True)
    kept = [place for place, column in enumerate(answer.columns) if column not in leave_out]
    headings = [heading(answer.columns[place]) for place in kept]
    rows = [[text(row[place]) for place in kept] for row in answer.rows]
    if _fits(headings, rows):
        table = _table(*headings)
        for row in rows:
            table.add_row(*map(escape, row))
        out.print(table)
    else:
        _print_records(headings, rows)
    if not rows:
        out.print("Nothing was found with these parameters.")


def _fits(headings: list[str], rows: list[list[str]]) -> bool:
    """Whether the longest words of all columns have room beside each other."""
    columns = zip(headings, *rows, strict=True)
    longest = (max(len(word) for cell in column for word in (*cell.split(), "")) for column in columns)
    return sum(longest) + 2 * len(headings) <= out.width


def _print_records(headings: list[str], rows: list[list[str]]) -> None:
    """Prints each row as lines of its own, for a window too narrow for a table."""
    for row in rows:
        out.print(f"\n[bold]{escape(row[0])}[/]")
        for name, value in zip(headings[1:], row[1:], strict=True):
            if value:
                out.print(Padding(f"[dim]{name}:[/] {escape(value)}", (0, 0, 0, 2)))
    out.print()


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_lines=True, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


class _progress:  # noqa: N801  # used like a function, in a with statement
    """A progress bar on standard error; inside it, calling it counts one file."""

    def __init__(self, title: str, total: int) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        # What is printed meanwhile goes around the bar where both are on one screen, and else where it is meant to.
        screen = sys.stdout.isatty()
        self._bar = Progress(
            *columns,
            console=err,
            transient=True,
            redirect_stdout=screen,
            disable=total < _WORTH_A_BAR or not err.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> reviews.Progress:
        self._bar.start()
        return lambda _: self._bar.advance(self._task)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()


cli_coding.register(app, _print_table)

if __name__ == "__main__":
    main()
