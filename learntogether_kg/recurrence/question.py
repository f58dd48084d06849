"""What is asked: by which dimensions, of which reviews, under which rule; typed, and told back in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import expand
from learntogether_kg.recurrence.dimensions import Dimension, dimensions, year_kinds
from learntogether_kg.recurrence.index import CoderCodes, Coding

Codes = Literal["primary", "any"]
CODES: Final[tuple[Codes, ...]] = get_args(Codes)
MOST_AXES: Final = 2
_NAME: Final = "recurrence"
_AT_LEAST: Final = re.compile(r"(\d{1,2})\s+of\s+(.+)", re.IGNORECASE)
_MANY: Final = 7


@dataclass(frozen=True)
class CoderRule:
    """Whose coding counts: one coder's, or what at least so many of several coders found.

    Attributes:
        coders: Places of the coders.
        least: How many of them must have found it.
        words: The rule in words.
    """

    coders: tuple[int, ...]
    least: int
    words: str


@dataclass(frozen=True)
class Filter:
    """Only what has one of some values of a dimension."""

    dimension: Dimension
    values: tuple[AxisValue, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of a coding table.

    Attributes:
        by: The dimensions of the table; none, one or two.
        where: What is counted at all.
        codes: Which codes of an item count: its primary one, or any.
        coder: Whose coding counts.
        year: Which kind of year is meant.
        typed: What was asked, every argument named, as a person reads it.
    """

    by: tuple[Dimension, ...]
    where: tuple[Filter, ...]
    codes: Codes
    coder: CoderRule
    year: str
    typed: dict[str, str]

    def filters(self, *of: str) -> list[Filter]:
        """Returns the filters on dimensions of some kinds."""
        return [each for each in self.where if each.dimension.of in of]

    def axes(self, *of: str) -> list[Dimension]:
        """Returns the dimensions of the table that are of some kinds."""
        return [each for each in self.by if each.of in of]

    @property
    def rule(self) -> str:
        """How the figures are counted, in words."""
        influences = [value.label.lower() for each in self.filters("influence") for value in each.values]
        said = f", by year of the {year_kinds()[self.year]}".replace("the publication", "publication")
        whose = "each coder apart" if self.axes("coder") else self.coder.words
        return (
            f"Reviews with {'any code' if self.codes == 'any' else 'a primary code'} by {whose}, of "
            f"{' or '.join(influences) or 'any'} influence, counted once each, rolled up to broader patterns"
            f"{said if any(each.facts for each in self.by) else ''}"
        )


def ask(
    coding: Coding,
    by: Sequence[str],
    where: Iterable[tuple[str, str]] = (),
    codes: str = "primary",
    coder: str = "",
    year: str = "",
) -> Question:
    """Returns what a person asked as a question.

    Args:
        coding: What it is asked of.
        by: Names of dimensions, at most two.
        where: Pairs of a dimension and a value; several values of one dimension mean any of them. A value may be given
            by its key, label, IRI or prefixed name.
        codes: ``primary`` or ``any``.
        coder: A coder's code or IRI; a kind such as ``agreed``; ``2 of A, B, C`` or ``2 of human``; empty for the
            library's default coder.
        year: ``period``, ``report`` or ``publication``; empty for the first.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type; the message offers what there is.
    """
    year = _one_of("year", year or next(iter(year_kinds())), year_kinds())
    codes = _one_of("codes", codes or CODES[0], CODES)
    axes = [_dimension("by", name) for name in by if name]
    if len(axes) > MOST_AXES:
        raise QueryArgumentError(_NAME, "by", f"a table has at most {MOST_AXES} dimensions; give one or two")
    if len(set(axes_names := [axis.name for axis in axes])) < len(axes):
        raise QueryArgumentError(_NAME, "by", f"{axes_names[0]!r} is given twice; give two different dimensions")
    filters = _filters(coding, where, year)
    rule = _coder_rule(coding, coder, filters)
    typed = {
        "by": ", ".join(axes_names),
        "where": "; ".join(f"{each.dimension.name}={value.label}" for each in filters for value in each.values),
        "codes": codes,
        "coder": coder.strip(),
        "year": year,
    }
    kept = tuple(each for each in filters if each.dimension.of != "coder" or "coder" in axes_names)
    return Question(tuple(axes), kept, cast("Codes", codes), rule, year, typed)


def _filters(coding: Coding, where: Iterable[tuple[str, str]], year: str) -> list[Filter]:
    values: dict[str, dict[str, AxisValue]] = {}
    for name, text in where:
        dimension = _dimension("where", name)
        if text.strip():
            value = find_value(coding.values(dimension, year), text.strip(), dimension.name)
            values.setdefault(dimension.name, {})[value.key] = value
    return [Filter(dimensions()[name], tuple(found.values())) for name, found in values.items()]


def find_value(values: Sequence[AxisValue], text: str, parameter: str) -> AxisValue:
    """Returns the value that a person means.

    Raises:
        QueryArgumentError: There is none of that name, or more than one.
    """
    iri = str(expand(text) or "")
    named = (
        [value for value in values if iri and value.iri == iri],
        [value for value in values if value.key == text],
        [value for value in values if text.casefold() in (value.key.casefold(), value.label.casefold())],
    )
    for found in named:
        if len(found) == 1:
            return found[0]
        if found:
            names = " or ".join(value.key for value in found)
            raise QueryArgumentError(_NAME, parameter, f"{text!r} is the name of more than one: give {names}")
    labels = {name: value.label for value in values for name in (value.key, value.label)}
    raise QueryArgumentError(_NAME, parameter, f"{text!r} is not known here{_hint(text, labels)}")


def _dimension(parameter: str, name: str) -> Dimension:
    name = name.strip().lower().replace(" ", "-").replace("_", "-")
    return dimensions()[_one_of(parameter, name, dimensions())]


def _one_of(parameter: str, text: str, known: Iterable[str]) -> str:
    names = {name: name for name in known}
    if text not in names:
        raise QueryArgumentError(_NAME, parameter, f"{text!r} is not one of {', '.join(names)}")
    return text


def _hint(text: str, names: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(text.casefold(), [name.casefold() for name in names], n=3, cutoff=0.4)
    by_case = {name.casefold(): label for name, label in names.items()}
    labels = list(dict.fromkeys(by_case[name] for name in close))
    if labels:
        return f"; did you mean {' or '.join(map(repr, labels))}?"
    offered = list(dict.fromkeys(names.values()))
    if not offered:
        return "; there is none in this library"
    return f"; there are {', '.join(offered[:_MANY])}{' …' if len(offered) > _MANY else ''}"


def _coder_rule(coding: Coding, text: str, filters: Sequence[Filter]) -> CoderRule:
    chosen = [value.key for each in filters if each.dimension.of == "coder" for value in each.values]
    text = text.strip()
    if chosen and not text:
        places = tuple(place for place, coder in enumerate(coding.coders) if coder.code in chosen)
        return _rule(coding, places, 1)
    if at_least := _AT_LEAST.fullmatch(text):
        named = [name.strip() for name in at_least[2].split(",") if name.strip()]
        places = tuple(dict.fromkeys(place for name in named for place in _coders(coding, name)))
        least = int(at_least[1])
        if not 1 <= least <= len(places):
            raise QueryArgumentError(
                _NAME, "coder", f"{text!r}: the number must lie between 1 and the number of coders, {len(places)}"
            )
        return _rule(coding, places, least)
    if not text:
        places = tuple(place for place, coder in enumerate(coding.coders) if coder.iri == coding.default_coder)
        return _rule(coding, places, 1)
    places = tuple(_coders(coding, text))
    if len(places) > 1:
        codes = ", ".join(coding.coders[place].code for place in places)
        raise QueryArgumentError(
            _NAME, "coder", f"{text!r} is the kind of several coders, {codes}; name one, or give '1 of {codes}'"
        )
    return _rule(coding, places, 1)


def _coders(coding: Coding, text: str) -> list[int]:
    kind = [
        place
        for place, coder in enumerate(coding.coders)
        if text.casefold() in (coder.kind.key.casefold(), coder.kind.label.casefold())
    ]
    if kind:
        return kind
    values = [AxisValue(coder.code, coder.code, coder.iri) for coder in coding.coders]
    return [values.index(find_value(values, text, "coder"))]


def _rule(coding: Coding, places: tuple[int, ...], least: int) -> CoderRule:
    told = [_told(coding.coders[place]) for place in places]
    if len(places) < 2:  # noqa: PLR2004  # a rule over several coders names them all
        return CoderRule(places, least, told[0] if told else "nobody, as no review is coded")
    return CoderRule(places, least, f"at least {least} of {len(places)} coders: {', '.join(told)}")


def _told(coder: CoderCodes) -> str:
    return f"{coder.code} ({coder.kind.label.lower()} coding)"
