"""The newest state of a live library, in the place of the releases of a folder."""

from __future__ import annotations

import hashlib
import threading
import time

from api.pages import Pages
from api.releases import Listed, Opened
from api.served import Served
from learntogether_kg import publishing
from learntogether_kg.errors import PassedStateError, StateChangedError, StoreUnavailableError, UnknownReleaseError
from learntogether_kg.live import LiveLibrary
from learntogether_kg.live_state import LiveState


class LiveReleases:
    """What a live library answers: one state at a time, the newest. Nothing is asked of the server before it must be.

    Args:
        library: The library.
        host: The address of this machine that is listened at.
        seconds: How long it is taken to be at the state that it was at when it was last looked at.

    Raises:
        StoreUnavailableError: The server does not answer.
    """

    def __init__(self, library: LiveLibrary, host: str, seconds: float) -> None:
        self._library = library
        self._host = host
        self._seconds = seconds
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._failed: StoreUnavailableError | None = None
        self._newest = library.newest()
        self._opened: Opened | None = None

    @property
    def default(self) -> str:
        """How the state is named that answers."""
        return self._newest.name

    def ready(self, pin: str) -> Opened | None:
        """Returns the state where it is open and was looked at just now; else None, and `open` has to be called.

        Args:
            pin: Its name; empty for the newest.
        """
        found = self._opened
        if found is None or self._failed or not self._is_fresh() or (pin and pin != found.name):
            return None
        return found

    def open(self, pin: str = "", anew: bool = False) -> Opened:
        """Returns the state the library is at, asking the server for it.

        Args:
            pin: Its name; empty for the newest.
            anew: Whether to look though it was looked at just now.

        Raises:
            PassedStateError: The library went on from the state of that name.
            UnknownReleaseError: It never was at one of that name.
            ExposureError: It holds reviews that were not published, and others than this machine could read them.
            StoreUnavailableError: The server does not answer.
        """
        with self._lock:
            if anew or not self._is_fresh():
                self._look()
            if self._failed:
                raise self._failed
            self._refuse_other(pin)
            if self._opened is None or self._opened.name != self._newest.name:
                try:
                    self._opened = self._open(self._newest)
                except StateChangedError:
                    self._looked_at = 0.0
                    raise
            return self._opened

    def listing(self) -> list[Listed]:
        """Returns the one state there is."""
        newest = self._newest
        return [Listed(newest.name, newest.manifest, publishing.protection(newest).profile)]

    def pages(self) -> Pages:
        """Returns pages to tell a problem on, though the server may not answer."""
        return self._opened.pages if self._opened else Pages(Served.unread(self._newest))

    def _is_fresh(self) -> bool:
        return bool(self._looked_at) and time.monotonic() - self._looked_at < self._seconds

    def _look(self) -> None:
        """Asks the server which state it is at. That it does not answer is remembered as long, so that none waits."""
        self._failed = None
        try:
            number = self._library.state()
            if number != self._newest.number:
                self._newest = self._library.at(number)
        except StoreUnavailableError as error:
            self._failed = error
        self._looked_at = time.monotonic()

    def _refuse_other(self, pin: str) -> None:
        newest = self._newest
        if not pin or pin == newest.name:
            return
        number = pin.removeprefix("state-")
        if number != pin and number.isascii() and number.isdigit() and 0 < int(number[:9]) < newest.number:
            raise PassedStateError(newest.server.endpoint, pin, newest.number)
        raise UnknownReleaseError(newest.server.endpoint, pin, [newest.name])

    def _open(self, state: LiveState) -> Opened:
        publishing.refuse_to_expose(state, self._host)
        served = Served.open(state)
        told = repr((state.server.endpoint, state.number))
        fingerprint = hashlib.sha256(told.encode()).hexdigest()
        return Opened(served, Pages(served), served.protection.profile, False, fingerprint, None, is_live=True)
