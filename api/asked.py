"""What is asked of which release, and by whom: settled once for each request, before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Doorkeeper
from api.paging import PIN
from api.releases import Offer, Opened
from learntogether_kg.errors import LearnTogetherError
from learntogether_kg.tokens import Role

_SETTLED: Final = "learntogether.asked"
_CHANGED: Final = "learntogether.changed"
_TWICE: Final = f"{PIN}: it is given more than once; give one release"


@dataclass(frozen=True)
class Asked:
    """What is known of a request before it is answered.

    Attributes:
        release: The release that is asked.
        pin: Its name where the address gives it; else empty.
        role: Who asks; None for the public.
    """

    release: Opened
    pin: str
    role: Role | None

    @property
    def records_are_open(self) -> bool:
        """Whether who asks may see records and evidence."""
        return self.role is not None or not self.release.restricted

    def keep(self, address: str | None) -> str | None:
        """Returns an address of ours that asks the same release where this one names it; nothing for none."""
        if not address:
            return None
        if not self.pin or f"{PIN}=" in address:
            return address
        return f"{address}{'&' if '?' in address else '?'}{urlencode({PIN: self.pin})}"


class AskedMiddleware:
    """Settles what is asked. What is wrong with it is told by the route, as any other error is."""

    def __init__(self, app: ASGIApp, releases: Offer, doorkeeper: Doorkeeper) -> None:
        self.app = app
        self._releases = releases
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        gate = _Gate(scope, send)
        await self._pass_on(scope, receive, gate.send)
        for last in (False, True) if scope["method"] in ("GET", "HEAD") else ():
            if not gate.is_shut:
                return
            gate = _Gate(scope, send, open_to_all=last)
            await self._pass_on(scope, receive, gate.send, anew=True)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, anew: bool = False) -> None:
        scope.pop(_CHANGED, None)
        try:
            scope[_SETTLED] = await self._settle(scope, anew)
        except (LearnTogetherError, HTTPException) as error:
            scope[_SETTLED] = error
        await self.app(scope, receive, send)

    async def _settle(self, scope: Scope, anew: bool) -> Asked:
        role = self._doorkeeper.role(Headers(scope=scope).get("authorization", ""))
        query = scope["query_string"]
        pins = [value for name, value in _pairs(query) if name == PIN] if PIN.encode() in query else []
        if len(pins) > 1:
            raise HTTPException(422, _TWICE)
        pin = pins[0] if pins else ""
        opened = None if anew else self._releases.ready(pin)
        if opened is None:
            opened = await run_in_threadpool(self._releases.open, pin, anew)
        return Asked(opened, pin, role)


class _Gate:
    """Lets an answer pass, unless it only says that a live library changed meanwhile; then it can be asked again.

    Args:
        scope: Of the request.
        send: Where the answer goes.
        open_to_all: Whether to let even that pass.
    """

    def __init__(self, scope: Scope, send: Send, open_to_all: bool = False) -> None:
        self.is_shut = False
        self._scope, self._send = scope, send
        self._open_to_all = open_to_all or scope["method"] not in ("GET", "HEAD")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_shut = not self._open_to_all and bool(self._scope.get(_CHANGED))
            asked = settled(self._scope)
            if asked is not None and asked.release.is_live:
                headers = [*message["headers"], (b"x-ltkg-state", asked.release.name.encode())]
                message = {**message, "headers": headers}
        if not self.is_shut:
            await self._send(message)


def mark_changed(scope: Scope) -> None:
    """Notes that a live library changed while it was asked, so that what was answered is not to be told."""
    scope[_CHANGED] = True


def settled(scope: Scope) -> Asked | None:
    """Returns what is asked; None where something is wrong with it."""
    found = scope.get(_SETTLED)
    return found if isinstance(found, Asked) else None


async def asked_of(request: Request) -> Asked:
    """Returns what is asked.

    Raises:
        HTTPException: 401 for a token that is not known, 422 for more than one release.
        LearnTogetherError: The release cannot be opened.
    """
    found = request.scope[_SETTLED]
    if isinstance(found, Exception):
        raise found
    assert isinstance(found, Asked)
    return found


def _pairs(query: bytes) -> list[tuple[str, str]]:
    # Latin-1 loses no byte; names of releases are ASCII, so any other is unknown however it is read.
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
