"""The releases of a library, each opened once, when it is first asked for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from api.pages import Pages
from api.served import Elsewhere, Served
from learntogether_kg import publishing
from learntogether_kg.errors import PurgedReleaseError, UnknownReleaseError
from learntogether_kg.library import PURGED, Library
from learntogether_kg.snapshot import Manifest, Snapshot

if TYPE_CHECKING:
    from typing import Self

Stamp = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Opened:
    """An open release.

    Attributes:
        served: What it answers.
        pages: Its pages.
        profile: The profile of disclosure control it was published under.
        restricted: Whether only protected counts may leave without a token.
        fingerprint: What changes whenever the release's content does, as hexadecimal digits.
        stamp: How its manifest looked on disk when it was opened.
        is_live: Whether it is the state of a live library, which may go on to another at any time.
    """

    served: Served
    pages: Pages
    profile: str
    restricted: bool
    fingerprint: str
    stamp: Stamp | None
    is_live: bool = False

    @classmethod
    def of(cls, release: Snapshot, elsewhere: Elsewhere | None = None) -> Self:
        """Opens a release.

        Args:
            release: The release.
            elsewhere: As for `Served`.

        Raises:
            StoreUnavailableError: It cannot be opened.
        """
        stamp = _stamp(release.path)
        served = Served.open(release, elsewhere)
        told = json.dumps(asdict(release.manifest), sort_keys=True)
        return cls(
            served,
            Pages(served),
            served.protection.profile,
            served.is_restricted,
            hashlib.sha256(told.encode()).hexdigest(),
            stamp,
        )

    @property
    def name(self) -> str:
        """Its name."""
        return self.served.manifest.release


@dataclass(frozen=True)
class Listed:
    """What the list of releases says of one.

    Attributes:
        name: Its name.
        manifest: What it says of itself; None where it was purged.
        profile: The profile of disclosure control it was published under.
        restricted: Whether only protected counts may leave without a token.
    """

    name: str
    manifest: Manifest | None
    profile: str = ""
    restricted: bool = False


class Offer(Protocol):
    """What can be asked: the releases of a folder's library, or the newest state of a live one."""

    @property
    def default(self) -> str:
        """The name of the release that is served where an address names none."""

    def ready(self, pin: str) -> Opened | None:
        """Returns a release where it is open already and as it was; else None, and `open` has to be called."""

    def open(self, pin: str = "", anew: bool = False) -> Opened:
        """Returns a release, opening it where it is not open yet; with ``anew`` looking first what has changed."""

    def listing(self) -> list[Listed]:
        """Returns what there is, oldest first."""

    def pages(self) -> Pages:
        """Returns pages to tell a problem on."""


class Releases:
    """The releases of one library.

    Args:
        library: The library. Only the folders of its releases are opened.
        name: The release that is served where an address names none; by default the newest there is at the start.
        host: The address of this machine that is listened at.
        at_most: How many releases are kept open; the one not asked for the longest is let go.
        elsewhere: As for `Served`.

    Raises:
        UnknownReleaseError: There is no such release, or none at all.
        StoreUnavailableError: It cannot be opened.
    """

    def __init__(
        self, library: Library, name: str | None, host: str, at_most: int, elsewhere: Elsewhere | None = None
    ) -> None:
        self._library = library
        self._wanted = name
        self._host = host
        self._at_most = at_most
        self._elsewhere = elsewhere
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._listed: dict[str, tuple[Stamp | None, Listed]] = {}
        self._default = library.release(name).manifest.release
        self.open(self._default)

    @property
    def default(self) -> str:
        """The name of the release that is served where an address names none."""
        return self._default

    def ready(self, pin: str) -> Opened | None:
        """Returns a release where it is open and is on disk as it was then; else None, and `open` has to be called.

        Args:
            pin: Its name; empty for the one that is served where an address names none.
        """
        name = pin or self._default
        found = self._open.get(name)
        if found is None or found.stamp != _stamp(self._library.path / "releases" / name) or self._is_purged(name):
            return None
        return found

    def open(self, pin: str = "", anew: bool = False) -> Opened:  # noqa: ARG002  # what has changed is always seen
        """Returns a release, opening it where it is not open yet. Takes long for a large one.

        Args:
            pin: Its name; empty for the one that is served where an address names none.
            anew: As for a live library.

        Raises:
            UnknownReleaseError: There is none of that name.
            PurgedReleaseError: It was purged.
            ExposureError: It holds reviews that were not published, and others than this machine could read them.
            StoreUnavailableError: It cannot be opened.
        """
        with self._lock:
            try:
                return self._opened(pin or self._default)
            except (UnknownReleaseError, PurgedReleaseError):
                if pin:
                    raise
            # The release of this server is gone; unless the operator named it, the newest takes its place.
            self._default = self._library.release(self._wanted).manifest.release
            return self._opened(self._default)

    def pages(self) -> Pages:
        """Returns the pages of the release that is served where an address names none."""
        return self.open().pages

    def listing(self) -> list[Listed]:
        """Returns all releases, oldest first, and then those that were purged."""
        kept = [self._list(release) for release in self._library.releases()]
        names = {each.name for each in kept}
        return [*kept, *(Listed(name, None) for name in self._library.purged() if name not in names)]

    def _opened(self, name: str) -> Opened:
        found = self.ready(name)
        if found is None:
            self._open.pop(name, None)
            release = self._library.release(name)
            if name != self._default:
                publishing.refuse_to_expose(release, self._host)
            found = self._open[name] = Opened.of(release, self._elsewhere)
        self._open.move_to_end(name)
        others = [each for each in self._open if each != self._default]
        for each in others[: max(len(self._open) - self._at_most, 0)]:
            del self._open[each]
        return found

    def _list(self, release: Snapshot) -> Listed:
        name, stamp = release.path.name, _stamp(release.path)
        if name not in self._listed or self._listed[name][0] != stamp:
            protection = publishing.protection(release)
            listed = Listed(name, release.manifest, protection.profile, protection.table is not None)
            self._listed[name] = (stamp, listed)
        return self._listed[name][1]

    def _is_purged(self, name: str) -> bool:
        return (self._library.path / "releases" / f"{name}{PURGED}").exists()


def _stamp(folder: Path) -> Stamp | None:
    try:
        found = (folder / "manifest.json").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
