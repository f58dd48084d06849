"""Who is answered what of a release that was published under a restricted profile of disclosure control."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException

from api.served import Served
from learntogether_kg.errors import DisclosureError
from learntogether_kg.tokens import Role, Tokens

PROTECTED: Final = (
    "/recurrence",
    "/ontology",
    "/validate",
    "/template",
    "/health",
    "/docs",
    "/openapi.json",
    "/static",
)
"""The addresses that answer from protected counts or say nothing of a review. All others are refused, new ones too."""
ANALYSTS: Final = ("/sparql", "/.well-known/void")
"""The addresses that an analyst's token opens."""
_NO_TOKEN: Final = "This release is asked in SPARQL with an analyst's token: send it as `Authorization: Bearer TOKEN`"
_NO_ANALYST: Final = "This token is not an analyst's. Ask the keeper of this library for one that is"
_SCHEME: Final = {"WWW-Authenticate": 'Bearer realm="LearnTogether KG"'}


def refuse_records(request: Request) -> None:
    """Refuses records, evidence and unprotected counts of a restricted release.

    Raises:
        HTTPException: 401 or 403, where the address is for analysts and who asks shows no analyst's token.
        DisclosureError: The release is restricted, and the address is none of the protected ones.
    """
    served: Served = request.app.state.served
    path = request.url.path
    if served.is_restricted and path in ANALYSTS:
        _require_analyst(request)
    elif served.is_restricted and not any(
        path == each or path.startswith((f"{each}/", f"{each}.")) for each in PROTECTED
    ):
        profile = served.protection.profile
        reason = f"this release was published under profile {profile}, and only counts that passed it are shown here"
        raise DisclosureError("records", reason, "ask at /recurrence")


def _require_analyst(request: Request) -> None:
    tokens: Tokens = request.app.state.tokens
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    token = tokens.find(shown.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise HTTPException(401, _NO_TOKEN, _SCHEME)
    if token.role is not Role.ANALYST:
        raise HTTPException(403, _NO_ANALYST)
