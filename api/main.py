"""The application: one release, opened once, served read-only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from api import errors, ontology, routes, sparql, validation
from api.checking import Checker
from api.evaluation import BEHIND_OTHERS, Evaluator
from api.guard import refuse_records
from api.middleware import CrossOriginMiddleware, HeadMiddleware, SecurityHeadersMiddleware
from api.pages import Pages
from api.processes import OFFERED
from api.served import Served
from api.settings import Settings
from api.uploads import Receiver
from api.worker import Limits
from learntogether_kg import __version__
from learntogether_kg.library import Library
from learntogether_kg.tokens import Tokens

DESCRIPTION = """\
Answers from one release of a library of reviews of multi-agency work to safeguard children.

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
    if OFFERED:
        checker.start()
    if OFFERED and settings.sparql:
        evaluator.start()
    try:
        yield
    finally:
        checker.stop()
        evaluator.stop()


def create_app(settings: Settings | None = None) -> FastAPI:
    """Returns the application that serves one release.

    Only the release's folder is opened, never the library's custody.

    Args:
        settings: What to serve; by default what the environment says.

    Raises:
        LibraryMissingError: There is no library in the folder.
        UnknownReleaseError: The library has no such release.
        StoreUnavailableError: The release cannot be opened.
    """
    settings = settings or Settings()
    served = Served.open(Library.open(settings.library).release(settings.release))
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
    app.state.served = served
    app.state.pages = Pages(served)
    app.state.receiver = Receiver(settings.uploads)
    app.state.checker = Checker(Limits(settings.check_seconds, settings.check_megabytes), settings.checks_at_once)
    app.state.settings = settings
    app.state.tokens = Tokens(settings.library)
    limits = Limits(settings.sparql_seconds, settings.sparql_megabytes, niceness=BEHIND_OTHERS)
    app.state.evaluator = Evaluator(limits, settings.sparql_at_once)
    app.include_router(routes.router)
    app.include_router(ontology.router)
    app.include_router(validation.router)
    app.include_router(sparql.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    errors.install(app)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(CrossOriginMiddleware, origins=settings.cors.split())
    app.add_middleware(SecurityHeadersMiddleware)
    return app
