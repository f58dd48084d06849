"""What holds for every response, whichever route gives it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
_PAGES: Final = _POLICY + "form-action 'self'"
# The API's documentation is the one page that needs a script: the bundled one, which reads /openapi.json.
_DOCS: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def security_headers(path: str) -> dict[str, str]:
    """Returns the headers that keep a browser from loading or running anything but our own files."""
    return {"Content-Security-Policy": _DOCS if path == "/docs" else _PAGES, **_HEADERS}


class SecurityHeadersMiddleware:
    """Adds the security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(security_headers(scope["path"]))
            await send(message)

        await self.app(scope, receive, send_with_headers)


class CutShortError(Exception):
    """An answer that was begun cannot be brought to its end."""


class CuttingMiddleware:
    """Breaks the connection off where an answer cannot be brought to its end.

    An answer that is sent while it is worked out has its status already. Without its last chunk (RFC 9112, 7.1) it is
    incomplete to every client: curl ends with 18, Python's clients raise, a browser reports a failed download.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        with suppress(CutShortError):  # the server closes the connection when an answer is left without its end
            await self.app(scope, receive, send)


class HeadMiddleware:
    """Answers HEAD wherever GET is answered, with the same headers and no body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, a HEAD as a GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_without_body)


class CrossOriginMiddleware:
    """Lets pages of other sites, such as YASGUI, ask SPARQL from a browser, and nothing else (Fetch Standard, CORS).

    Args:
        app: What is asked.
        origins: The sites; ``*`` stands for all, none for none. No cookie is ever asked for.
    """

    PATHS: Final = ("/sparql", "/.well-known/void")

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self.app = app
        self._let_in = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Accept", "Authorization", "Content-Type", "X-Requested-With"],
            expose_headers=["Link", "Retry-After", "X-LTKG-Truncated"],
        )
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        concerned = scope["type"] == "http" and self._origins and scope["path"] in self.PATHS
        await (self._let_in if concerned else self.app)(scope, receive, send)
