"""Making a state a release under a profile of disclosure control, and what that profile lets others see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from learntogether_kg import queries, reviews, withheld
from learntogether_kg.disclosure import storage
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.questions import check_release
from learntogether_kg.disclosure.worlds import MOST_MINUTES, alternatives
from learntogether_kg.errors import DisclosureError, ExposureError
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.live_state import LiveState
from learntogether_kg.recurrence import restricted
from learntogether_kg.recurrence.request import Counted, Protection
from learntogether_kg.snapshot import DISCLOSURE, Snapshot

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""The addresses that only this machine can reach."""


def publish(
    library: Library,
    name: str | None = None,
    profile: str = "open",
    progress: Callable[[int], None] = lambda _: None,
    minutes: float = MOST_MINUTES,
) -> Snapshot:
    """Makes the newest state a release, under a profile of disclosure control that holds for it from then on.

    Args:
        library: The library.
        name: The release's name; by default today's date.
        profile: The name of a bundled profile, or the path of one's own.
        progress: Told now and then of how many small counts are still to be protected; it starts anew where another
            alternative library is needed.
        minutes: How long protection is looked for, at most.

    Raises:
        ProfileError: There is no such profile.
        DisclosureError: The release nearly is another one, its small counts cannot be protected, or the time is up.
    """
    rules = Profile.load(profile)
    if not rules.restricted:
        return library.publish(name)

    def protect(state: Snapshot, folder: Path) -> None:
        known = _known_releases(library)
        before = known[-1].worlds if known else None
        population = restricted.population(Counted.of(state).coding, before.population if before else None)
        check_release(population.names, [(each.release, each.names) for each in known], rules)
        protected = alternatives(population, rules, before, progress=progress, minutes=minutes)
        (folder / DISCLOSURE).mkdir()
        storage.write(folder / DISCLOSURE, protected, rules)

    return library.publish(name, protect)


def _known_releases(library: Library) -> list[withheld.Known]:
    """Returns the releases under a restricted profile that there are, or were before a purge, oldest first."""
    kept = ((each.manifest, storage.read_worlds(each.path / DISCLOSURE)) for each in library.releases())
    there = [withheld.Known(told.release, told.state, told.made, 0, each) for told, each in kept if each is not None]
    return sorted((*there, *withheld.read(library.path)), key=lambda known: (known.state, known.made))


def copied(live: LiveLibrary, folder: Path) -> Library:
    """Returns a folder's library whose newest state is what a live library holds, so that it can be published there.

    Args:
        live: The live library.
        folder: The folder's library; made where there is none.

    Raises:
        LibraryError: The folder holds something else.
        StoreUnavailableError: The server does not answer.
    """
    library = reviews.init(folder)
    reviews.vet(library)
    live.snapshot_into(library)
    return library


def protection(release: Snapshot | LiveState, profile: str | None = None) -> Protection:
    """Returns the disclosure control of answers about a release: that of the profile it was published under.

    Args:
        release: The release.
        profile: The name of a profile to answer under instead, at least as strict.

    Raises:
        ProfileError: There is no such profile.
        DisclosureError: The release's own profile is stricter, or it has none and was not prepared for one.
    """
    asked = Profile.named(profile) if profile else None
    if isinstance(release, LiveState):
        if asked is not None and asked.restricted:
            instead = f"publish a release of it with `ltkg publish --to DIR --profile {asked.name}` and ask that"
            raise DisclosureError("profile", "a live library is asked and served under profile open only", instead)
        return Protection()
    protected = storage.read_protected(release.path / DISCLOSURE)
    if protected is None:
        if asked is not None and asked.restricted:
            made = f"release {release.manifest.release} was published without a profile"
            raise DisclosureError("profile", made, f"publish one with `ltkg publish NAME --profile {asked.name}`")
        return Protection()
    if asked is not None and asked != protected.profile:
        worlds = storage.read_worlds(release.path / DISCLOSURE)
        stricter = protected.profile.or_stricter(asked)
        protected = Protected.of(worlds, stricter) if worlds else protected
    return restricted.protection(protected)


def refuse_to_expose(release: Snapshot | LiveState, host: str) -> None:
    """Makes sure that others are only shown reviews that are published already: pages show whole records.

    Of a release under a restricted profile others see protected counts only, so it may hold any.

    Args:
        release: What is to be served.
        host: The address to be listened on.

    Raises:
        ExposureError: Others could reach the address, and the release holds reviews that are not published.
    """
    hidden = [] if host in LOOPBACK or protection(release).table is not None else queries.unpublished(release.store)
    if hidden:
        raise ExposureError(release.manifest.release, host, len(hidden))
