"""Answers that need not be worked out again, here or at the client.

An answer is a pure function of the release, the address, who asks, the profile of disclosure control, the form and the
version of this software. That is the key of an answer that is kept here, and the ETag (RFC 9110, 8.8.3) by which a
client asks whether the one it has still holds; so a 304 needs no answer to be worked out.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asked import Asked, settled
from api.negotiation import welcome
from learntogether_kg import __version__

PURE: Final = (
    "/patterns",
    "/reviews",
    "/recurrence",
    "/layers",
    "/interactions",
    "/queries",
    "/ontology",
    "/typology",
    "/codelists",
    "/id",
)
"""The addresses whose answers depend on nothing but the key, with all below them; and the start page."""

OF_OTHERS: Final = ("/layers/difference",)
"""Addresses below one of these that depend on another release too, which may be purged meanwhile."""
PUBLIC: Final = "public, max-age=60"
"""Short, since an address that names no release answers from another one when the server does."""
PINNED: Final = "public, max-age=600"
"""Not for ever, since a release can be purged."""
LIVE: Final = "public, no-cache"
"""May be kept, and asked each time whether it still holds: a live library may change at any time."""
PRIVATE: Final = "private, no-store"
NOT_KEPT: Final = "no-store"
VARY: Final = "Accept, Authorization"

_LARGEST: Final = 3
"""An answer may take this part of the room and no more."""

Key = tuple[str, str, str, bytes, tuple[float, ...]]


@dataclass(frozen=True)
class Kept:
    """A rendered answer.

    Attributes:
        headers: Its headers, without those that hold for every response.
        body: Its bytes.
        route: The template of the route that gave it.
    """

    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: object


class Kitchen:
    """Rendered answers, up to a number of bytes; the one not asked for the longest goes first.

    Args:
        bytes_at_most: How much is kept.
    """

    def __init__(self, bytes_at_most: int) -> None:
        self.at_most = bytes_at_most
        self.size = 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def find(self, key: Key) -> Kept | None:
        """Returns an answer; None where it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, answer: Kept) -> None:
        """Keeps an answer, unless it alone would take a third of the room."""
        if len(answer.body) * _LARGEST > self.at_most or key in self._kept:
            return
        self._kept[key] = answer
        self.size += _size(key, answer)
        while self.size > self.at_most:
            self.size -= _size(*self._kept.popitem(last=False))


def _size(key: Key, answer: Kept) -> int:
    return len(answer.body) + len(key[3]) + sum(len(name) + len(value) for name, value in answer.headers) + 500


class CachingMiddleware:
    """Answers what is known already, and says of every answer how long it holds and for whom."""

    def __init__(self, app: ASGIApp, kitchen: Kitchen) -> None:
        self.app = app
        self._kitchen = kitchen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = settled(scope)
        headers = Headers(scope=scope)
        if asked is None or asked.role is not None or scope["method"] != "GET" or not is_pure(scope["path"]):
            signed_in = "authorization" in headers
            await self.app(scope, receive, _marking(send, PRIVATE if signed_in else "", is_pure(scope["path"])))
            return
        key = _key(scope, asked, headers.get("accept", ""))
        tag = _tag(key, asked.release.profile)
        lifetime = PINNED if asked.pin else LIVE if asked.release.is_live else PUBLIC
        fresh = _raw({"ETag": tag, "Cache-Control": lifetime, "Vary": VARY})
        if _has(headers.get("if-none-match", ""), tag):
            await send({"type": "http.response.start", "status": 304, "headers": fresh})
            await send({"type": "http.response.body", "body": b""})
            return
        kept = self._kitchen.find(key)
        if kept is None:
            await self.app(scope, receive, _Keeper(self._kitchen, key, fresh, scope, send).send)
            return
        scope["route"] = kept.route
        await send({"type": "http.response.start", "status": 200, "headers": [*kept.headers, *fresh]})
        await send({"type": "http.response.body", "body": kept.body})


def is_pure(path: str) -> bool:
    """Returns whether the answer at an address depends on nothing but the key."""
    return path == "/" or (_stands_below(path, PURE) and not _stands_below(path, OF_OTHERS))


def _stands_below(path: str, addresses: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith((f"{each}/", f"{each}.")) for each in addresses)


class _Keeper:
    """Passes an answer on and keeps it if it is a good one and not too long."""

    def __init__(self, kitchen: Kitchen, key: Key, fresh: list[tuple[bytes, bytes]], scope: Scope, send: Send) -> None:
        self._kitchen, self._key, self._fresh, self._scope, self._send = kitchen, key, fresh, scope, send
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._parts: list[bytes] = []
        self._length = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if pair[0] not in (b"vary", b"cache-control", b"etag")]
            good = message["status"] == 200  # noqa: PLR2004  # the only status of an answer
            self._headers = headers if good else None
            more = self._fresh if good else _raw({"Cache-Control": NOT_KEPT, "Vary": VARY})
            message = {**message, "headers": [*headers, *more]}
        elif message["type"] == "http.response.body" and self._headers is not None:
            self._collect(message.get("body", b""), message.get("more_body", False))
        await self._send(message)

    def _collect(self, part: bytes, more: bool) -> None:
        self._length += len(part)
        if self._length * _LARGEST > self._kitchen.at_most:
            self._parts.clear()
            self._headers = None
            return
        self._parts.append(part)
        if not more:
            assert self._headers is not None
            self._kitchen.keep(self._key, Kept(self._headers, b"".join(self._parts), self._scope.get("route")))


def _marking(send: Send, lifetime: str, pure: bool) -> Send:
    """Returns what passes an answer on with its lifetime, where that is not the route's own to say."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if lifetime:
                headers["Cache-Control"] = lifetime
            elif pure:
                headers["Cache-Control"] = NOT_KEPT
            if lifetime or pure:
                headers["Vary"] = VARY
        await send(message)

    return marked


def _key(scope: Scope, asked: Asked, accept: str) -> Key:
    return (asked.release.fingerprint, asked.pin, scope["path"], scope["query_string"], welcome(accept))


def _tag(key: Key, profile: str) -> str:
    told = repr((*key, profile, __version__, None)).encode()
    return f'"{hashlib.sha256(told).hexdigest()[:32]}"'


def _has(given: str, tag: str) -> bool:
    """Returns whether If-None-Match names a tag; a proxy that packs answers makes it a weak one (RFC 9110, 13.1.2)."""
    return bool(given) and tag in (each.strip().removeprefix("W/") for each in given.split(","))


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
