"""One request from the command line or an address, asked of one release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from learntogether_kg import coding_table
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.live_state import LiveState
from learntogether_kg.recurrence.answer import Protect, ProtectPairs, Result, pair_up, tabulate, triple_up
from learntogether_kg.recurrence.chance import FOLDER, Chance
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.question import ask
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.snapshot import Snapshot

if TYPE_CHECKING:
    from typing import Self

MOST_PERMUTATIONS: Final = 10_000
OPEN: Final = "open"


@dataclass(frozen=True)
class Request:
    """What was asked, as it was typed; see `question.ask`.

    Attributes:
        by: Names of dimensions.
        where: Pairs of a dimension and a value.
        codes: Which codes of an item count.
        coder: Whose coding counts.
        year: Which kind of year.
        pairs: Whether pairs of patterns are asked for.
        triples: Whether triples are.
        permutations: How many matrices of chance to draw for pairs.
        profile: The name of a profile of disclosure control to answer under; empty for that of the release.
    """

    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    codes: str = "primary"
    coder: str = ""
    year: str = ""
    pairs: bool = False
    triples: bool = False
    permutations: int = 0
    profile: str = ""


@dataclass(frozen=True)
class Protection:
    """Disclosure control, as it is applied to every answer before anything is worked out from it.

    Attributes:
        profile: The name of the profile.
        table: What it does to a table; None where everything is shown.
        pairs: What it does to pairs.
        explanation: What the profile does to counts, for their reader; empty where everything is shown.
    """

    profile: str = OPEN
    table: Protect | None = None
    pairs: ProtectPairs | None = None
    explanation: str = ""


@dataclass(frozen=True, eq=False)
class Counted:
    """A release whose coding table is in memory.

    Attributes:
        coding: The coding table.
        release: How answers name the release.
        chance: What tests against chance told, kept since they take time.
    """

    coding: Coding
    release: str
    chance: Chance = field(default_factory=Chance, repr=False)

    @classmethod
    def of(cls, release: Snapshot | LiveState) -> Self:
        """Returns a release, a state of a library folder, or one of a live library.

        Raises:
            StateChangedError: A live library went on to another state meanwhile.
            StoreUnavailableError: Its coding table cannot be read.
        """
        table = coding_table.extract(release.store) if isinstance(release, LiveState) else release.coding()
        coding = read_coding(table, release.store)
        del table
        # Arrow keeps what a table took for the next one: at 10,000 reviews 190 MB that a server never needs again.
        pa.default_memory_pool().release_unused()
        if isinstance(release, LiveState):
            return cls(coding, release.name)
        manifest = release.manifest
        if not manifest.release:
            return cls(coding, f"state {manifest.state}")
        return cls(coding, manifest.release, Chance(release.path / FOLDER))

    def answer(self, request: Request, protection: Protection | None = None) -> Result:
        """Returns the answer to a request.

        Args:
            request: What is asked.
            protection: Disclosure control; without one everything is shown.

        Raises:
            QueryArgumentError: An argument is unknown or not of its type.
            DisclosureError: The profile does not answer it.
        """
        protection = protection or Protection()
        question = ask(self.coding, request.by, request.where, request.codes, request.coder, request.year)
        if not request.pairs and not request.triples:
            return tabulate(self.coding, question, self.release, protection.profile, protection.table)
        for dimension in question.by:
            if dimension.of != "pattern":
                reason = f"pairs are of types or of patterns, not by {dimension.name}; filter on it with where instead"
                raise QueryArgumentError("recurrence", "by", reason)
        for each in question.where:
            if each.dimension.of in ("pattern", "item"):
                reason = (
                    f"pairs cannot be filtered by {each.dimension.name}; filter by a fact about reviews or by influence"
                )
                raise QueryArgumentError("recurrence", each.dimension.name, reason)
        if not 0 <= request.permutations <= MOST_PERMUTATIONS:
            raise QueryArgumentError("recurrence", "permutations", f"give a number from 0 to {MOST_PERMUTATIONS}")
        if request.triples:
            if protection.pairs:
                reason = f"the profile {protection.profile} does not allow triples; ask for pairs"
                raise QueryArgumentError("recurrence", "triples", reason)
            return triple_up(self.coding, question, self.release, protection.profile)
        # What a profile protects is shown without a test, so none is made.
        permutations = 0 if protection.pairs else request.permutations
        return pair_up(
            self.coding, question, self.release, permutations, protection.profile, protection.pairs, self.chance
        )
