"""What is known of kinds of SPARQL servers beyond the standards; it stands in ``servers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of server.

    Attributes:
        name: How it is called; empty where it is not known.
        graph_store: The address of its Graph Store Protocol; empty where that is not known.
        timeout: The parameter of a query for the milliseconds it may take; empty where none is known.
        timed_out: The header, and how it begins, of an answer that the server has not finished for that.
        differs: Named queries that it answers otherwise than others or not at all, and why.
        unsteady: Named queries that it answers now rightly and now wrongly, and why.
    """

    name: str = ""
    graph_store: str = ""
    timeout: str = ""
    timed_out: tuple[str, str] = ("", "")
    differs: Mapping[str, str] = field(default_factory=dict)
    unsteady: Mapping[str, str] = field(default_factory=dict)

    def refuses(self, query: str) -> str:
        """Returns why a server of this kind is not asked a named query; empty where it is."""
        return self.differs.get(query, "") or self.unsteady.get(query, "")


def kind_of(server: str, endpoint: str) -> Kind:
    """Returns the kind of a server.

    Args:
        server: What it calls itself in the Server header of its answers.
        endpoint: The address where it is asked.
    """
    for each in _known():
        if each["header"] in server:
            stem = endpoint.removesuffix(each["query"])
            graph_store = "" if stem == endpoint else stem + each["graph-store"]
            said = each.get("timed-out", {})
            return Kind(
                name=each["name"],
                graph_store=graph_store,
                timeout=each.get("timeout", ""),
                timed_out=(said.get("header", ""), said.get("value", "")),
                differs=each.get("differs", {}),
                unsteady=each.get("unsteady", {}),
            )
    return Kind()


@cache
def _known() -> list[dict[str, Any]]:
    text = (Path(__file__).parent / "servers.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["server"]
    return found
