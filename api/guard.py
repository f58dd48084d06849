"""Who is answered what of a release that was published under a restricted profile of disclosure control."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from api.asked import Asked, asked_of
from learntogether_kg.errors import DisclosureError
from learntogether_kg.tokens import Role

PROTECTED: Final = (
    "/recurrence",
    "/layers",
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
ANALYSTS: Final = ("/sparql", "/.well-known/void")
"""The addresses that an analyst's token opens, and no other."""
_NO_TOKEN: Final = "This release is asked in SPARQL with an analyst's token: send it as `Authorization: Bearer TOKEN`"
_NO_ANALYST: Final = "This token is not an analyst's. Ask the keeper of this library for one that is"
_SCHEME: Final = {"WWW-Authenticate": 'Bearer realm="LearnTogether KG"'}
RECORDS: Final = ("/typology/emerging",)
"""Addresses below one of these that give records all the same, and so are refused."""
EXACTLY: Final = ("/", "/queries", "/queries.json", "/queries.csv", "/queries.ttl", "/queries.jsonld")
"""Likewise, but without what stands below them."""


def is_protected(path: str) -> bool:
    """Returns whether an address may be asked without a token of a release under any profile."""
    return path in EXACTLY or (_stands_below(path, PROTECTED) and not _stands_below(path, RECORDS))


def _stands_below(path: str, addresses: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith((f"{each}/", f"{each}.")) for each in addresses)


async def refuse_records(request: Request, asked: Annotated[Asked, Depends(asked_of)]) -> None:
    """Refuses the public records, evidence and unprotected counts of a restricted release.

    Raises:
        HTTPException: 401 or 403, where the address is for analysts and who asks shows no analyst's token.
        DisclosureError: The release is restricted, no token was shown, and the address is none of the protected ones.
    """
    if asked.release.restricted and request.url.path in ANALYSTS:
        _require_analyst(asked)
    elif not asked.records_are_open and not is_protected(request.url.path):
        reason = (
            f"this release was published under profile {asked.release.profile}, and only counts that passed it are "
            "shown here without a token"
        )
        raise DisclosureError("records", reason, "ask at /recurrence, or the keeper of this library for a token")


def _require_analyst(asked: Asked) -> None:
    if asked.role is None:
        raise HTTPException(401, _NO_TOKEN, _SCHEME)
    if asked.role is not Role.ANALYST:
        raise HTTPException(403, _NO_ANALYST)
