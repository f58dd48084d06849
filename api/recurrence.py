"""What is counted over many reviews: figures, pairs, their evidence, and the interactions that reviews state."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from api import arguments
from api.forms import Choice, Picker, choices
from api.paging import FARTHEST, Pairs, whole_number
from api.served import Served
from api.views import View
from learntogether_kg import query_files
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.figures import AxisValue, Counts
from learntogether_kg.recurrence import evidence as chains
from learntogether_kg.recurrence.answer import Result, Row, as_document
from learntogether_kg.recurrence.derived import Share, shares
from learntogether_kg.recurrence.dimensions import Dimension, dimensions, year_kinds
from learntogether_kg.recurrence.pictures import has_figures
from learntogether_kg.recurrence.question import CODES, ask, find_value
from learntogether_kg.recurrence.request import Request

ASKED: Final = "recurrence"
TESTED_BY_DEFAULT: Final = 1000
"""Reviews. Pairs of a larger release are tested against chance when that is asked for, since it takes seconds."""
PERMUTATIONS: Final = 1000
_TRUTHS: Final = {"true": True, "false": False, "": False}
_SETTINGS: Final = ("by", "codes", "coder", "year-of", "pairs", "triples", "permutations", "profile")
FILTERS: Final[dict[str, Dimension]] = {name: each for name, each in dimensions().items() if each.of != "coder"}
"""The dimensions that an address can filter by, each by its own name; whose coding counts is the argument "coder"."""


@dataclass(frozen=True)
class Figure:
    """One row of a page: its values with the addresses they lead to, and what is worked out from its counts."""

    row: Row
    share: Share
    address: str
    evidence: str


@dataclass(frozen=True)
class Matrix:
    """A table by two dimensions as a page shows it: its columns, and rows of a value with the figures under it."""

    columns: tuple[AxisValue, ...]
    rows: tuple[tuple[AxisValue, tuple[Figure, ...]], ...]


def table(served: Served, pairs: Pairs) -> View:
    """Returns in how many reviews patterns recur, by one or two dimensions, or which of them stand together.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    request = read_request(served, pairs)
    protection = served.protect(request.profile)
    result = served.counted.answer(request, protection)
    worked = shares([row.cell for row in result.rows])
    figures = tuple(_figure(served, row, each, request) for row, each in zip(result.rows, worked, strict=True))
    document = as_document(result)
    context: dict[str, object] = {
        "result": result,
        "request": request,
        "figures": figures,
        "matrix": _matrix(result.counts, figures),
        "pickers": pickers(served, request),
        "filters": filters(served, request),
        "command": _command(request),
        "has_picture": has_figures(result),
        "explanation": protection.explanation,
        "evidence": _evidence_address(served, request.where, request, ""),
    }
    about: dict[str, object] = {
        name: document[name]
        for name in ("profile", "rule", "method", "sentence", "trend", "reviews")
        if name in document
    }
    links: tuple[dict[str, str | None], ...] = ()
    if not request.pairs and not request.triples:
        links = tuple({"figure": figure.address, "evidence": figure.evidence or None} for figure in figures)
    return View(
        result.answer, result.summary, "P1 P2 P3 P4", result.columns, "recurrence.html", ASKED, about, context, links
    )


def result_of(served: Served, pairs: Pairs) -> Result:
    """Returns the same as `table`, for a picture."""
    request = read_request(served, pairs)
    return served.counted.answer(request, served.protect(request.profile))


def evidence(served: Served, name: str, pairs: Pairs) -> View:
    """Returns the evidence for one pattern, of the reviews that a figure counts.

    Who may see the reviews themselves may also see how many they are, so the figure here is not protected.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    coding = served.counted.coding
    found = [value for value in coding.patterns if value.key == name]
    if not found:
        raise HTTPException(
            404, f"There is no pattern {name!r} in this release. Those it holds are listed at /patterns"
        )
    page, rest = _page(pairs)
    where = [("pattern", name), *((key, value) for key, value in rest if key != "pattern")]
    request = read_request(served, where)
    if request.by or request.pairs or request.triples:
        raise QueryArgumentError(ASKED, "by", "evidence is of one figure; give filters only")
    question = ask(coding, (), request.where, request.codes, request.coder, request.year)
    traced = chains.trace(coding, served.release.store, question, found[0], page, served.parts)
    figure = served.counted.answer(request)
    columns = {column: query_files.named(chains.CHAIN).columns.get(column, "") for column in traced.answer.columns}
    kept = [pair for pair in rest if pair[1]]
    context: dict[str, object] = {
        "traced": traced,
        "pattern": found[0],
        "figure": figure,
        "pages": [(number, "?" + urlencode([*kept, ("page", number)])) for number in range(1, traced.pages + 1)],
    }
    about: dict[str, object] = {
        "rule": figure.rule,
        "sentence": figure.sentence,
        "profile": figure.profile,
        "page": traced.page,
        "pages": traced.pages,
        "reviews": [{"iri": review.iri, "label": review.label} for review in traced.reviews],
    }
    summary = f"Evidence for {found[0].reading}: what supports and what contradicts it, review by review"
    following = urlencode([*kept, ("page", traced.page + 1)]) if traced.page < traced.pages else ""
    return View(
        traced.answer,
        summary,
        "P10",
        columns,
        "evidence.html",
        f"evidence-{name}",
        about,
        context,
        following=f"/patterns/{name}/evidence?{following}" if following else "",
    )


def interactions(served: Served, pairs: Pairs) -> View:
    """Returns the interactions of factors that reviews state; with ``only=harmless-alone`` those that surprise.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    given = arguments.once("interactions", pairs)
    only = given.pop("only", "")
    if only not in ("", "harmless-alone"):
        raise QueryArgumentError("interactions", "only", f"{only!r} is not harmless-alone; leave it out for all")
    query = query_files.named("unsafe-interactions" if only else "stated-interactions")
    answer = served.answer(query.name, {name: value for name, value in given.items() if value})
    columns = {name: query.columns.get(name, "") for name in answer.columns}
    labels = {
        "influence": served.vocabulary.choices("cl:influences").labels.values(),
        "reach": served.vocabulary.choices("cl:reaches").labels.values(),
    }
    kinds = [("harmless-alone", "Harmless alone"), ("", "All")]
    lists = [Picker("only", "Which", choices(kinds, only))] if only else []
    for parameter in query.parameters:
        if parameter.name in labels:
            named = {label.casefold(): label for label in labels[parameter.name]}
            chosen = named.get(given.get(parameter.name, "").casefold(), "")
            offered = [("", "Any"), *((label, label) for label in named.values())]
            lists.append(Picker(parameter.name, parameter.meaning.partition(";")[0], choices(offered, chosen)))
    context: dict[str, object] = {"query": query, "only": only, "lists": lists}
    return View(
        answer, query.summary, query.question, columns, "interactions.html", "interactions", {}, context, in_parts=True
    )


def read_request(served: Served, pairs: Pairs) -> Request:
    """Returns what an address asks.

    Raises:
        QueryArgumentError: An argument is unknown, too long or not of its type.
    """
    known = (*_SETTINGS, *FILTERS)
    where = []
    by: list[str] = []
    settings: dict[str, str] = {}
    for name, value in pairs:
        arguments.refuse_unknown(ASKED, name, known)
        arguments.refuse_long(ASKED, name, value)
        if name == "by":
            by += [each.strip() for each in value.split(",") if each.strip()]
        elif name in FILTERS:
            where += [(name, value)] if value.strip() else []
        elif name in settings:
            raise QueryArgumentError(ASKED, name, "it is given more than once; give it one value")
        else:
            settings[name] = value.strip()
    together, three = (_truth(name, settings.get(name, "")) for name in ("pairs", "triples"))
    return Request(
        by=tuple(by) if pairs else ("type",),
        where=tuple(where),
        codes=settings.get("codes") or CODES[0],
        coder=settings.get("coder", ""),
        year=settings.get("year-of", ""),
        pairs=together,
        triples=three,
        permutations=_permutations(served, settings.get("permutations", "")) if together else 0,
        profile=settings.get("profile", ""),
    )


def pickers(served: Served, request: Request) -> list[Picker]:
    """Returns the lists at the top of the form."""
    names = [("", "Nothing further"), *((name, each.label) for name, each in dimensions().items())]
    one, other = (*request.by, "", "")[:2]
    what = "triples" if request.triples else "pairs" if request.pairs else ""
    coders = [(coder.code, f"{coder.code} ({coder.kind.label.lower()})") for coder in served.counted.coding.coders]
    if request.coder and request.coder not in dict(coders):
        coders.append((request.coder, request.coder))
    return [
        Picker("by", "Count reviews by", choices(names[1:] if not what else names, one)),
        Picker("by", "and by", choices(names, other)),
        Picker(
            "codes", "Codes that count", choices([("primary", "Primary codes"), ("any", "Any code")], request.codes)
        ),
        Picker("coder", "Whose coding", choices([("", "The library’s default coder"), *coders], request.coder)),
        Picker(
            "year-of",
            "Which year",
            choices([(k, w.capitalize()) for k, w in year_kinds().items()], request.year or next(iter(year_kinds()))),
        ),
        Picker(
            "pairs",
            "Show",
            choices([("", "A table of reviews"), ("true", "Pairs of patterns")], "true" if what else ""),
        ),
    ]


def filters(served: Served, request: Request) -> list[Picker]:
    """Returns the lists of filters, one a dimension."""
    chosen: dict[str, list[str]] = {}
    for name, value in request.where:
        chosen.setdefault(name, []).append(value)
    lists = []
    for name, dimension in FILTERS.items():
        values = served.counted.coding.values(dimension, request.year or next(iter(year_kinds())))
        mine = {find_value(values, text, name) for text in chosen.get(name, ())}
        choices = [Choice(value.key, value.reading, value in mine) for value in values]
        if choices:
            lists.append(Picker(name, dimension.label, (Choice("", "Any", not mine), *choices), len(mine) > 1))
    return lists


def _figure(served: Served, row: Row, worked: Share, request: Request) -> Figure:
    narrowed = {name for name, _ in row.narrow}
    kept = (pair for pair in request.where if pair[0] not in narrowed)
    where = (*kept, *(pair for pair in row.narrow if pair[0] != "coder"))
    coder = next((value for name, value in row.narrow if name == "coder"), request.coder)
    asked = Request(where=where, codes=request.codes, coder=coder, year=request.year, profile=request.profile)
    return Figure(row, worked, f"/recurrence?{_query(asked)}", _evidence_address(served, where, asked, coder))


def _evidence_address(served: Served, where: Iterable[tuple[str, str]], request: Request, coder: str) -> str:
    """Returns the address of the evidence for a figure; empty where it is about no pattern."""
    where = list(where)
    about = [pair for pair in where if dimensions()[pair[0]].of == "pattern"]
    if not about:
        return ""
    pattern = find_value(served.counted.coding.patterns, about[-1][1], about[-1][0]).key
    rest = tuple(pair for pair in where if pair != about[-1])
    asked = Request(
        where=rest, codes=request.codes, coder=coder or request.coder, year=request.year, profile=request.profile
    )
    query = _query(asked).removeprefix("by=").removeprefix("&")
    return f"/patterns/{pattern}/evidence{f'?{query}' if query else ''}"


def _query(request: Request) -> str:
    """Returns a request as the query string of an address; without dimensions it says so."""
    settings = {
        "codes": request.codes,
        "coder": request.coder,
        "year-of": request.year,
        "profile": request.profile,
    }
    given = [(name, value) for name, value in settings.items() if value and (name, value) != ("codes", CODES[0])]
    return urlencode([*(("by", name) for name in request.by or ("",)), *request.where, *given])


def _matrix(counts: Counts | None, figures: tuple[Figure, ...]) -> Matrix | None:
    if counts is None or len(counts.axes) != 2:  # noqa: PLR2004  # a matrix has two sides
        return None
    down, across = counts.axes
    width = len(across.values)
    rows = tuple((value, figures[place * width : (place + 1) * width]) for place, value in enumerate(down.values))
    return Matrix(across.values, rows)


def _command(request: Request) -> str:
    """Returns the command that asks the same on the command line."""
    words = ["ltkg", "recur"]
    for name in request.by:
        words += ["--by", name]
    for name, value in request.where:
        words += ["--where", f"{name}={value}"]
    for option, value, default in (
        ("--codes", request.codes, CODES[0]),
        ("--coder", request.coder, ""),
        ("--year", request.year, ""),
        ("--profile", request.profile, ""),
    ):
        words += [option, value] if value and value != default else []
    words += ["--pairs"] if request.pairs else []
    words += ["--triples"] if request.triples else []
    return shlex.join(words)


def _permutations(served: Served, text: str) -> int:
    if not text:
        return PERMUTATIONS if len(served.counted.coding.reviews) <= TESTED_BY_DEFAULT else 0
    if text not in ("0", str(PERMUTATIONS)):
        raise QueryArgumentError(ASKED, "permutations", f"{text!r} is neither 0 nor {PERMUTATIONS}")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text not in _TRUTHS:
        raise QueryArgumentError(ASKED, name, f"{text!r} is neither true nor false")
    return _TRUTHS[text]


def _page(pairs: Pairs) -> tuple[int, Pairs]:
    """Returns the number of the page and the other arguments."""
    page = whole_number(pairs, "page", 1, FARTHEST) or 1
    return page, [pair for pair in pairs if pair[0] != "page"]
