"""The one release that is served, and what is known of it from the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rdflib import Graph, URIRef

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import UnknownReviewError
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import CL, PREFIXES
from learntogether_kg.recurrence.named import ask_named
from learntogether_kg.recurrence.request import Counted, Protection
from learntogether_kg.reviews import protection as protection_of
from learntogether_kg.snapshot import Manifest, Snapshot
from learntogether_kg.store.base import Store

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True)
class Served:
    """An open release. It never changes, so what every page needs of it is read once.

    Attributes:
        release: The release, or the state of a live library.
        reviews: Its reviews by the last part of their IRI, which is also the last part of their page's address.
        patterns: Its patterns, likewise.
        caution: What every page with figures says of what they rest on: invented reviews, machine coders. Empty where
            all reviews are real and only people coded.
    """

    release: Snapshot | LiveState
    reviews: Mapping[str, Resource]
    patterns: Mapping[str, Resource]
    caution: str

    @classmethod
    def open(cls, release: Snapshot | LiveState) -> Self:
        """Opens a release.

        Raises:
            StoreUnavailableError: It cannot be opened.
        """
        store = release.store
        reviews = queries.ask(store, "reviews")
        counted = Counted.of(release) if isinstance(release, LiveState) else None
        notices = (_synthetic_notice(reviews), _coding_notice(_coder_kinds(store, counted)))
        found = cls(
            release,
            reviews=_by_local_name(reviews, "review"),
            patterns=_by_local_name(queries.ask(store, "pattern-list"), "pattern"),
            caution=" ".join(notice for notice in notices if notice),
        )
        if counted is not None:
            vars(found)["counted"] = counted  # it was extracted over a network already
        return found

    @cached_property
    def counted(self) -> Counted:
        """Its coding table in memory, read when first asked for."""
        return Counted.of(self.release)

    @cached_property
    def protection(self) -> Protection:
        """The disclosure control that every figure passes before it leaves."""
        return protection_of(self.release)

    def protect(self, profile: str = "") -> Protection:
        """Returns the disclosure control of an answer.

        Args:
            profile: The name of a profile to answer under in place of the release's own; only a stricter one is.

        Raises:
            ProfileError: There is none of that name.
            DisclosureError: It would show more, or the release was not prepared for one.
        """
        return protection_of(self.release, profile) if profile else self.protection

    @cached_property
    def is_restricted(self) -> bool:
        """Whether only protected counts may leave."""
        return self.protection.table is not None

    @property
    def manifest(self) -> Manifest:
        """What the release says of itself."""
        return self.release.manifest

    def ask(self, name: str, arguments: Mapping[str, str] | None = None) -> Answer:
        """Asks a named query of the release; see `ask_named`."""
        return ask_named(self.release.store, name, arguments, lambda: self.counted.coding)

    def review(self, name: str) -> Resource:
        """Returns a review by the last part of its IRI.

        Raises:
            UnknownReviewError: There is none.
        """
        try:
            return self.reviews[name]
        except KeyError:
            raise UnknownReviewError(name) from None

    def graph(self, resource: Resource) -> Graph:
        """Returns the named graph of a review, with the prefixes under which people write its terms."""
        graph = self.release.store.graph(URIRef(resource.iri))
        for prefix, namespace in PREFIXES.items():
            graph.bind(prefix, namespace)
        return graph

    def address(self, resource: Resource) -> str | None:
        """Returns the address of the page about a resource; None where it has none."""
        name = local_name(resource.iri)
        for page, known in (("reviews", self.reviews), ("patterns", self.patterns)):
            if name in known and known[name].iri == resource.iri:
                return f"/{page}/{name}"
        return None


def local_name(iri: str) -> str:
    """Returns the last part of an IRI, by which a query's parameter and a page's address call the resource."""
    return iri.rpartition("/")[2].rpartition("#")[2]


def column(answer: Answer, name: str) -> Iterable[object]:
    """Returns the values of one column, row by row."""
    index = answer.columns.index(name)
    return [row[index] for row in answer.rows]


def _by_local_name(answer: Answer, name: str) -> dict[str, Resource]:
    return {local_name(value.iri): value for value in column(answer, name) if isinstance(value, Resource)}


def _synthetic_notice(answer: Answer) -> str:
    """Says that reviews are invented, where any are."""
    synthetic = [value is True for value in column(answer, "synthetic")]
    if not any(synthetic):
        return ""
    return (
        f"{'The' if all(synthetic) else 'Some of the'} reviews here are synthetic: invented, for teaching or testing."
    )


def _coder_kinds(store: Store, counted: Counted | None) -> set[str]:
    """Returns the kinds of coders who have coded at least one review; not every server answers the query for them."""
    if counted is not None:
        return {coder.kind.iri for coder in counted.coding.coders}
    kinds = column(queries.ask(store, "coding-by-coder-kind"), "coderKind")
    return {value.iri for value in kinds if isinstance(value, Resource)}


def _coding_notice(kinds: set[str]) -> str:
    """Says what a figure rests on."""
    if str(CL.machine) not in kinds:
        return ""
    if len(kinds) == 1:
        return "Coding here is by machine coders, checked by no person."
    return "Some of the coding here is by machine coders, checked by no person."
