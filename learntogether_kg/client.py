"""Asks a server from a notebook; answers are Arrow tables, which pandas, polars and DuckDB read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urljoin, urlsplit
from urllib.request import Request, build_opener

import pyarrow as pa

from learntogether_kg.errors import ServerError

_SECONDS: Final = 60
_OPENER: Final = build_opener()
"""Its own, since other libraries of a notebook, SPARQLWrapper among them, change the one that all share."""
_IRI: Final = "_iri"


@dataclass(frozen=True)
class Client:
    """A server of ours.

    Attributes:
        address: Where it is, such as ``http://localhost:8000``.
        release: The release to ask; empty for the one that it serves by default.
        token: What opens records of a release under a restricted profile; empty for none.
    """

    address: str
    release: str = ""
    token: str = ""

    def ask(self, query: str, **arguments: object) -> pa.Table:
        """Returns the whole answer of a named query.

        Args:
            query: Its name; the server lists all of them at ``/queries``.
            arguments: Its parameters; one left out keeps its default.

        Returns:
            A column for each of the answer; one of resources is two, the label and ``<name>_iri``. Lists are lists.

        Raises:
            ServerError: The server cannot be reached, or says what is wrong with the question.
        """
        return self._table(f"/queries/{quote(query, safe='')}.json", list(arguments.items()))

    def recur(self, *by: str, **where: object) -> pa.Table:
        """Returns in how many reviews patterns recur.

        Args:
            by: Up to two dimensions to count by, such as ``type`` and ``influence``.
            where: Filters and settings, as ``/recurrence`` takes them: ``influence="unsafe"``, ``codes="any"``.

        Returns:
            As `ask`. What disclosure control keeps back stands as text in the column, such as ``c``.

        Raises:
            ServerError: As `ask`.
        """
        return self._table("/recurrence.json", [*(("by", each) for each in by), *where.items()])

    def _table(self, path: str, pairs: list[tuple[str, object]]) -> pa.Table:
        pinned = [*pairs, ("release", self.release)] if self.release else pairs
        following = f"{path}?{urlencode([(name, _text(value)) for name, value in pinned])}"
        columns: dict[str, list[Any]] = {}
        while following:
            document = self._get(following)
            for name in document["columns"]:
                columns.setdefault(name, []).extend(row.get(name) for row in document["rows"])
            following = document["next"]
        return pa.table({name: _array(values) for name, values in _flat(columns).items()})

    def _get(self, path: str) -> Mapping[str, Any]:
        address = urljoin(self.address.rstrip("/") + "/", path)
        if urlsplit(address).scheme not in ("http", "https"):
            raise ServerError(self.address, "give an address that begins with http:// or https://")
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        try:
            with _OPENER.open(Request(address, headers=headers), timeout=_SECONDS) as answer:
                document: Mapping[str, Any] = json.load(answer)
                return document
        except HTTPError as error:
            raise ServerError(self.address, _problem(error)) from error
        except (URLError, OSError, ValueError) as error:
            raise ServerError(self.address, f"it does not answer as one of ours does: {error}") from error


def _problem(error: HTTPError) -> str:
    with error:
        try:
            return str(json.load(error)["detail"])
        except (ValueError, KeyError, TypeError):
            return f"it answered {error.code} {HTTPStatus(error.code).phrase}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Returns the columns with those of resources split in two."""
    flat: dict[str, list[Any]] = {}
    for name, values in columns.items():
        flat[name] = [_part(value, "label") for value in values]
        if any(_is_resource(value) for value in values):
            flat[name + _IRI] = [_part(value, "iri") for value in values]
    return flat


def _is_resource(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))


def _part(value: object, part: str) -> object:
    if isinstance(value, list):
        return [_part(each, part) for each in value]
    return value.get(part) if isinstance(value, dict) else value


def _array(values: list[Any]) -> pa.Array:
    """Returns a column; where numbers and text stand together, as beside a suppressed count, all of it is text."""
    kinds = {type(value) for value in values if value is not None}
    if str in kinds and len(kinds) > 1:
        return pa.array([None if value is None else str(value) for value in values])
    return pa.array(values)
