"""What a project says, as far as a review can take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from learntogether_kg.refi import Code

NOBODY: Final = "NOT-STATED"
"""Stands for the identifier of the coder where a project does not say who coded."""


@dataclass(frozen=True)
class Source:
    """A text in which passages are coded: a text source, or the text that stands for a PDF or a picture.

    Attributes:
        guid: Its identifier.
        name: What the project calls it; it may name people.
    """

    guid: str
    name: str


@dataclass(frozen=True, order=True)
class Span:
    """Where a passage stands: the same place is the same passage, whoever coded it.

    Attributes:
        source: The identifier of its source.
        start: Its first character, counted from 0 in Unicode code points.
        end: The character behind its last one.
    """

    source: str
    start: int
    end: int

    def covers(self, other: Span) -> bool:
        """Whether another passage lies within this one."""
        return self.source == other.source and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class Coding:
    """One coder's code for one passage.

    Attributes:
        span: Where the passage stands.
        text: What it says.
        code: The identifier of the code.
        user: The identifier of the coder; `NOBODY` where the project names none.
        date: When it was coded, as the project states it; empty where it does not.
    """

    span: Span
    text: str
    code: str
    user: str
    date: str


@dataclass(frozen=True)
class Project:
    """A project, as far as a review can take it.

    Attributes:
        name: What people call it.
        origin: The program that wrote it.
        users: The names of those who coded, by identifier.
        codes: Its codes, each with those below it.
        sources: Its texts by identifier, in their order.
        codings: Its codings in their order.
        left: What it holds besides, counted.
    """

    name: str
    origin: str
    users: Mapping[str, str]
    codes: tuple[Code, ...]
    sources: Mapping[str, Source]
    codings: Sequence[Coding]
    left: Counter[str] = field(default_factory=Counter)

    def paths(self) -> dict[str, str]:
        """Returns how each code reads with those above it, by identifier, in their order."""
        return dict(_paths(self.codes, ()))


def _paths(codes: Sequence[Code], above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for code in codes:
        way = (*above, code.name)
        yield code.guid, " › ".join(way)
        yield from _paths(code.codes, way)
