"""What the keeper of a server can see of its work: a line for each request, and figures for Prometheus.

Neither holds who asked, what was asked for, or a token: a route is named by its template, ``/reviews/{review}``.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asked import settled
from api.dependencies import Now
from api.uploads import is_at_home

LOG: Final = logging.getLogger("learntogether.requests")
_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds. 0.05 and 0.1 are what is promised of recurrence and of counts over a library of 10,000 reviews."""
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

router = APIRouter(tags=["service"])


class Figures:
    """Counts of requests and how long they took, by route, method and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._count = Counter("learntogether_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "learntogether_request_seconds",
            "Seconds until a request was answered",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one request."""
        self._count.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class ObservingMiddleware:
    """Notes every request when it has been answered."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._figures.note(method, route, status, seconds)
        if not LOG.isEnabledFor(logging.INFO):
            return
        asked = settled(scope)
        told = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "release": asked.release.name if asked else None,
            "role": asked.role if asked else None,
        }
        LOG.info(json.dumps(told))


def write_log() -> None:
    """Writes a line of JSON for each request to standard error."""
    if not LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def _figures(request: Request) -> Figures:
    figures: Figures = request.app.state.figures
    return figures


@router.get("/metrics", response_class=Response, summary="Figures for Prometheus; for this machine, or with a token")
def metrics(request: Request, asked: Now, figures: Annotated[Figures, Depends(_figures)]) -> Response:
    """Tells how many requests there were and how long they took, by route and status."""
    if asked.role is None and not is_at_home(request):
        raise HTTPException(403, "The figures are for who sits at the machine that serves, or who shows a token")
    content = generate_latest(figures.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
