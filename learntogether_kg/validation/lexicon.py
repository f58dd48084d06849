"""What screening knows of words: names, places, common words and role words, from the files in ``data/``."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources as package_files
from typing import Any, Final

from rdflib import SKOS

from learntogether_kg.ontology import load_ontology, per_ontology

_DATA: Final = package_files.files("learntogether_kg.validation") / "data"
_SHORTEST_STEM: Final = 3
_ENDINGS: Final = ("s", "es", "ed", "ing", "d", "ly", "er", "ness", "ful", "less", "able", "ment")


@dataclass(frozen=True)
class Lexicon:
    """The lists by which screening tells likely names from other words; all of it folded by :func:`fold`.

    Attributes:
        given: Given names.
        surnames: Surnames.
        places: Places of the United Kingdom, with single spaces.
        words: Common words, and those in which the ontology labels its terms.
        known: Words with a capital that name nobody: months, nations, bodies known to all.
        lists: The other lists of ``screening.toml``, by name.
        heads: What makes the words before it a name, to the kind of name and whether it must have a capital.
        prefixes: What makes the words after it a name, to the kind of name.
    """

    given: frozenset[str]
    surnames: frozenset[str]
    places: frozenset[str]
    words: frozenset[str]
    known: frozenset[str]
    lists: dict[str, frozenset[str]]
    heads: dict[str, tuple[str, bool]]
    prefixes: dict[str, str]

    def is_word(self, word: str) -> bool:
        """Whether a folded word is a common one, or a common form of one."""
        return any(self._is_form(part) for part in self._without_beginning(word))

    def _is_form(self, word: str) -> bool:
        if word in self.words or word in self.known:
            return True
        stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
        return any(len(stem) >= _SHORTEST_STEM and (stem in self.words or f"{stem}e" in self.words) for stem in stems)

    def _without_beginning(self, word: str) -> Iterator[str]:
        yield word
        for beginning in self.lists["word_beginnings"]:
            rest = word.removeprefix(beginning)
            if rest != word and len(rest) > _SHORTEST_STEM:
                yield rest


@per_ontology
def load_lexicon() -> Lexicon:
    """Returns the lists, read once."""
    table = tomllib.loads(_DATA.joinpath("screening.toml").read_text(encoding="utf-8"))
    labels = {word for label in load_ontology().objects(None, SKOS.prefLabel) for word in fold(str(label)).split()}
    return Lexicon(
        given=_read("given-names.txt") | frozenset(table["nicknames"]),
        surnames=_read("surnames.txt"),
        places=_read("places.txt"),
        words=_read("words.txt") | labels | frozenset(table["also_words"]),
        known=frozenset(fold(word) for word in table["known"]),
        lists={name: frozenset(map(fold, value)) for name, value in table.items() if isinstance(value[0], str)},
        heads={word: (entry["kind"], entry.get("capital", False)) for entry, word in _entries(table["heads"])},
        prefixes={word: entry["kind"] for entry, word in _entries(table["prefixes"])},
    )


def fold(text: str) -> str:
    """Returns a text without differences of case, accents and apostrophes."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ł", "l").replace("Ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


def _entries(table: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    return [(entry, word) for entry in table for word in entry["words"]]


def _read(name: str) -> frozenset[str]:
    lines = _DATA.joinpath(name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
