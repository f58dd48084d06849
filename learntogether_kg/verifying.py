"""Whether a library is whole: what it says of itself against what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from learntogether_kg.errors import LearnTogetherError
from learntogether_kg.library import Library
from learntogether_kg.snapshot import Snapshot


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is wrong with it.

    Attributes:
        what: A state or a release.
        damage: What is wrong, in words; empty where nothing is.
    """

    what: str
    damage: str = ""


def verify(library: Library) -> Iterator[Finding]:
    """Yields what is found of the newest state and of each release of a library, one after the other.

    Of a release each file is held against its hash, of a state the number of quads against what was counted, since a
    state is replaced by the next one. What a state or a release holds is read, its coding table too.

    Raises:
        StoreUnavailableError: Which state is the newest cannot be read.
    """
    state = library.current()
    yield Finding(f"state {state.path.name}", _damage(state))
    for release in library.releases():
        yield Finding(f"release {release.path.name}", _damage(release))


def _damage(snapshot: Snapshot) -> str:
    try:
        altered = snapshot.altered_files()
        if altered:
            return f"not as published: {', '.join(altered)}; restore it from a backup, or publish anew"
        if not snapshot.is_whole():
            return f"holds {len(snapshot.store)} quads in place of {snapshot.manifest.quads}; restore it from a backup"
        snapshot.coding()
    except LearnTogetherError as error:
        return str(error)
    return ""
