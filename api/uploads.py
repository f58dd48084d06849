"""An upload: whether it may be made, and what it holds. It is read into memory, under limits, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from api.checking import busy
from learntogether_kg.ingest.archive import MAX_BYTES

_ENVELOPE: Final = 64 * 1024
"""Bytes for the boundaries and the other fields of a form."""
_LARGEST: Final = MAX_BYTES + _ENVELOPE
_READ_ON: Final = 5 * MAX_BYTES
"""How far too large an upload is read to its end and thrown away; a browser shows an answer only after that."""
_SECONDS: Final = 60
_AT_ONCE: Final = 8
_LONGEST_NAME: Final = 120
_TOO_LARGE: Final = f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; a review is not"
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_DENIED: Final = (
    "Reviews are checked here only for who sits at the machine that serves this page. On your own machine, "
    "`ltkg validate FILE` gives the same report"
)


@dataclass(frozen=True)
class Form:
    """What was sent.

    Attributes:
        name: The file's name, without folders.
        data: What the file holds.
        fields: The other fields.
    """

    name: str
    data: bytes
    fields: dict[str, str]


class Receiver:
    """Receives uploads, a fixed number at once.

    Args:
        open_to_all: Whether others than this machine may upload.
    """

    def __init__(self, open_to_all: bool) -> None:
        self.open_to_all = open_to_all
        self._under_way = 0

    def admits(self, request: Request) -> bool:
        """Returns whether who asks may upload: this machine itself, unless the operator lets others in too.

        What a proxy on this machine passes on comes from elsewhere, and so does what a browser calls by another name.
        """
        return self.open_to_all or is_at_home(request)

    async def receive(self, request: Request) -> Form:
        """Returns what a form sends.

        Raises:
            HTTPException: 403 for who may not upload, 408 for who takes too long, 413, 415 or 422 for what is no form
                with one file of fitting size, 503 where too many upload at once.
        """
        if not self.admits(request):
            raise HTTPException(403, _DENIED)
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise HTTPException(403, "Another site's page sent this. Open /validate and choose the file there")
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise HTTPException(415, "Send the file as a form (multipart/form-data) with a field named file")
        async with self._one_more():
            try:
                async with asyncio.timeout(_SECONDS):
                    return await _parse(request)
            except TimeoutError:
                raise HTTPException(408, f"The upload took longer than {_SECONDS} seconds. Try again") from None

    @asynccontextmanager
    async def _one_more(self) -> AsyncIterator[None]:
        if self._under_way >= _AT_ONCE:
            raise busy()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


def is_at_home(request: Request) -> bool:
    """Returns whether a request comes from this machine itself, called by a name of its own and not through a proxy."""
    passed_on = any(name in request.headers for name in _FORWARDED)
    client = request.client.host if request.client else ""
    return not passed_on and _is_loopback(client) and _is_loopback(request.url.hostname or "")


class _MemoryParser(MultiPartParser):
    """A parser that keeps files in memory: the spool goes to disk beyond its size, which no upload reaches."""

    spool_max_size = _LARGEST + 1


async def _parse(request: Request) -> Form:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _READ_ON:
        raise HTTPException(413, _TOO_LARGE)
    parser = _MemoryParser(request.headers, _bounded(request), max_files=1, max_fields=5, max_part_size=1024)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(422, f"The form cannot be read: {error.message}") from error
    try:
        return await _read(form)
    finally:
        await form.close()


async def _read(form: FormData) -> Form:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise HTTPException(422, "No file was chosen. Choose a workbook (.xlsx), or a review as .ttl, .trig or .jsonld")
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Form(_plain(file.filename), await file.read(), fields)


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """Yields what is sent, up to the limit; what exceeds it is read on for a while, kept nowhere, and refused."""
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > _READ_ON:
            break
        if total <= _LARGEST:
            yield chunk
    if total > _LARGEST:
        raise HTTPException(413, _TOO_LARGE)


def _plain(name: str) -> str:
    """Returns a file's name without folders and without what cannot be shown."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    shown = "".join(letter for letter in last if letter.isprintable())
    return shown[-_LONGEST_NAME:] or "upload"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
