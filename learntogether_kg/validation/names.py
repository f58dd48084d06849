"""Finds words in a text that are likely the name of a person, a place or a body.

No language model and no grammar: capitals, lists of names, places and common words, and the words beside. So it misses
names that are ordinary words where nothing beside them tells, and it reports some words that are no names. Every hit
is for a person to answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from learntogether_kg.validation.lexicon import Lexicon, load_lexicon
from learntogether_kg.validation.words import Word, split_words

_LONGEST_PLACE: Final = 5
_SHORTEST_LOWER_CASE: Final = 4
_JOINING: Final = frozenset({"of", "upon", "and", "on", "the", "de", "under", "le"})


@dataclass(frozen=True)
class Name:
    """Words that are likely a name.

    Attributes:
        kind: person, titled, place, school, health, street, body or unfamiliar, each screened by a shape of its own.
        words: The words as they stand in the text, without a possessive ending.
        start: Where they begin, counted in characters from 0.
        end: Where they end, exclusive.
    """

    kind: str
    words: str
    start: int
    end: int


def find_names(text: str) -> tuple[Name, ...]:
    """Returns the likely names in a text, in their order; no word is part of two.

    Nothing is remembered from one text to the next, as texts may be a stranger's.
    """
    return tuple(sorted(_Search(text, load_lexicon()).run(), key=lambda name: name.start))


class _Search:
    """One text being searched; each pass claims the words of what it finds."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._words = split_words(text)
        self._free = [True] * len(self._words)

    def run(self) -> Iterator[Name]:
        if any(word.capital for word in self._words):
            yield from self._prefixed()
            yield from self._headed()
            yield from self._titled()
            yield from self._places(shortest=2)
            yield from self._initials()
            yield from self._full_names()
            yield from self._places(shortest=1)
            yield from self._single_names()
        yield from self._in_lower_case()

    def _claim(self, kind: str, first: int, last: int) -> Name:
        for index in range(first, last + 1):
            self._free[index] = False
        start, end = self._words[first].start, self._words[last].end
        words = re.sub(r"['’](s)?$", "", self._text[start:end])
        return Name(kind, words, start, start + len(words))

    def _beside(self, first: int, second: int) -> bool:
        """Whether nothing but a space, or a full stop after a short form, stands between two neighbouring words."""
        if not 0 <= first < second < len(self._words):
            return False
        between = self._text[self._words[first].end : self._words[second].start]
        return between in (" ", "-") or (between == ". " and not self._words[second].initial)

    def _list(self, name: str) -> frozenset[str]:
        return self._lexicon.lists[name]

    def _is_word(self, word: Word) -> bool:
        return all(self._lexicon.is_word(part) for part in word.base.split("-"))

    def _is_namelike(self, index: int) -> bool:
        """Whether a word with a capital may be part of a person's name, as the one beside it is."""
        if index >= len(self._words) or not self._free[index]:
            return False
        word = self._words[index]
        if not word.capital or word.initial or word.acronym or word.base in self._lexicon.known:
            return False
        return word.base in self._lexicon.surnames or word.base in self._lexicon.given or not self._is_word(word)

    def _prefixed(self) -> Iterator[Name]:
        for index, word in enumerate(self._words[:-1]):
            kind = self._lexicon.prefixes.get(word.base)
            following = self._words[index + 1]
            if kind and word.capital and self._beside(index, index + 1) and following.capital:
                yield self._claim(kind, index, index + 1)

    def _headed(self) -> Iterator[Name]:
        """Finds what a name before a word such as School, Hospital, Road or Council makes the name of."""
        for index in range(len(self._words) - 1, 0, -1):
            word = self._words[index]
            first_of_head = index
            kind, capital = self._lexicon.heads.get(word.base, ("", False))
            if not kind and index > 1:
                pair = f"{self._words[index - 1].base} {word.base}"
                kind, capital = self._lexicon.heads.get(pair, ("", False))
                first_of_head = index - 1
            if not kind or not self._free[index] or (capital and not word.capital):
                continue
            first = self._run_before(first_of_head)
            if first < first_of_head and self._names_one(first, first_of_head):
                yield self._claim(kind, first, index)

    def _run_before(self, head: int) -> int:
        """Returns the first of the words with capitals that lead up to a head, leaving out what only begins them."""
        first = head
        while first > 0 and self._beside(first - 1, first) and self._free[first - 1]:
            before = self._words[first - 1]
            joins = before.base in _JOINING and first > 1 and self._words[first - 2].capital and first < head
            if not (before.capital or joins):
                break
            first -= 1
        while first < head and (
            (self._words[first].initial and self._words[first].base in self._list("generic"))
            or not self._words[first].capital
        ):
            first += 1
        return first

    def _names_one(self, first: int, head: int) -> bool:
        naming = [
            word
            for word in self._words[first:head]
            if word.base not in self._list("generic") and word.base not in self._lexicon.known and not word.acronym
        ]
        if not naming:
            return False
        if not self._words[head].capital and self._words[head - 1].text.endswith(("'s", "’s")):
            return (
                self._words[first].base == "st"
            )  # "St Mary's school"; but "Robin's school" is whichever Robin goes to
        alone = head - first == 1 and not self._words[head].capital
        return not (alone and naming[0].initial and self._is_word(naming[0]))

    def _titled(self) -> Iterator[Name]:
        for index, word in enumerate(self._words[:-1]):
            if not word.capital or word.base not in self._list("honorifics") or not self._free[index]:
                continue
            last = index
            while self._beside(last, last + 1) and self._words[last + 1].base in self._list("honorifics"):
                last += 1
            first_of_name = last + 1
            sure = self._words[last].base in self._list("sure_honorifics")
            while self._beside(last, last + 1) and (
                self._is_namelike(last + 1) or (sure and last + 1 == first_of_name and self._is_titled(last + 1))
            ):
                last += 1
            if last >= first_of_name:
                yield self._claim("titled", index, last)

    def _is_titled(self, index: int) -> bool:
        """Whether a word is a name because it follows a title; a letter that stands for one is not."""
        word = self._words[index]
        return self._free[index] and word.capital and len(word.base) > 1 and not word.initial

    def _full_names(self) -> Iterator[Name]:
        """Finds a given name and what follows it of a name."""
        for index, word in enumerate(self._words):
            if not (self._free[index] and word.capital and word.base in self._lexicon.given):
                continue
            if word.base in self._lexicon.known or not self._beside(index, index + 1):
                continue
            last = index
            while self._beside(last, last + 1) and self._is_namelike(last + 1):
                last += 1
            if last > index:
                yield self._claim("person", index, last)

    def _initials(self) -> Iterator[Name]:
        """Finds a surname after an initial with a full stop; "Child E. Smith" is one, "Child E" is none."""
        for index, word in enumerate(self._words[:-1]):
            following = self._words[index + 1]
            between = self._text[word.end : following.start]
            if len(word.text) == 1 and word.capital and between == ". " and self._free[index] and self._free[index + 1]:
                surname = following.base in self._lexicon.surnames and following.base not in self._lexicon.known
                if following.capital and (surname or not self._is_word(following)):
                    yield self._claim("person", index, index + 1)

    def _places(self, shortest: int) -> Iterator[Name]:
        """Finds places of at least so many words, the longest first."""
        for index, word in enumerate(self._words):
            if not (self._free[index] and word.capital):
                continue
            for last in range(min(index + _LONGEST_PLACE, len(self._words)) - 1, index + shortest - 2, -1):
                if self._is_place(index, last):
                    yield self._claim("place", index, last)
                    break

    def _is_place(self, first: int, last: int) -> bool:
        words = self._words[first : last + 1]
        joined = all(self._beside(each, each + 1) for each in range(first, last))
        if not (words[-1].capital and joined and all(self._free[first : last + 1])):
            return False
        name = " ".join(word.base for word in words).replace("-", " ")
        if name not in self._lexicon.places or words[0].acronym or name in self._lexicon.known:
            return False
        ambiguous = " " not in name and (name in self._lexicon.given or self._is_word(words[0]))
        return not ambiguous or self._follows_place_cue(first)

    def _follows_place_cue(self, index: int) -> bool:
        if index == 0 or self._words[index].initial or not self._beside(index - 1, index):
            return False
        follows = index + 1 < len(self._words) and self._beside(index, index + 1) and self._words[index + 1].capital
        return self._words[index - 1].base in self._list("place_cues") and not follows

    def _single_names(self) -> Iterator[Name]:
        for index, word in enumerate(self._words):
            if not self._free[index] or not word.capital or len(word.base) == 1 or word.base in self._lexicon.known:
                continue
            kind = self._kind_of(index, word)
            if kind:
                last = index
                while self._beside(last, last + 1) and self._is_namelike(last + 1):
                    last += 1
                yield self._claim(kind, index, last)

    def _kind_of(self, index: int, word: Word) -> str:
        """Returns what kind of name one word with a capital is likely to be; empty where it is none."""
        given, surname = word.base in self._lexicon.given, word.base in self._lexicon.surnames
        common = self._is_word(word) or word.base in self._list("honorifics")
        if word.acronym:
            return "person" if given and not common and len(word.base) >= _SHORTEST_LOWER_CASE else ""
        if not common:
            return "person" if given or surname else "unfamiliar"
        if given and word.initial:
            return "person" if self._acts_like_a_person(index) else ""
        if (given or surname) and not word.initial:
            return "person" if self._stands_alone(index) else ""
        return ""

    def _acts_like_a_person(self, index: int) -> bool:
        """Whether what follows the first word of a sentence is what follows a person's name."""
        if self._words[index].text.endswith(("'s", "’s")):
            return True
        following = self._words[index + 1 : index + 3]
        if not following or not self._beside(index, index + 1):
            return False
        if following[0].base == "and":
            return len(following) > 1 and self._is_namelike(index + 2)
        return following[0].text in self._list("verbs_of_people")

    def _stands_alone(self, index: int) -> bool:
        """Whether a word has a capital of its own accord: no article before it, no term of which it is part."""
        before = self._words[index - 1] if self._beside(index - 1, index) else None
        after = self._words[index + 1] if self._beside(index, index + 1) else None
        if before and (before.base in self._list("determiners") or (before.capital and not before.initial)):
            return False
        if before and before.initial and before.capital and before.base in self._list("generic"):
            before = None
        part = (after and after.capital) or (before and before.capital and before.base not in self._list("place_cues"))
        return not part

    def _in_lower_case(self) -> Iterator[Name]:
        """Finds names without a capital, as far as they are no words."""
        lexicon = self._lexicon
        for index, word in enumerate(self._words):
            if word.capital or not self._free[index] or len(word.base) < _SHORTEST_LOWER_CASE:
                continue
            given = word.base in lexicon.given
            place = word.base in lexicon.places
            if not (given or place or word.base in lexicon.surnames) or self._is_word(word):
                continue
            last = index
            if given and self._beside(index, index + 1) and self._words[index + 1].base in lexicon.surnames:
                last += 1
            yield self._claim("place" if place and not given else "person", index, last)
