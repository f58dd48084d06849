"""Which library a command of ``ltkg`` is about: a folder, or a server's address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from learntogether_kg import (
    publishing,
)
from learntogether_kg.cli_terminal import WRONG_USE, fail
from learntogether_kg.errors import (
    PassedStateError,
)
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary, is_address
from learntogether_kg.live_state import LiveState
from learntogether_kg.recurrence.request import OPEN, Protection
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.store.sparql import SparqlStore

LibraryOption = Annotated[
    str,
    typer.Option("--library", envvar="LTKG_LIBRARY", help="The library's folder, or a SPARQL 1.1 server's address."),
]


ReleaseOption = Annotated[str | None, typer.Option("--release", help="A release by name; by default the newest.")]


Files = Annotated[list[Path], typer.Argument(help="Workbooks (.xlsx), or reviews as .ttl, .trig or .jsonld.")]
DEFAULT_LIBRARY = "library"


def open_asked(library: str, release: str | None) -> Snapshot | LiveState:
    """Returns what is asked: a release of a folder, or the newest state of a server's library."""
    if not is_address(library):
        return Library.open(Path(library)).release(release)
    state = LiveLibrary(SparqlStore(library)).newest()
    if release not in (None, state.name):
        raise PassedStateError(library, str(release), state.number)
    return state


def protection_of(asked: Snapshot | LiveState, profile: str | None) -> Protection:
    """Who has the files may see what is in them: "open" shows every count here, as it never does to a client."""
    return Protection() if profile == OPEN else publishing.protection(asked, profile)


def open_library(library: str) -> Library | LiveLibrary:
    """Returns a library: a folder's, or a live one on a server."""
    return LiveLibrary(SparqlStore(library)) if is_address(library) else Library.open(Path(library))


def refuse_address(library: str, why: str) -> None:
    """Ends with what cannot be done to a library on a server, and why."""
    if is_address(library):
        fail(f"{library} is a server: {why}", WRONG_USE)


def open_folder(library: str, what: str) -> Library:
    """Returns a library that must be a folder's for what is to be done."""
    refuse_address(library, f"{what}; make a folder with `ltkg publish --to DIR`")
    return Library.open(Path(library))
