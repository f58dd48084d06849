"""Sentences with what identifies or what a rule should report marked in them, as {kind|words}."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_MARK = re.compile(r"\{(\w+)\|([^}]*)\}")
Span = tuple[str, int, int]
"""Kind, first character, and the one after the last."""


@dataclass(frozen=True)
class Sentence:
    """A sentence without its marks, and what was marked in it."""

    text: str
    spans: tuple[Span, ...]


@dataclass
class Measure:
    """How well spans are found: how many of each marked kind, how many of them found, and false alarms by rule."""

    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    false_alarms: Counter[str] = field(default_factory=Counter)
    sentences: int = 0
    clean: int = 0
    clean_with_alarm: int = 0

    def add(self, sentence: Sentence, reported: Iterable[Span]) -> None:
        """Counts one sentence. A mark is found where any report shares a character with it, of whatever kind."""
        reports = list(reported)
        self.sentences += 1
        for kind, start, end in sentence.spans:
            self.marked[kind] += 1
            self.found[kind] += any(first < end and start < last for _, first, last in reports)
        false = [
            kind
            for kind, first, last in reports
            if not any(first < end and start < last for _, start, end in sentence.spans)
        ]
        self.false_alarms.update(false)
        self.clean += not sentence.spans
        self.clean_with_alarm += not sentence.spans and bool(false)

    def recall(self, kind: str) -> float:
        """Returns the share of marks of a kind that were found."""
        return self.found[kind] / self.marked[kind]

    def table(self) -> list[str]:
        """Returns the measure as lines to be printed."""
        clean = f"{self.clean} of them clean, {self.clean_with_alarm} of those with a false alarm"
        lines = [f"{self.sentences} sentences, {clean}"]
        lines += [f"  {kind}: {self.found[kind]} of {self.marked[kind]} found" for kind in sorted(self.marked)]
        alarms = ", ".join(f"{kind} {number}" for kind, number in sorted(self.false_alarms.items()))
        return [*lines, f"  false alarms: {alarms or 'none'}"]


def read_sentences(path: Path) -> Iterator[Sentence]:
    """Yields the sentences of a file; lines that begin with # are remarks."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        text, spans, position = "", [], 0
        for mark in _MARK.finditer(line):
            text += line[position : mark.start()]
            spans.append((mark[1], len(text), len(text) + len(mark[2])))
            text += mark[2]
            position = mark.end()
        yield Sentence(text + line[position:], tuple(spans))
