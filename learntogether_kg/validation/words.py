"""The words of a text: where each stands, whether it begins a sentence, and the case of its letters."""

from __future__ import annotations

import re
from typing import Final

from learntogether_kg.validation.lexicon import fold

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*['’]?")
_SENTENCE_END: Final = re.compile(r"[.!?:\n•]")
_SHORT_FORMS: Final = frozenset({"mr", "mrs", "ms", "dr", "prof", "rev", "revd", "st", "sgt", "no"})
"""After these a full stop ends no sentence."""


class Word:
    """One word of a text.

    Attributes:
        text: As it stands.
        start: Where it begins, counted in characters from 0.
        end: Where it ends, exclusive.
        initial: Whether it begins a sentence.
        base: Folded, without a possessive ending.
        capital: Whether it begins with a capital.
        acronym: Whether all its letters are capitals, but for a last "s".
    """

    __slots__ = ("acronym", "base", "capital", "end", "initial", "start", "text")

    def __init__(self, text: str, start: int, end: int, initial: bool) -> None:
        self.text, self.start, self.end, self.initial = text, start, end, initial
        self.base = fold(text).removesuffix("'s").strip("'")
        self.capital = text[0].isupper()
        self.acronym = self.capital and text.rstrip("s'’").isupper()


def split_words(text: str) -> list[Word]:
    """Returns the words of a text in their order; parts joined by a hyphen or an apostrophe are one word."""
    found: list[Word] = []
    end, short_form = 0, False
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        initial = not found or (bool(_SENTENCE_END.search(between)) and not (short_form and between == ". "))
        word = Word(match[0], match.start(), match.end(), initial)
        found.append(word)
        end, short_form = match.end(), word.base in _SHORT_FORMS
    return found
