"""What is answered of a release that was published under a restricted profile of disclosure control."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from api.served import Served
from learntogether_kg.errors import DisclosureError

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


def refuse_records(request: Request) -> None:
    """Refuses records, evidence and unprotected counts of a restricted release.

    Raises:
        DisclosureError: The release is restricted, and the address is none of the protected ones.
    """
    served: Served = request.app.state.served
    path = request.url.path
    if served.is_restricted and not any(
        path == each or path.startswith((f"{each}/", f"{each}.")) for each in PROTECTED
    ):
        profile = served.protection.profile
        reason = f"this release was published under profile {profile}, and only counts that passed it are shown here"
        raise DisclosureError("records", reason, "ask at /recurrence")
