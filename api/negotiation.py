"""Which form of a page a client asked for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final


class MediaType(StrEnum):
    """The forms in which every page is given, the default first."""

    HTML = "text/html"
    JSON = "application/json"
    CSV = "text/csv"


RDF: Final[Mapping[str, str]] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}
"""The forms in which what is RDF is given: ending to media type."""


def preferred(accept: str) -> MediaType:
    """Returns the form that an Accept header asks for (RFC 9110, 12.5.1).

    HTML where it names none of ours, and where several are as welcome: an address typed into a browser is a page.
    """
    weights = {media_type: weight(accept, media_type) for media_type in MediaType}
    best = max(weights.values())
    return next(media_type for media_type in MediaType if weights[media_type] == best)


def among(accept: str, offered: Mapping[str, str], otherwise: str) -> str:
    """Returns the key of the media type that an Accept header prefers.

    Args:
        accept: The header.
        offered: Key to media type.
        otherwise: The key where none is more welcome than its own media type, or none is welcome at all.
    """
    best = max(offered, key=lambda key: weight(accept, offered[key]))
    return best if weight(accept, offered[best]) > weight(accept, offered.get(otherwise, "text/html")) else otherwise


@lru_cache(maxsize=256)
def welcome(accept: str) -> tuple[float, ...]:
    """Returns all that an answer here can depend on in an Accept header: how welcome each form is that any address has.

    Two headers of which this is equal get the same form everywhere.
    """
    return tuple(weight(accept, media_type) for media_type in (*MediaType, *RDF.values()))


def names_html(accept: str) -> bool:
    """Returns whether an Accept header asks for HTML by name, as a browser's does."""
    return any(entry.partition(";")[0].strip().lower() == MediaType.HTML for entry in accept.split(","))


def weight(accept: str, media_type: str) -> float:
    """Returns how welcome a media type is, from 0 to 1; the most specific entry that fits it decides."""
    ranges = dict(_entry(entry) for entry in accept.split(",") if entry.strip())
    for fitting in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if fitting in ranges:
            return ranges[fitting]
    return 0.0


def _entry(entry: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in entry.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return name, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return name, 0.0
