"""The one release that is served, and what is known of it from the start."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import queries, query_files
from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import UnknownReviewError
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import CL, LT, PREFIXES, local_name
from learntogether_kg.parts import Parts, Walk, walk
from learntogether_kg.publishing import protection as protection_of
from learntogether_kg.queries import Vocabulary
from learntogether_kg.recurrence.index import CoderCodes
from learntogether_kg.recurrence.named import TABLE, ask_named
from learntogether_kg.recurrence.named import answer as count_named
from learntogether_kg.recurrence.request import Counted, Protection
from learntogether_kg.snapshot import Manifest, Snapshot

if TYPE_CHECKING:
    from typing import Self

Elsewhere = Callable[[Path, str, Mapping[str, str]], Answer]
_SMALL: Final = 100
"""Up to so many reviews and syntheses no named query takes long."""
_LONG, _AT_MOST = 5000, 32
"""So many whole answers are kept, each of so many rows."""
_READING: Final = threading.Lock()
"""Held while a coding table is read, so that several who ask for it at once wait for one reading."""


@dataclass(frozen=True)
class Served:
    """An open release. It never changes, so what is asked again and again of it is kept.

    Attributes:
        release: The release, or the state of a live library.
        elsewhere: What asks a named query of the store in a folder outside of this process, under limits; None where
            all are asked here.
    """

    release: Snapshot | LiveState
    elsewhere: Elsewhere | None = None
    _known: OrderedDict[str, Answer] = field(default_factory=OrderedDict, repr=False, compare=False)

    @classmethod
    def open(cls, release: Snapshot | LiveState, elsewhere: Elsewhere | None = None) -> Self:
        """Opens a release. What needs to be read through is read when it is first asked for; of a live library at once.

        Args:
            release: The release, or the state of a live library.
            elsewhere: See above.

        Raises:
            StoreUnavailableError: It cannot be opened.
            StateChangedError: The live library went on to another state meanwhile.
        """
        found = cls(release, elsewhere)
        if isinstance(release, LiveState):
            # A server keeps no earlier state: what pages need is read while it is at this one.
            _ = found.counted, found.reviews, found.patterns, found.caution
        else:
            assert release.store is not None
        return found

    @classmethod
    def unread(cls, state: LiveState) -> Self:
        """Returns a state of a live library to tell problems on, of which nothing is asked: the server may be down."""
        found = cls(LiveState.unread(state))
        vars(found).update(reviews={}, patterns={}, caution="")
        return found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What its resources are called."""
        return Vocabulary(self.release.store)

    @cached_property
    def parts(self) -> Parts | None:
        """Where its reviews are asked one after the other; None of a live library, whose server is asked itself."""
        if not isinstance(self.release, Snapshot):
            return None

        def coded_as(pattern: URIRef, influence: URIRef | None, on: tuple[str, ...]) -> Container[URIRef]:
            return self.counted.coding.coded_as(pattern, influence, on)  # the table is read when that is first asked

        return Parts(self.release.store, self.vocabulary, coded_as)

    @cached_property
    def reviews(self) -> Mapping[str, URIRef]:
        """Its reviews by the last part of their IRI, which is also the last part of their page's address."""
        if isinstance(self.release, LiveState):
            return {local_name(iri): iri for iri in self.vocabulary.choices("lt:Review").labels}
        return {local_name(iri): iri for iri in self.release.store.graphs_with(None, RDF.type, LT.Review)}

    @cached_property
    def patterns(self) -> Mapping[str, Resource]:
        """Its patterns by the name that each has in an address."""
        choices = self.vocabulary.choices("lt:Pattern")
        return {choices.names[iri]: Resource(label, str(iri)) for iri, label in choices.labels.items()}

    def pattern_name(self, iri: str) -> str | None:
        """Returns the name that a pattern has in an address; None of what is no pattern of this release."""
        return self.vocabulary.choices("lt:Pattern").names.get(URIRef(iri))

    @cached_property
    def caution(self) -> str:
        """What every page with figures says of what they rest on: invented reviews, machine coders.

        Empty where all reviews are real and only people coded.
        """
        notices = (
            _synthetic_notice(self.reviews.values(), self._made_up()),
            _coding_notice(self.counted.coding.coders),
        )
        return " ".join(notice for notice in notices if notice)

    def _made_up(self) -> set[URIRef]:
        """Returns the reviews that are invented."""
        if isinstance(self.release, Snapshot):
            return set(self.release.store.graphs_with(None, LT.synthetic, Literal(True)))
        rows = queries.ask(self.release.store, "reviews", vocabulary=self.vocabulary).as_records()
        return {URIRef(str(row["review"]["iri"])) for row in rows if row["synthetic"] is True}  # type: ignore[index]

    @cached_property
    def counted(self) -> Counted:
        """Its coding table in memory, read when first asked for."""
        with _READING:
            known = self.__dict__.get("counted")
            return known if isinstance(known, Counted) else Counted.of(self.release)

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
    def is_whole(self) -> bool:
        """Whether it holds as many quads as were published; counted once, as what is open here never changes."""
        return self.release.is_whole()

    @cached_property
    def is_restricted(self) -> bool:
        """Whether only protected counts may leave."""
        return self.protection.table is not None

    @property
    def is_small(self) -> bool:
        """Whether it holds so little that no named query takes long."""
        return self.manifest.studies <= _SMALL

    @property
    def manifest(self) -> Manifest:
        """What the release says of itself."""
        return self.release.manifest

    def ask(self, name: str, arguments: Mapping[str, str] | None = None) -> Answer:
        """Asks a named query of the release, whole.

        Where it is not counted over the coding table and the release is large, that may take long, so it is asked
        where it can be stopped, and kept.

        Raises:
            UnknownQueryError: No query has that name.
            QueryArgumentError: An argument is unknown or not of its type.
            TooLongError: It takes longer than is allowed here.
        """
        if self.elsewhere is None or self.is_small or isinstance(self.release, LiveState):
            return ask_named(self.release.store, name, arguments, lambda: self.counted.coding, self.vocabulary)
        query, given = query_files.named(name), arguments or {}
        counts = query.counts_over == TABLE
        counted = count_named(self.counted.coding, self.release.store, name, given, self.vocabulary) if counts else None
        if counted is not None:
            return counted
        key = query.bind(queries.read_arguments(query, given, self.vocabulary).terms)
        found = self._known.get(key)
        if found is None:
            found = self.elsewhere(self.release.path / "store", name, given)
            if len(found.rows) <= _LONG:
                self._known[key] = found
                while len(self._known) > _AT_MOST:
                    self._known.popitem(last=False)
        return found

    def answer(self, name: str, arguments: Mapping[str, str] | None = None) -> Answer | Walk:
        """Returns the answer of a named query: worked out, or to be worked out as far as it is asked for.

        Raises:
            UnknownQueryError: No query has that name.
            QueryArgumentError: An argument is unknown or not of its type.
            TooLongError: It takes longer than is allowed here.
        """
        walked = walk(self.parts, query_files.named(name), arguments or {}) if self.parts else None
        return self.ask(name, arguments) if walked is None else walked

    def review(self, name: str) -> Resource:
        """Returns a review by the last part of its IRI.

        Raises:
            UnknownReviewError: There is none.
        """
        try:
            iri = self.reviews[name]
        except KeyError:
            raise UnknownReviewError(name) from None
        return Resource(self.vocabulary.labels.of(iri), str(iri))

    def graph(self, resource: Resource) -> Graph:
        """Returns the named graph of a review, with the prefixes under which people write its terms."""
        graph = self.release.store.graph(URIRef(resource.iri))
        for prefix, namespace in PREFIXES.items():
            graph.bind(prefix, namespace)
        return graph

    def address(self, resource: Resource) -> str | None:
        """Returns the address of the page about a resource; None where it has none."""
        name = local_name(resource.iri)
        if str(self.reviews.get(name)) == resource.iri:
            return f"/reviews/{name}"
        pattern = self.pattern_name(resource.iri)
        return f"/patterns/{pattern}" if pattern else None


def _synthetic_notice(reviews: Collection[URIRef], made_up: Container[URIRef]) -> str:
    """Says that reviews are invented, where any are."""
    synthetic = [review in made_up for review in reviews]
    if not any(synthetic):
        return ""
    return (
        f"{'The' if all(synthetic) else 'Some of the'} reviews here are synthetic: invented, for teaching or testing."
    )


def _coding_notice(coders: Iterable[CoderCodes]) -> str:
    """Says what a figure rests on. The coders are those who have coded at least one review."""
    kinds = {coder.kind.iri for coder in coders}
    if str(CL.machine) not in kinds:
        return ""
    if len(kinds) == 1:
        return "Coding here is by machine coders, checked by no person."
    return "Some of the coding here is by machine coders, checked by no person."
