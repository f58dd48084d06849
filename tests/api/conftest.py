"""Applications over releases, asked without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, URIRef
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg.custody import Record
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, LT, REVIEW

MakeClient = Callable[[list[Record]], TestClient]


@pytest.fixture(scope="session")
def client(sample_library: Library) -> TestClient:
    """The sample, served."""
    return TestClient(create_app(Settings(library=sample_library.path)))


def unreleased(library: Library, folder: Path) -> Library:
    """Returns a copy of a library that has no release."""
    path = shutil.copytree(library.path, folder / "library")
    shutil.rmtree(path / "releases")
    (path / "releases").mkdir()
    return Library.open(path)


@pytest.fixture
def serve(tmp_path: Path) -> MakeClient:
    """Serves a new library of the given records."""

    def made(records: list[Record]) -> TestClient:
        library = Library.init(tmp_path / "library")
        if records:
            library.commit(records)
        library.publish("made-up")
        return TestClient(create_app(Settings(library=library.path)))

    return made


def record(token: str, label: str, *statements: str) -> Record:
    """Returns a made-up review with numbered findings that nobody has coded."""
    review = REVIEW[token]
    graph = Graph(identifier=review)
    graph.add((review, RDF.type, LT.Review))
    graph.add((review, LT.publicLabel, Literal(label)))
    graph.add((review, LT.synthetic, Literal(True)))
    for number, statement in enumerate(statements, start=1):
        finding = URIRef(f"{review}/F{number}")
        graph.add((finding, RDF.type, LT.Finding))
        graph.add((finding, LT.inReview, review))
        graph.add((finding, LT.localId, Literal(f"F{number}")))
        graph.add((finding, LT.statedAs, CL["numbered-finding"]))
        graph.add((finding, LT.statement, Literal(statement)))
    return Record(review, graph, Graph(), f"{token}.xlsx")
