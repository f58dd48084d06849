"""A part of a long answer at a time.

A release never changes and every query orders its rows without ties, so that the parts neither lose nor repeat a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from learntogether_kg.answers import Answer
from learntogether_kg.parts import Walk

T = TypeVar("T")
Pairs = list[tuple[str, str]]

LIMIT, OFFSET = "limit", "offset"
PIN: Final = "release"
"""The argument that every address takes: the name of the release to ask."""
ON_A_PAGE: Final = 100
IN_A_DOCUMENT: Final = 1000
LONGEST: Final = 10_000
FARTHEST: Final = 1_000_000_000


@dataclass(frozen=True)
class Part:
    """Which rows of an answer are asked for.

    Attributes:
        offset: How many rows stand before the first of them.
        limit: How many there are at most; None where the address does not say.
    """

    offset: int = 0
    limit: int | None = None

    def within(self, limit: int) -> Part:
        """Returns the part with a limit, where the address gives none."""
        return self if self.limit is not None else replace(self, limit=limit)

    def rows(self, rows: Sequence[T]) -> Sequence[T]:
        """Returns those of the rows that are in the part."""
        return rows[self.offset :] if self.limit is None else rows[self.offset : self.offset + self.limit]

    def of(self, answer: Answer) -> Answer:
        """Returns the answer with those of its rows that are in the part."""
        return replace(answer, rows=tuple(self.rows(answer.rows)))

    def following(self, more: bool) -> Part | None:
        """Returns the next part; None where nothing follows."""
        return Part(self.offset + self.limit, self.limit) if more and self.limit is not None else None

    def before(self) -> Part | None:
        """Returns the part before; None where this is the first."""
        if self.limit is None or not self.offset:
            return None
        return Part(max(self.offset - self.limit, 0), self.limit)


@dataclass(frozen=True)
class Paged:
    """A part of an answer, and where the rest of it is.

    Attributes:
        answer: The rows of the part.
        part: Which they are.
        total: How many rows the whole answer has; None where that is not known yet.
        next: The address of the next part; empty where this is the last.
        previous: The address of the part before; empty where this is the first.
    """

    answer: Answer
    part: Part
    total: int | None
    next: str
    previous: str

    @property
    def told(self) -> str:
        """How many rows there are, in words: a number, or that there are more than what is known of."""
        if self.total is not None:
            return str(self.total)
        return f"more than {self.part.offset + len(self.answer.rows)}"

    @property
    def is_empty(self) -> bool:
        """Whether there is no row, here or before."""
        return not self.answer.rows and not (self.part.offset if self.total is None else self.total)

    @property
    def link(self) -> str:
        """The Link header (RFC 8288) that leads on; empty where nothing follows or came before."""
        there = (("next", self.next), ("prev", self.previous))
        return ", ".join(f'<{address}>; rel="{relation}"' for relation, address in there if address)


def split(answer: Answer | Walk, part: Part, path: str, pairs: Pairs, seconds: float) -> Paged:
    """Returns a part of an answer.

    Args:
        answer: The whole answer.
        part: Which rows.
        path: The address it is asked at.
        pairs: The arguments it is asked with, the release among them, so that a walk through all parts stays with it.
        seconds: How long it may take.

    Raises:
        TooLongError: It takes longer.
    """
    if isinstance(answer, Walk) and answer.is_short:
        answer = answer.part(0, None, seconds)
    if isinstance(answer, Walk):
        # One row more than asked for tells whether there are any. The total is told by the last part alone, so that
        # a part is the same whoever asked for what before.
        found = answer.part(part.offset, None if part.limit is None else part.limit + 1, seconds)
        more = part.limit is not None and len(found.rows) > part.limit
        shown, total = part_of(found, part.limit), None if more else answer.total
    else:
        shown, total = part.of(answer), len(answer.rows)
        more = part.limit is not None and part.offset + part.limit < total
    following, before = part.following(more), part.before()
    return Paged(
        shown,
        part,
        total,
        address(path, pairs, following) if following else "",
        address(path, pairs, before) if before else "",
    )


def part_of(answer: Answer, limit: int | None) -> Answer:
    """Returns an answer with no more rows than a limit."""
    return answer if limit is None else replace(answer, rows=answer.rows[:limit])


def read(pairs: Pairs) -> tuple[Part, Pairs]:
    """Returns which part an address asks for, and its other arguments.

    Raises:
        HTTPException: 422, where a value is no whole number, too small, too large, or given twice.
    """
    limit = whole_number(pairs, LIMIT, 1, LONGEST)
    offset = whole_number(pairs, OFFSET, 0, FARTHEST)
    return Part(offset or 0, limit), [pair for pair in pairs if pair[0] not in (LIMIT, OFFSET)]


def address(path: str, pairs: Pairs, part: Part) -> str:
    """Returns the address of a part of an answer."""
    place = [(LIMIT, str(part.limit)), *([(OFFSET, str(part.offset))] if part.offset else [])]
    return f"{path}?{urlencode([*pairs, *place])}"


def whole_number(pairs: Pairs, name: str, least: int, most: int) -> int | None:
    """Returns an argument that is a whole number; None where it is not given.

    Raises:
        HTTPException: 422, where it is no whole number, too small, too large, or given twice.
    """
    given = [value.strip() for key, value in pairs if key == name]
    if len(given) > 1:
        raise HTTPException(422, f"{name}: it is given more than once; give it one value")
    if not given or not given[0]:
        return None
    text = given[0]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise HTTPException(422, f"{name}: {text[:40]!r} is not a whole number from {least} to {most}")
    return int(text)
