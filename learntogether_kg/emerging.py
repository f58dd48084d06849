"""Candidates for new sub-patterns: items that coders could place under a type only, grouped by likeness of wording.

A group is a suggestion by a program that compares letters and knows nothing of practice. It is offered to people who
extend the typology, with all it rests on, and is never stored as coding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import QueryArgumentError

QUERY: Final = "items-coded-at-type-only"
"""The named query whose answer is grouped."""
LIKENESS: Final = 0.2
"""By default, how alike the statements of a group are on average: the middle of the range in which the sentences in
``tests/emerging/tune.toml`` fall into their groups."""
MOST_ITEMS: Final = 5000
"""Of one type: all pairs are compared, so time and memory grow with the square."""
METHOD: Final = (
    "Suggested by a program from likeness of wording alone: runs of three to five letters weighted by tf-idf, cosine, "
    "average linkage. Nobody has coded these as a pattern; a person must read the items"
)
_SHARED_WORDS: Final = 6
_FEWEST_REVIEWS: Final = 2
"""What stands in one review only does not recur."""


@dataclass(frozen=True)
class Item:
    """A finding, factor or interaction that was coded as a type and as nothing finer.

    Attributes:
        item: The item.
        review: Its review.
        statement: What it says.
        coders: Who coded it so.
    """

    item: Resource
    review: Resource
    statement: str
    coders: tuple[Resource, ...]


@dataclass(frozen=True)
class Candidate:
    """Items under one type that say much the same.

    Attributes:
        type: The type.
        likeness: Mean cosine likeness of all pairs of its statements, from 0 to 1.
        words: Words that at least half of the statements have and few others do, the most telling first.
        items: The items, by review.
    """

    type: Resource
    likeness: float
    words: tuple[str, ...]
    items: tuple[Item, ...]

    @property
    def reviews(self) -> int:
        """Returns in how many reviews it stands."""
        return len({each.review for each in self.items})


COLUMNS: Final[dict[str, str]] = {
    "candidate": "The number of the group",
    "type": "The type under which its items stand, with no pattern under it by the same coder",
    "reviews": "In how many reviews the group stands",
    "likeness": "Mean likeness of its statements, from 0 to 1",
    "words": "Words that many of its statements share and few others have",
    "review": "The review",
    "item": "The finding, factor or interaction",
    "statement": "What it says",
    "coders": "Who coded it as the type",
}


def as_answer(groups: Sequence[Candidate], arguments: dict[str, str]) -> Answer:
    """Returns candidates as an answer like any other, a row for each item.

    Args:
        groups: The candidates.
        arguments: What was asked, as a person reads it.
    """
    return Answer(
        "emerging-sub-patterns",
        arguments,
        tuple(COLUMNS),
        tuple(
            (
                *(number, group.type, group.reviews, group.likeness, group.words),
                *(item.review, item.item, item.statement, item.coders),
            )
            for number, group in enumerate(groups, start=1)
            for item in group.items
        ),
    )


def candidates(found: Answer, likeness: float = LIKENESS, most: int = MOST_ITEMS) -> list[Candidate]:
    """Returns groups of items from two reviews or more, those from most reviews first.

    Args:
        found: The answer of the query named `QUERY`.
        likeness: How alike the statements of a group must be on average, above 0 and at most 1.
        most: How many items of one type are compared at most.

    Raises:
        QueryArgumentError: The likeness is out of range, or a type has more items than can be compared.
    """
    if not 0 < likeness <= 1:
        raise QueryArgumentError(QUERY, "likeness", "give a number above 0 and at most 1")
    groups = [
        candidate
        for kind, items in sorted(_by_type(found).items())
        for candidate in _of_type(kind, items, likeness, most)
        if candidate.reviews >= _FEWEST_REVIEWS
    ]
    return sorted(groups, key=lambda each: (-each.reviews, -len(each.items), -each.likeness, each.type, each.words))


def _by_type(found: Answer) -> dict[Resource, list[Item]]:
    """Returns the items of each type that say something, each once, whoever coded it."""
    coders: dict[tuple[Resource, Resource, Resource, str], set[Resource]] = defaultdict(set)
    for row in found.rows:
        told = dict(zip(found.columns, row, strict=True))
        kind, review, item, coder = (told[name] for name in ("type", "review", "item", "coder"))
        assert isinstance(kind, Resource)
        assert isinstance(review, Resource)
        assert isinstance(item, Resource)
        assert isinstance(coder, Resource)
        if statement := str(told["statement"] or "").strip():
            coders[kind, review, item, statement].add(coder)
    items: dict[Resource, list[Item]] = defaultdict(list)
    for (kind, review, item, statement), who in sorted(coders.items()):
        items[kind].append(Item(item, review, statement, tuple(sorted(who))))
    return items


def _of_type(kind: Resource, items: Sequence[Item], likeness: float, most: int) -> Iterator[Candidate]:
    import numpy as np  # noqa: PLC0415  # with scikit-learn slow to load, and no other command needs them
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    items = [each for each in items if _content(each.statement)]
    if len(items) > most:
        reason = f"{kind.label} has {len(items)} such items and at most {most} can be compared; ask for one coder"
        raise QueryArgumentError(QUERY, "type", reason)
    if len(items) < _FEWEST_REVIEWS:
        return
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    vectors = letters.fit_transform([_content(each.statement) for each in items])
    alike = np.clip((vectors @ vectors.T).toarray(), 0, 1)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - likeness
    )
    labels = clustering.fit_predict(1 - alike)
    for label in range(labels.max() + 1):
        members = np.flatnonzero(labels == label)
        if len(members) >= _FEWEST_REVIEWS:
            pairs = alike[np.ix_(members, members)][np.triu_indices(len(members), k=1)]
            group = tuple(items[int(member)] for member in members)
            yield Candidate(kind, round(float(pairs.mean()), 3), _shared_words(group, items), group)


def _shared_words(group: Iterable[Item], items: Sequence[Item]) -> tuple[str, ...]:
    """Returns words that half of a group's statements have, by how much rarer they are among all of the type."""
    inside = [set(_content(each.statement).split()) for each in group]
    outside = [set(_content(each.statement).split()) for each in items]
    often = {word: sum(word in words for words in inside) for words in inside for word in words}
    telling = {
        word: number / len(inside) / (sum(word in words for words in outside) / len(outside))
        for word, number in often.items()
        if number * 2 >= len(inside) and number > 1
    }
    return tuple(sorted(telling, key=lambda word: (-often[word], -telling[word], word))[:_SHARED_WORDS])


def _content(statement: str) -> str:
    """Returns the words of a statement that carry its meaning, in lower case."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  # see _of_type

    words = "".join(letter if letter.isalnum() or letter == "'" else " " for letter in statement.casefold()).split()
    return " ".join(word for word in words if word not in ENGLISH_STOP_WORDS)
