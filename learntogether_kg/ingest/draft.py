"""What reading a file gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef

from learntogether_kg.source_map import SourceMap


@dataclass(frozen=True)
class Draft:
    """One review or synthesis as a file states it, not yet checked.

    Attributes:
        file: Where it was read.
        study: Its IRI.
        graph: What it says, without what goes to custody.
        custody: Its source record, and the recorded reasons for which warnings of a check may stand.
        source_map: Where each node and value stands in the file.
    """

    file: Path
    study: URIRef
    graph: Graph
    custody: Graph
    source_map: SourceMap
