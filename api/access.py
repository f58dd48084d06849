"""Who asks: nobody in particular, or the holder of a token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException

from learntogether_kg.tokens import FILE, Role, Tokens

_REALM: Final = 'Bearer realm="LearnTogether KG"'
_UNKNOWN: Final = "This token is not known here, or it was revoked. Ask the keeper of this library for another one"
_OTHER_SCHEME: Final = "Show a token as `Authorization: Bearer TOKEN`; there is no other way to sign in"


@dataclass(frozen=True)
class _Read:
    """The tokens as they were read, and how the file looked then."""

    stamp: tuple[int, int, int]
    roles: dict[str, Role]


class Doorkeeper:
    """Knows the tokens of a library. Their file is read anew when it changes, so that one revoked is refused at once.

    Args:
        library: The library's folder; None for a live library, which knows no tokens.
    """

    def __init__(self, library: Path | None) -> None:
        self._library = library
        self._read: _Read | None = None

    def role(self, authorization: str) -> Role | None:
        """Returns the role of who sends an Authorization header (RFC 6750); None where it is empty.

        Raises:
            HTTPException: 401, where it is no token of this library.
            StoreUnavailableError: The tokens cannot be read.
        """
        if not authorization:
            return None
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise HTTPException(401, _OTHER_SCHEME, {"WWW-Authenticate": _REALM})
        role = self._roles().get(Tokens.digest(token.strip()))
        if role is None:
            raise HTTPException(401, _UNKNOWN, {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
        return role

    def _roles(self) -> dict[str, Role]:
        """Returns the role of each token by its hash. Looking a hash up tells nothing of another token by its time."""
        if self._library is None:
            return {}
        try:
            found = (self._library / FILE).stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        if self._read is None or self._read.stamp != stamp:
            self._read = _Read(stamp, {each.digest: each.role for each in Tokens(self._library).all()})
        return self._read.roles
