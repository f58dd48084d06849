"""Which form of a page a client asked for."""

from __future__ import annotations

from enum import StrEnum


class MediaType(StrEnum):
    """The forms in which every page is given, the default first."""

    HTML = "text/html"
    JSON = "application/json"
    CSV = "text/csv"


def preferred(accept: str) -> MediaType:
    """Returns the form that an Accept header asks for (RFC 9110, 12.5.1).

    HTML where it names none of ours, and where several are as welcome: an address typed into a browser is a page.
    """
    weights = {media_type: weight(accept, media_type) for media_type in MediaType}
    best = max(weights.values())
    return next(media_type for media_type in MediaType if weights[media_type] == best)


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
