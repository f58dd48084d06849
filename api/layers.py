"""Layers: the counts of one question over the whole typology, of one release and of two beside each other."""

from __future__ import annotations

from typing import Final

from api.forms import Picker, choices
from api.paging import Pairs
from api.recurrence import filters, pickers, read_request
from api.releases import Offer, Opened
from api.served import Served
from api.typology import in_use
from api.views import View
from learntogether_kg import layers
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.layers import Layer
from learntogether_kg.recurrence.answer import Result
from learntogether_kg.recurrence.request import Request

_NOT_HERE: Final = ("by", "pairs", "triples", "permutations")
_DIFFERENCE: Final = {
    "pattern": "The pattern",
    "oneReviews": "Reviews of the one release in which it was found",
    "oneLooked": "Of so many that looked",
    "oneShare": "The one as a part of the other, from 0 to 1; empty where it would mislead",
    "oneNote": "What to mind",
    "otherReviews": "The same of the other release",
    "otherLooked": "The same of the other release",
    "otherShare": "The same of the other release",
    "otherNote": "The same of the other release",
    "points": "The share in the other less that in the one, in percentage points; empty where either has none",
}


def table(served: Served, pairs: Pairs) -> View:
    """Returns in how many reviews each pattern of the typology was found: the counts that a layer keeps.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    request, result = _counted(served, pairs)
    layer = Layer.of(result, in_use(served).label)
    context: dict[str, object] = {
        "result": result,
        "entries": layer.entries,
        "request": request,
        "pickers": [each for each in pickers(served, request) if each.name not in _NOT_HERE],
        "filters": filters(served, request),
        "explanation": served.protect(request.profile).explanation,
    }
    about: dict[str, object] = {"profile": result.profile, "rule": result.rule, "typology": layer.typology}
    summary = "A layer: in how many reviews each pattern of the typology was found"
    return View(result.answer, summary, "P1 P2", result.columns, "layers.html", "layer", about, context)


def layer_of(served: Served, pairs: Pairs) -> Layer:
    """Returns the layer of what an address asks.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    return Layer.of(_counted(served, pairs)[1], in_use(served).label)


def picture(served: Served, pairs: Pairs) -> str:
    """Returns a layer as a heat map, in SVG."""
    return layers.draw(layer_of(served, pairs), in_use(served).typology)


def difference(offer: Offer, asked: Opened, pairs: Pairs) -> View:
    """Returns what differs between the layers of two releases: the other less the one.

    Each of the two passed the disclosure control of its own release, and the difference is worked out from what is
    shown of them and from nothing else.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
        UnknownReleaseError: There is no release of that name.
    """
    one, other, rest = _two(offer, asked, pairs)
    mine, theirs = layer_of(one.served, rest), layer_of(other.served, rest)
    answer = layers.difference(mine, theirs)
    request = read_request(other.served, _by_pattern(rest))
    names = [(each.name, each.name) for each in offer.listing() if each.manifest is not None]
    context: dict[str, object] = {
        "one": one.name,
        "other": other.name,
        "unlike": [each for each in layers.unlike(mine, theirs) if not each.startswith("They differ in release")],
        "pickers": [
            Picker("one", "The one release", choices(names, one.name)),
            Picker("other", "The other release", choices(names, other.name)),
            *(each for each in pickers(other.served, request) if each.name not in _NOT_HERE),
        ],
        "filters": filters(other.served, request),
        "request": request,
    }
    about: dict[str, object] = {"one": one.name, "other": other.name, "unlike": context["unlike"]}
    summary = f"Two layers beside each other: release {other.name} less release {one.name}"
    return View(answer, summary, "none", dict(_DIFFERENCE), "layer-difference.html", "layer-difference", about, context)


def difference_picture(offer: Offer, asked: Opened, pairs: Pairs) -> str:
    """Returns the difference of the layers of two releases as a heat map, in SVG."""
    one, other, rest = _two(offer, asked, pairs)
    typology = in_use(other.served).typology
    return layers.draw_difference(layer_of(one.served, rest), layer_of(other.served, rest), typology)


def _counted(served: Served, pairs: Pairs) -> tuple[Request, Result]:
    request = read_request(served, _by_pattern(pairs))
    return request, served.counted.answer(request, served.protect(request.profile))


def _by_pattern(pairs: Pairs) -> Pairs:
    for name, _ in pairs:
        if name in _NOT_HERE:
            raise QueryArgumentError("layers", name, "a layer is counted by pattern and by nothing else; leave it out")
    return [("by", "pattern"), *pairs]


def _two(offer: Offer, asked: Opened, pairs: Pairs) -> tuple[Opened, Opened, Pairs]:
    """Returns the two releases and the other arguments.

    By default the other release is the one that is asked, and the one is that made before it.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in ("one", "other") and value.strip():
            if name in given:
                raise QueryArgumentError("layers", name, "it is given more than once; give one release")
            given[name] = value.strip()
    rest = [pair for pair in pairs if pair[0] not in ("one", "other")]
    other = offer.open(given["other"]) if "other" in given else asked
    if "one" in given:
        return offer.open(given["one"]), other, rest
    names = [each.name for each in offer.listing() if each.manifest is not None]
    before = names[: names.index(other.name)] if other.name in names else []
    return (offer.open(before[-1]) if before else other), other, rest
