"""The application: the releases of one library, each opened once, served read-only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from api import dereferencing, errors, observing, ontology, routes, sparql, validation
from api.access import Doorkeeper
from api.asked import AskedMiddleware
from api.caching import CachingMiddleware, Kitchen
from api.checking import Checker
from api.evaluation import BEHIND_OTHERS, Evaluator
from api.guard import refuse_records
from api.live import LiveReleases
from api.memory import few_arenas
from api.middleware import CrossOriginMiddleware, CuttingMiddleware, HeadMiddleware, SecurityHeadersMiddleware
from api.observing import Figures, ObservingMiddleware, write_log
from api.processes import OFFERED
from api.releases import Offer, Releases
from api.settings import Settings
from api.uploads import Receiver
from api.worker import Limits
from learntogether_kg import __version__
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary, is_address
from learntogether_kg.store.sparql import SparqlStore

_AFTER_SECONDS: Final = 3

DESCRIPTION = """\
Answers from one release of a library of reviews of multi-agency work to safeguard children.

Ask another release than the newest by `?release=NAME`; `/releases` lists them. Of a release that was published under a
restricted profile the public sees protected counts only; who has a token shows it as `Authorization: Bearer TOKEN`.

Read-only: a review that is sent to `/validate` is checked and forgotten. Every page is also there as `.json` and
`.csv`, every address holds its whole state, and every error is an `application/problem+json`. Reviews are chosen cases:
no figure is a prevalence.
"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keeps the processes that check uploads and evaluate queries running while the server does."""
    checker: Checker = app.state.checker
    evaluator: Evaluator = app.state.evaluator
    settings: Settings = app.state.settings
    releases: Releases = app.state.releases

    def start() -> None:
        checker.start()
        if settings.offers_sparql or not releases.open().served.is_small:
            evaluator.start()

    # Each takes a second of a core to start: the first answers go before. A job that comes sooner starts its own.
    starting = asyncio.get_running_loop().call_later(_AFTER_SECONDS, start) if OFFERED else None
    try:
        yield
    finally:
        if starting is not None:
            starting.cancel()
        checker.stop()
        evaluator.stop()


def _offer(settings: Settings, evaluator: Evaluator) -> tuple[Offer, Doorkeeper]:
    """Returns what is served, and who knows whom it is shown to."""
    if is_address(str(settings.library)):
        live = LiveLibrary(SparqlStore(str(settings.library)))
        return LiveReleases(live, settings.host, settings.live_seconds), Doorkeeper(None)
    library = Library.open(Path(settings.library))
    releases = Releases(library, settings.release, settings.host, settings.open_releases, evaluator.ask_named)
    return releases, Doorkeeper(library.path)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Returns the application that serves the releases of a library, or the newest state of a live one.

    Of a folder only the folders of releases and the hashes of tokens are opened, never its custody.

    Args:
        settings: What to serve; by default what the environment says.

    Raises:
        LibraryMissingError: There is no library in the folder.
        UnknownReleaseError: The library has no such release.
        StoreUnavailableError: The release cannot be opened, or the live library's server does not answer.
    """
    few_arenas()
    settings = settings or Settings()
    limits = Limits(settings.sparql_seconds, settings.sparql_megabytes, niceness=BEHIND_OTHERS)
    evaluator = Evaluator(limits, settings.sparql_at_once)
    releases, doorkeeper = _offer(settings, evaluator)
    # The ready-made page for /docs holds an inline script; ours does not, and uses the same bundled files.
    app: FastAPI = FastAPIOffline(
        title="LearnTogether KG",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_records)],
        lifespan=_lifespan,
    )
    app.state.releases = releases
    app.state.sparql = settings.offers_sparql  # whether /sparql answers, so that pages may lead to it
    app.state.receiver = Receiver(settings.uploads)
    app.state.checker = Checker(Limits(settings.check_seconds, settings.check_megabytes), settings.checks_at_once)
    app.state.settings = settings
    app.state.evaluator = evaluator
    app.include_router(dereferencing.router)
    app.include_router(routes.router)
    app.include_router(ontology.router)
    app.include_router(validation.router)
    app.include_router(sparql.router)
    app.include_router(observing.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    errors.install(app)
    app.add_middleware(CachingMiddleware, kitchen=Kitchen(settings.cache_megabytes * 1024 * 1024))
    app.add_middleware(AskedMiddleware, releases=releases, doorkeeper=doorkeeper)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(CrossOriginMiddleware, origins=settings.cors.split())
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(CuttingMiddleware)
    app.state.figures = Figures()
    app.add_middleware(ObservingMiddleware, figures=app.state.figures)
    if settings.log:
        write_log()
    return app
