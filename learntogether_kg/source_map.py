"""Where each node and each value of a review stands in the file it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.term import Node


@dataclass(frozen=True)
class Cell:
    """One cell of a workbook.

    Attributes:
        sheet: The sheet's name.
        ref: The cell within it in A1 notation.
    """

    sheet: str
    ref: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.ref}"


class SourceMap:
    """Tells which cell a node's row begins in, and which cell a value came from.

    Attributes:
        file: The file that was read.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._nodes: dict[Node, Cell] = {}
        self._values: dict[tuple[Node, URIRef], Cell] = {}
        self._exact: dict[tuple[Node, URIRef, Node], Cell] = {}

    def add_node(self, node: Node, cell: Cell) -> None:
        """Notes the cell in which the row of a node begins. The first cell noted stays."""
        self._nodes.setdefault(node, cell)

    def add_value(self, node: Node, predicate: URIRef, cell: Cell, value: Node | None = None) -> None:
        """Notes the cell that holds what a node has for a predicate.

        Args:
            node: What the row is about.
            predicate: What the column says about it.
            cell: The cell of that row and column.
            value: The value itself, where several cells hold values of one predicate. Without it, or for any other
                value, the first cell noted answers.
        """
        self._values.setdefault((node, predicate), cell)
        if value is not None:
            self._exact.setdefault((node, predicate, value), cell)

    def locate(self, node: Node, predicate: URIRef | None = None, value: Node | None = None) -> Cell | None:
        """Returns the cell of a value, else of the predicate, else the node's row, else None."""
        if predicate is None:
            return self._nodes.get(node)
        if value is not None and (node, predicate, value) in self._exact:
            return self._exact[node, predicate, value]
        return self._values.get((node, predicate)) or self._nodes.get(node)

    def sheets(self) -> tuple[str, ...]:
        """Returns the names of the sheets in the order in which they were first noted."""
        return tuple(dict.fromkeys(cell.sheet for _, _, cell in self.items()))

    def items(self) -> Iterator[tuple[Node, URIRef | None, Cell]]:
        """Yields every node with its cell, then every node and predicate with theirs; no predicate means the row."""
        for node, cell in self._nodes.items():
            yield node, None, cell
        for (node, predicate), cell in self._values.items():
            yield node, predicate, cell
