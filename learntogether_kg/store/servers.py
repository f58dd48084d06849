"""What is known of kinds of SPARQL servers beyond the standards; it stands in ``servers.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """A kind of server.

    Attributes:
        name: How it is called; empty where it is not known.
        graph_store: The address of its Graph Store Protocol; empty where that is not known.
    """

    name: str = ""
    graph_store: str = ""


def kind_of(server: str, endpoint: str) -> Kind:
    """Returns the kind of a server.

    Args:
        server: What it calls itself in the Server header of its answers.
        endpoint: The address where it is asked.
    """
    for each in _known():
        if each["header"] in server:
            stem = endpoint.removesuffix(each["query"])
            return Kind(each["name"], "" if stem == endpoint else stem + each["graph-store"])
    return Kind()


@cache
def _known() -> list[dict[str, str]]:
    text = (Path(__file__).parent / "servers.toml").read_text(encoding="utf-8")
    found: list[dict[str, str]] = tomllib.loads(text)["server"]
    return found
