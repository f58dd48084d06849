"""What is answered of a release that was published under a restricted profile of disclosure control."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from api.asked import Asked, asked_of
from learntogether_kg.errors import DisclosureError

PROTECTED: Final = (
    "/recurrence",
    "/ontology",
    "/typology",
    "/codelists",
    "/validate",
    "/template",
    "/releases",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/static",
)
"""The addresses that answer from protected counts or say nothing of a review. All others are refused, new ones too."""
EXACTLY: Final = ("/", "/queries", "/queries.json", "/queries.csv", "/queries.ttl", "/queries.jsonld")
"""Likewise, but without what stands below them."""


def is_protected(path: str) -> bool:
    """Returns whether an address may be asked without a token of a release under any profile."""
    below = any(path == each or path.startswith((f"{each}/", f"{each}.")) for each in PROTECTED)
    return below or path in EXACTLY


async def refuse_records(request: Request, asked: Annotated[Asked, Depends(asked_of)]) -> None:
    """Refuses the public records, evidence and unprotected counts of a restricted release.

    Raises:
        DisclosureError: The release is restricted, no token was shown, and the address is none of the protected ones.
    """
    if not asked.records_are_open and not is_protected(request.url.path):
        reason = (
            f"this release was published under profile {asked.release.profile}, and only counts that passed it are "
            "shown here without a token"
        )
        raise DisclosureError("records", reason, "ask at /recurrence, or the keeper of this library for a token")
