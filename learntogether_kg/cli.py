"""``ltkg``: each command parses, makes one call, and prints."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from learntogether_kg import (
    __version__,
    asking,
    bundles,
    cli_coding,
    cli_keeping,
    cli_recurrence,
    cli_reviews,
    cli_typology,
    publishing,
    queries,
    query_files,
    reviews,
)
from learntogether_kg.cli_library import (
    DEFAULT_LIBRARY,
    Files,
    LibraryOption,
    ReleaseOption,
    open_asked,
    open_folder,
    open_library,
    refuse_address,
)
from learntogether_kg.cli_reviews import print_report
from learntogether_kg.cli_terminal import (
    DOES_NOT_CONFORM,
    DONE,
    UNAVAILABLE,
    WRONG_USE,
    Format,
    err,
    fail,
    new_table,
    out,
    print_answer,
    print_solutions,
    print_table,
    progress_bar,
    read_pair,
    read_text,
)
from learntogether_kg.errors import (
    DifferingServerError,
    InconsistentOntologyError,
    InvalidReviewError,
    LearnTogetherError,
    LibraryError,
    StoreUnavailableError,
    UndescribedTermsError,
)
from learntogether_kg.live import LiveLibrary, is_address
from learntogether_kg.live_state import LiveState
from learntogether_kg.recurrence.named import ask_named
from learntogether_kg.recurrence.request import Counted
from learntogether_kg.resources import Bundle
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.store.sparql import SparqlStore
from learntogether_kg.synthetic import files as synthetic
from learntogether_kg.tokens import Role, Tokens
from learntogether_kg.validation.report import ValidationReport

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
app.add_typer(cli_recurrence.layer, name="layer")
for part in (cli_reviews, cli_recurrence, cli_coding, cli_keeping):
    app.add_typer(part.app)


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
WholeServer = Annotated[
    bool,
    typer.Option(
        "--sparql-whole-server",
        envvar="LTKG_SPARQL_WHOLE_SERVER",
        help="Of a live library: /sparql may show all that its server holds, as there is nothing else on it.",
    ),
]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.", min=1, max=65535)]
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
    refuse_address(library, "the bundled libraries are built in a folder")
    bundle: Bundle = "teaching" if teaching else "sample"
    with progress_bar(f"Reading and checking the {bundle}", len(bundles.bundled_files(bundle))) as step:
        release = bundles.build_bundled(bundle, Path(library), step)
    answer = queries.ask(release.store, "recurring-patterns")
    print_table(answer, f"Recurring patterns · release {release.manifest.release} of {library}")
    err.print(f"{ABOUT[bundle]} More questions: ltkg queries --library {escape(library)}", soft_wrap=True)
    if serve_it:
        _serve(library, release, host, port, sparql=sparql)


@app.command()
def init(library: LibraryOption = DEFAULT_LIBRARY, extension: Extensions = None) -> None:
    """Make an empty library."""
    refuse_address(library, "a library on a server needs no making; `ltkg submit` puts reviews into it")
    reviews.init(Path(library), extension or [])
    out.print(f"Library {escape(library)} is ready. Next: ltkg template REVIEW.xlsx", soft_wrap=True)


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
    place = LiveLibrary(SparqlStore(library, graph_store=graph_store)) if is_address(library) else open_library(library)
    with progress_bar("Reading and checking", len(files)) as step:
        change = reviews.submit(place, files, step, replace_coding=replace_coding, extensions=extension or [])
    out.print(
        f"{len(change.added)} added, {len(change.replaced)} replaced, {len(change.unchanged)} unchanged; "
        f"the library is at state {change.state}",
        soft_wrap=True,
    )
    if isinstance(place, LiveLibrary):
        err.print("What identifies the reports was not sent to the server: keep the files.", soft_wrap=True)


@app.command("queries")
def list_queries() -> None:
    """List the named queries and what each takes."""
    table = new_table("query", "question", "what it answers", "takes")
    for query in query_files.catalogue().values():
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
    arguments = dict(read_pair(argument) for argument in param or [])
    asked = open_asked(library, release)
    answer = ask_named(asked.store, name, arguments, lambda: Counted.of(asked).coding)
    print_answer(answer, form, query_files.named(name).summary)


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
        fail(f"--format {form!r} is not one of table, {', '.join(asking.FORMS)}", WRONG_USE)
    query = read_text(file)
    found = asking.ask(open_asked(library, release), query, "" if form == "table" else form, seconds)
    if form == "table" and found.form == "json":
        print_solutions(json.loads(found.body))
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
        fail("say where to: OUT for files, or --library DIR for a library", WRONG_USE)
    with progress_bar("Making up reviews", n) as step:
        if library is not None:
            release = bundles.build_synthetic(n, seed, Path(library), lambda: step(Path(library)))
            place, said = library, f"release {release.manifest.release}"
        else:
            assert out_path is not None
            for _ in synthetic.write(n, seed, out_path):
                step(out_path)
            place, said = str(out_path), "the truth about them stands beside them"
    out.print(f"Wrote {n} synthetic reviews to {escape(place)}; {said}", soft_wrap=True)


@app.command()
def serve(
    library: LibraryOption = DEFAULT_LIBRARY,
    release: ReleaseOption = None,
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    uploads: Uploads = False,
    sparql: Sparql = False,
    whole_server: WholeServer = False,
) -> None:
    """Serve one release, or a live library, read-only, as pages, JSON and CSV; uploads to be checked are not kept."""
    if sparql and is_address(library) and not whole_server:
        fail(
            "--sparql would show whatever else the library's server holds: add --sparql-whole-server where it holds "
            "nothing else, or serve a release",
            WRONG_USE,
        )
    os.environ["LTKG_SPARQL_WHOLE_SERVER"] = str(whole_server)
    _serve(library, open_asked(library, release), host, port, uploads, sparql)


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
    table = new_table("token", "role", "made")
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
                print_report(report.without_values())
        fail(str(error), DOES_NOT_CONFORM)
    except (InconsistentOntologyError, UndescribedTermsError) as error:
        fail(str(error), DOES_NOT_CONFORM)
    except (StoreUnavailableError, LibraryError, DifferingServerError) as error:
        fail(str(error), UNAVAILABLE)
    except LearnTogetherError as error:
        fail(str(error), WRONG_USE)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(DONE) from None


def _tokens(library: str) -> Tokens:
    return Tokens(open_folder(library, "tokens are kept in a library's folder").path)


def _serve(
    library: str, release: Snapshot | LiveState, host: str, port: int, uploads: bool = False, sparql: bool = False
) -> None:
    import uvicorn  # noqa: PLC0415  # only serving needs it, and it is slow to load

    publishing.refuse_to_expose(release, host)
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


if __name__ == "__main__":
    main()
