"""Dates as a source states them: a text with its precision, and the outer bounds for comparing.

Bounds are xsd:dateTime, the one kind of date that SPARQL 1.1 orders and every engine compares alike.
"""

from __future__ import annotations

import calendar
import re
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def bounds(text: str) -> tuple[str, str] | None:
    """Returns the earliest and the latest instant that a stated date can mean.

    Args:
        text: A year, a year and month, or a day, in the form of ISO 8601.

    Returns:
        Two lexical forms of xsd:dateTime in UTC, or None where the text is no such date.
    """
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        last_month = month or 12
        last = date(first.year, last_month, day or calendar.monthrange(first.year, last_month)[1])
    except ValueError:
        return None
    return f"{first.isoformat()}T00:00:00Z", f"{last.isoformat()}T23:59:59Z"
