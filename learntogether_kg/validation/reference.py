"""The reference engine: pySHACL. Slow, and what every other engine is held against."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pyshacl
from rdflib import SH, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
from rdflib.term import Node

from learntogether_kg.validation.shacl import ShaclResult, background, describing

_prepare = cache(prepareQuery)


class _PreparedGraph(Graph):
    """A graph that parses each query once: pySHACL asks the same one anew for every focus node.

    Parsing took nine tenths of the time of a check.
    """

    def query(  # type: ignore[override]
        self,
        query_object: str | Query,
        processor: str = "sparql",
        result: str = "sparql",
        initNs: Mapping[str, Any] | None = None,  # noqa: N803 (the name is rdflib's)
        initBindings: Mapping[str, Any] | None = None,  # noqa: N803
        use_store_provided: bool = True,
        **kwargs: object,
    ) -> QueryResult:
        prepared = _prepare(query_object) if isinstance(query_object, str) else query_object
        bindings = dict(initBindings) if initBindings else None
        return super().query(prepared, processor, result, initNs, bindings, use_store_provided, **kwargs)


class ReferenceEngine:
    """pySHACL with the shapes that it checks by.

    Args:
        shapes: All shapes.
    """

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes

    def check(self, review: Graph) -> set[ShaclResult]:
        """Returns all results on a review beside the ontology.

        Raises:
            RuntimeError: pySHACL gave up, which means that a shape is not well formed.
        """
        data = _PreparedGraph()
        for triple in (*background(), *review, *describing(review)):
            data.add(triple)
        _, report, text = pyshacl.validate(
            data, shacl_graph=self._shapes, inference="none", inplace=True, do_owl_imports=False
        )
        if not isinstance(report, Graph):
            raise RuntimeError(f"pySHACL could not check the review: {text}")
        return {_result(report, each) for each in report.objects(None, SH.result)}


def _result(report: Graph, each: Node) -> ShaclResult:
    return ShaclResult(
        focus_node=_require(report, each, SH.focusNode),
        path=report.value(each, SH.resultPath),
        value=report.value(each, SH.value),
        source_shape=_require(report, each, SH.sourceShape),
        severity=report.value(each, SH.resultSeverity),
        component=report.value(each, SH.sourceConstraintComponent),
    )


def _require(report: Graph, each: Node, predicate: URIRef) -> Node:
    """Returns what SHACL says every result has."""
    found = report.value(each, predicate)
    if found is None:
        raise RuntimeError(f"pySHACL reported a result without {predicate}")
    return found
