"""What is kept of releases under a restricted profile that were purged, so that later ones cannot be held against them.

Their answers were seen, and some have copies. A release that differs from one of them by the purged review alone would
tell by subtraction what is known of that review. So the alternatives of the others stay, in custody, and the number of
those that are gone::

    custody/alternatives/<release>/    alternatives.npz and about.json
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from learntogether_kg.disclosure import storage
from learntogether_kg.disclosure.worlds import Worlds
from learntogether_kg.disk import bring_to_disk, replace_text
from learntogether_kg.errors import StoreUnavailableError

if TYPE_CHECKING:
    from typing import Self

FOLDER: Final = Path("custody", "alternatives")
"""In a library's folder."""
_ABOUT: Final = "about.json"


@dataclass(frozen=True)
class Known:
    """A release of which the public has or had the answers.

    Attributes:
        release: Its name.
        state: The number of the state it was made of.
        made: When it was made.
        gone: How many of its reviews were purged since.
        worlds: It and its alternatives, without those.
    """

    release: str
    state: int
    made: str
    gone: int
    worlds: Worlds

    @property
    def names(self) -> list[str]:
        """The names of its reviews; those that are gone have one that no review has."""
        return [*self.worlds.population.names, *(f"purged {number + 1}" for number in range(self.gone))]

    def without(self, names: Callable[[str], bool]) -> Self:
        """Returns it without the reviews whose names are of a certain kind."""
        gone = [name for name in self.worlds.population.names if names(name)]
        return type(self)(self.release, self.state, self.made, self.gone + len(gone), self.worlds.without(gone))


def write(library: Path, known: Known) -> None:
    """Writes one, or puts it in the place of the one of that name; a kill in between loses nothing that protects."""
    folder = library / FOLDER / known.release
    folder.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"state": known.state, "made": known.made, "gone": known.gone}) + "\n"
    if (folder / _ABOUT).exists():
        replace_text(folder / _ABOUT, about)  # a number too high is safe, one too low is not
    _write_worlds(folder, known.worlds)
    replace_text(folder / _ABOUT, about)


def read(library: Path) -> list[Known]:
    """Returns those of a library, sorted by name.

    Raises:
        StoreUnavailableError: A file is damaged.
    """
    return [_read(path.parent) for path in sorted((library / FOLDER).glob(f"*/{_ABOUT}"))]


def _write_worlds(folder: Path, worlds: Worlds) -> None:
    beside = folder / "new"
    beside.mkdir(exist_ok=True)
    storage.write_worlds(beside, worlds)
    bring_to_disk(beside)
    (beside / storage.SECRET).rename(folder / storage.SECRET)
    beside.rmdir()


def _read(folder: Path) -> Known:
    worlds = storage.read_worlds(folder)
    if worlds is None:
        raise StoreUnavailableError(folder, f"{storage.SECRET} is missing")
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return Known(folder.name, worlds=worlds, **about)
    except (OSError, ValueError, TypeError) as error:
        raise StoreUnavailableError(folder, f"it cannot be read: {error}") from error
