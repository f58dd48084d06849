"""Tokens: who may see what a restricted profile keeps from the public.

A token is shown once, when it is made. What is kept is its SHA-256: a token is 256 random bits, so its hash can be
neither guessed nor looked up, and a slow hash would protect it no better. The file stands beside the library's releases
and is in none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from learntogether_kg.errors import StoreUnavailableError, TokenError

FILE: Final = "tokens.json"
"""The name of the file in a library's folder."""
_MARK: Final = "ltkg_"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Role(StrEnum):
    """What a token lets its holder see."""

    ANALYST = "analyst"
    CUSTODIAN = "custodian"


@dataclass(frozen=True)
class Token:
    """What is kept of a token.

    Attributes:
        name: Whom or what it was made for.
        role: What it lets its holder see.
        made: When, in UTC.
        digest: Its SHA-256 in hexadecimal digits.
    """

    name: str
    role: Role
    made: str
    digest: str


class Tokens:
    """The tokens of one library."""

    def __init__(self, library: Path) -> None:
        self._file = library / FILE

    def add(self, name: str, role: Role) -> str:
        """Makes a token and returns it; it cannot be shown again.

        Raises:
            TokenError: The name is taken or is no name.
            StoreUnavailableError: The file cannot be read or written.
        """
        known = self.all()
        if not _NAME.fullmatch(name):
            raise TokenError(name, "it is no name for a token; use letters, digits, dot, dash and underscore")
        if any(token.name == name for token in known):
            raise TokenError(name, "there is a token of that name; revoke it first, or choose another name")
        token = _MARK + secrets.token_urlsafe(32)
        self._write([*known, Token(name, role, datetime.now(UTC).isoformat(timespec="seconds"), self.digest(token))])
        return token

    def all(self) -> list[Token]:
        """Returns what is kept of all tokens, oldest first.

        Raises:
            StoreUnavailableError: The file cannot be read.
        """
        try:
            entries = json.loads(self._file.read_text(encoding="utf-8"))
            return [Token(**{**entry, "role": Role(entry["role"])}) for entry in entries]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreUnavailableError(self._file, f"the tokens cannot be read: {error}") from error

    def revoke(self, name: str) -> None:
        """Makes a token worthless from now on.

        Raises:
            TokenError: There is none of that name.
            StoreUnavailableError: The file cannot be read or written.
        """
        known = self.all()
        kept = [token for token in known if token.name != name]
        if len(kept) == len(known):
            raise TokenError(name, "there is no token of that name; `ltkg token list` shows those there are")
        self._write(kept)

    def find(self, token: str) -> Token | None:
        """Returns what is kept of a token that somebody shows; None where it is not one of these."""
        shown = self.digest(token)
        return next((each for each in self.all() if secrets.compare_digest(each.digest, shown)), None)

    @staticmethod
    def digest(token: str) -> str:
        """Returns what is kept of a token: its SHA-256 in hexadecimal digits."""
        return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()

    def _write(self, tokens: Sequence[Token]) -> None:
        beside = self._file.with_suffix(".new")
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([asdict(token) for token in tokens], file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(self._file)
        except OSError as error:
            raise StoreUnavailableError(self._file, f"the tokens cannot be written: {error}") from error
