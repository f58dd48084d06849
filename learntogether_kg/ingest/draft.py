"""What reading a file gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, Graph, URIRef

from learntogether_kg.namespaces import LT
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
        context: Of one coder's codes for a review that is elsewhere: what the file shows of the review and its items,
            to check and compare the codes by, never to be stored. None where the file states the review itself.
    """

    file: Path
    study: URIRef
    graph: Graph
    custody: Graph
    source_map: SourceMap
    context: Graph | None = None

    @property
    def coder(self) -> URIRef | None:
        """The coder of a file that holds one coder's codes; None where it states a review."""
        if self.context is None:
            return None
        found = self.graph.value(predicate=RDF.type, object=LT.Coder)
        return found if isinstance(found, URIRef) else None
