"""What a coder made of the practice set, held against the coding that was agreed on, with the reason for each code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from learntogether_kg import second_coding
from learntogether_kg.agreement.codings import Code, Coded, Coding, Item, Typology
from learntogether_kg.agreement.comparison import Agreement, compare
from learntogether_kg.agreement.selection import Selection
from learntogether_kg.errors import AgreementError
from learntogether_kg.namespaces import TYP

FOLDER: Final = Path(__file__).parent
REVIEW: Final = FOLDER / "review.ttl"
AGREED: Final = "practice-agreed"

VERDICTS: Final = {
    "as agreed": "your first code is the agreed one",
    "further code first": "your first code was agreed on as a further one",
    "right type": "your first code is another one under the same type",
    "another type": "your first code is under another type",
    "not coded": "you left it blank",
}


@dataclass(frozen=True)
class Scored:
    """One item of the practice set.

    Attributes:
        item: The item.
        verdict: One of `VERDICTS`.
        given: The coder's codes.
        agreed: The agreed codes.
        why: Why these were chosen.
        note: Why the coder's first code was not, where the set has a word on that; else empty.
    """

    item: Item
    verdict: str
    given: tuple[Code, ...]
    agreed: tuple[Code, ...]
    why: str
    note: str

    @property
    def influence_differs(self) -> bool:
        """Whether the coder gave the item another influence."""
        return bool(self.given) and self.given[0].influence != self.agreed[0].influence


@dataclass(frozen=True)
class Score:
    """What a coder made of the practice set.

    Attributes:
        coder: The coder's code.
        items: Every item, in its order.
        agreements: The coder's agreement with the agreed coding, by type and by sub-pattern.
        typology: What the codes mean.
    """

    coder: str
    items: tuple[Scored, ...]
    agreements: tuple[Agreement, ...]
    typology: Typology

    @property
    def summary(self) -> str:
        """The score in a sentence."""
        number = {verdict: sum(each.verdict == verdict for each in self.items) for verdict in VERDICTS}
        near = [f"{number[verdict]} {verdict}" for verdict in list(VERDICTS)[1:] if number[verdict]]
        rest = f"; {', '.join(near)}" if near else ""
        return f"{self.coder}: {number['as agreed']} of {len(self.items)} as agreed{rest}"


def write_blind(out: Path, coder: str) -> int:
    """Writes the practice set as a workbook to be coded, and returns how many items it has.

    Raises:
        AgreementError: The coder's code is one of the set's own.
        UnreadableFileError: The workbook cannot be written.
    """
    return second_coding.write_blind(REVIEW, coder, out)


def score(file: Path) -> Score:
    """Returns what a coder made of the practice set.

    Raises:
        UnreadableFileError: The file cannot be read.
        AgreementError: It is no coding of the practice set, or nothing is coded in it.
    """
    coded = second_coding.read_files([REVIEW, file])
    mine = _coding_in(coded, file)
    agreed = next(each for each in coded.codings if each.coder.code == AGREED)
    items = tuple(
        _scored(coded.typology, item, mine.codes.get(item.iri, ()), agreed.codes[item.iri])
        for item in coded.items_of[agreed.review]
    )
    found = compare(coded, Selection((mine.coder.code, AGREED)))
    return Score(
        mine.coder.code, items, tuple(each for each in found.agreements if each.group == "pair"), coded.typology
    )


@cache
def reasons() -> Mapping[str, Mapping[str, Any]]:
    """Returns, by the id of an item, ``why`` its agreed code was chosen and ``not`` why others near it were not."""
    found: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "reasons.toml").read_text(encoding="utf-8"))
    return found


def _coding_in(coded: Coded, file: Path) -> Coding:
    found = [each for each in coded.codings if each.place == str(file)]
    review = next(each.review for each in coded.codings if each.coder.code == AGREED)
    if len(found) != 1 or found[0].review != review:
        raise AgreementError(
            f"{file}: it is no coding of the practice set; make a workbook with `ltkg practice OUT.xlsx`"
        )
    if not found[0].codes:
        raise AgreementError(f"{file}: nothing is coded in it yet; choose a pattern for each item on its Items sheet")
    return found[0]


def _scored(typology: Typology, item: Item, given: tuple[Code, ...], agreed: tuple[Code, ...]) -> Scored:
    reason = reasons()[item.id]
    verdict = _verdict(typology, given, agreed)
    first = given[0].pattern if given else None
    note = reason.get("not", {}).get(str(first).removeprefix(str(TYP)), "") if verdict != "as agreed" else ""
    return Scored(item, verdict, given, agreed, reason["why"], note)


def _verdict(typology: Typology, given: Sequence[Code], agreed: Sequence[Code]) -> str:
    if not given:
        return "not coded"
    first, gold = given[0].pattern, agreed[0].pattern
    if first == gold:
        return "as agreed"
    if first in {code.pattern for code in agreed}:
        return "further code first"
    return "right type" if typology.types(first) & typology.types(gold) else "another type"
