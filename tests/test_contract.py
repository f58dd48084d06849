"""One contract for every kind of store: what is put there, changed there and asked there is the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import XSD

from learntogether_kg import coding_table, queries, query_files
from learntogether_kg.answers import Answer
from learntogether_kg.errors import DifferingServerError, LearnTogetherError
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH, PREFIXES
from learntogether_kg.recurrence.named import TABLE, ask_named
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.recurrence.request import Counted
from learntogether_kg.store.base import WritableStore
from learntogether_kg.store.endpoint import Question, Reply
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.remote import reply
from learntogether_kg.store.sparql import SparqlStore
from tests.stores import served, virtuoso
from tests.test_queries import ALL_CASES, name_of

EX = Namespace("http://example.org/")
Kind = Callable[[Path], Iterator[WritableStore]]
SECONDS = 10


def in_memory(_: Path) -> Iterator[WritableStore]:
    yield OxigraphStore.in_memory([])


def on_disk(folder: Path) -> Iterator[WritableStore]:
    yield OxigraphStore.create(folder / "store")


def oxigraph_server(folder: Path) -> Iterator[WritableStore]:
    with served(folder, {}) as store:
        yield store


def virtuoso_server(folder: Path) -> Iterator[WritableStore]:
    with virtuoso(folder) as store:
        yield store


KINDS: Mapping[str, Kind] = {
    "memory": in_memory,
    "disk": on_disk,
    "oxigraph-server": oxigraph_server,
    "virtuoso": virtuoso_server,
}


@pytest.fixture(scope="module", params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritableStore]:
    """An empty store of each kind; each test leaves nothing in it."""
    yield from KINDS[request.param](tmp_path_factory.mktemp(request.param))


@contextmanager
def holding(store: WritableStore, graphs: Mapping[URIRef, Graph]) -> Iterator[None]:
    for name, graph in graphs.items():
        store.replace_graph(name, graph)
    try:
        yield
    finally:
        for name in graphs:
            store.remove_graph(name)


def graph(*triples: tuple[URIRef, URIRef, URIRef | Literal]) -> Graph:
    made = Graph()
    for triple in triples:
        made.add(triple)
    return made


ONE = graph(
    (EX.a, RDF.type, EX.Thing),
    (EX.a, EX.says, Literal('quotes " and \\ and\nlines, and ü €')),
    (EX.a, EX.says, Literal("label", lang="en")),
    (EX.a, EX.counts, Literal(7)),
    (EX.a, EX.counts, Literal("0.25", datatype=XSD.decimal)),
    (EX.a, EX.on, Literal("2014-05-01T00:00:00Z", datatype=XSD.dateTime)),
    (EX.a, EX.year, Literal("2014", datatype=XSD.gYear)),
)
TWO = graph((EX.b, RDF.type, EX.Thing), (EX.a, RDF.type, EX.Thing))


def ours(store: WritableStore) -> list[URIRef]:
    """Returns the names of the graphs these tests have made: servers have some of their own."""
    return [name for name in store.graph_names() if name.startswith(EX)]


def count(store: WritableStore, pattern: str) -> int:
    ((number,),) = store.select(f"PREFIX ex: <{EX}> SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
    return int(str(number))


# Graphs


def test_what_is_added_is_there_term_for_term(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE, EX.two: TWO}):
        assert ours(store) == [EX.one, EX.two]
        assert (set(store.graph(EX.one)), set(store.graph(EX.two))) == (set(ONE), set(TWO))


def test_a_replaced_graph_has_nothing_of_the_old_one_and_the_others_all_of_theirs(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE, EX.two: TWO}):
        store.replace_graph(EX.one, graph((EX.c, RDF.type, EX.Thing)))
        assert set(store.graph(EX.one)) == {(EX.c, RDF.type, EX.Thing)}
        assert set(store.graph(EX.two)) == set(TWO)


def test_a_removed_graph_is_gone_and_removing_it_again_does_nothing(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE, EX.two: TWO}):
        for _ in range(2):
            store.remove_graph(EX.one)
            assert ours(store) == [EX.two]
        assert len(store.graph(EX.one)) == 0


def test_counts_are_over_the_union_and_in_a_named_graph_over_that(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE, EX.two: TWO}):
        assert count(store, "SELECT DISTINCT ?s { ?s a ex:Thing }") == 2
        assert count(store, "GRAPH ex:one { ?s a ex:Thing }") == 1
        assert count(store, "GRAPH ex:two { ?s a ex:Thing }") == 2
        assert count(store, "SELECT DISTINCT ?g { GRAPH ?g { ex:a a ex:Thing } }") == 2
        assert count(store, "GRAPH ex:nowhere { ?s ?p ?o }") == 0


def test_an_update_writes_into_the_graph_it_names(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE}):
        store.update(f"INSERT DATA {{ GRAPH <{EX.one}> {{ <{EX.d}> a <{EX.Thing}> }} }}")
        assert set(store.graph(EX.one)) == {*ONE, (EX.d, RDF.type, EX.Thing)}


# Queries of every form


def answer(store: WritableStore, query: str) -> Reply:
    question = Question(query, (), (), ("json",), ("ntriples",), 1000, 1_000_000, "")
    if isinstance(store, SparqlStore):
        return reply(store, question, PREFIXES, SECONDS)
    assert isinstance(store, OxigraphStore)
    return store.reply(question, PREFIXES)


@pytest.mark.parametrize(("asked", "said"), [("ex:a a ex:Thing", True), ("ex:a a ex:Other", False)])
def test_ask_is_answered_with_a_truth_value(store: WritableStore, asked: str, said: bool) -> None:
    with holding(store, {EX.one: ONE}):
        body = answer(store, f"PREFIX ex: <{EX}> ASK {{ {asked} }}").body
        assert json.loads(body)["boolean"] is said


def test_construct_gives_a_graph(store: WritableStore) -> None:
    with holding(store, {EX.one: ONE, EX.two: TWO}):
        query = f"PREFIX ex: <{EX}> CONSTRUCT {{ ?s ex:is ?what }} WHERE {{ GRAPH ex:two {{ ?s a ?what }} }}"
        found = Graph().parse(data=answer(store, query).body, format="nt")
        assert set(found) == {(EX.a, EX["is"], EX.Thing), (EX.b, EX["is"], EX.Thing)}


def test_select_tells_the_variables_in_their_order(store: WritableStore) -> None:
    with holding(store, {EX.two: TWO}):
        query = f"PREFIX ex: <{EX}> SELECT ?s ?none ?t WHERE {{ ?s a ex:Thing ; a ?t }} ORDER BY ?s"
        document = json.loads(answer(store, query).body)
        assert document["head"]["vars"] == ["s", "none", "t"]
        assert [row["s"]["value"] for row in document["results"]["bindings"]] == [str(EX.a), str(EX.b)]


# The named queries


@pytest.fixture(scope="module")
def sample(sample_library: Library) -> OxigraphStore:
    return sample_library.release().store


@pytest.fixture(scope="module", params=["oxigraph-server", "virtuoso"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sample: OxigraphStore
) -> Iterator[SparqlStore]:
    """The sample on a server, just as it stands in its release."""
    for store in KINDS[request.param](tmp_path_factory.mktemp(f"{request.param}-sample")):
        assert isinstance(store, SparqlStore)
        store.change({name: sample.graph(name).skolemize() for name in sample.graph_names()})
        store.seconds = SECONDS
        yield store


def cases(name: str) -> list[dict[str, str]]:
    """Returns what a query is asked: its defaults, anything, and what its cases ask that the sample can be asked."""
    query = query_files.named(name)
    anything = {each.name: "" for each in query.parameters if not each.is_required}
    own = [
        json.loads((case / "arguments.json").read_text()) for case in ALL_CASES if name_of(case).startswith(f"{name}/")
    ]
    found: list[dict[str, str]] = []
    for each in ({}, anything, *own):
        if each not in found:
            found.append(each)
    return found


def asked(store: SparqlStore | OxigraphStore, name: str, arguments: Mapping[str, str]) -> object:
    """Returns the rows that a query's own SPARQL gives, or how it fails. What is known to differ is asked as well."""
    query = query_files.named(name)
    try:
        terms = queries.read_arguments(query, arguments, queries.Vocabulary(store)).terms
        labels = queries.labels_of(store)
        return Answer.of(name, {}, store.select(query.bind(terms)), query.lists, labels).rows
    except LearnTogetherError as error:
        return type(error).__name__


@pytest.mark.parametrize("name", query_files.catalogue())
def test_a_named_query_gives_equal_answers_unless_it_is_known_not_to(
    name: str, filled: SparqlStore, sample: OxigraphStore
) -> None:
    kind = filled.kind()
    if kind.refuses(name):
        with pytest.raises(DifferingServerError, match=kind.name):
            queries.ask(filled, name)
    if name in kind.unsteady:
        return  # it may agree today
    known = name in kind.differs
    different = next((each for each in cases(name) if asked(filled, name, each) != asked(sample, name, each)), None)
    assert (different is not None) == known, (
        "it agrees now: take it off the list in store/servers.toml" if known else f"differs with {different}"
    )


def test_what_counts_over_the_coding_table_is_answered_rightly_by_every_server(
    filled: SparqlStore, sample: OxigraphStore
) -> None:
    here = read_coding(coding_table.extract(sample), sample)
    there = Counted.of(LiveLibrary(filled).newest()).coding
    names = [name for name, query in query_files.catalogue().items() if query.counts_over == TABLE]
    assert names
    for name in names:
        expected = ask_named(sample, name, {}, lambda: here)
        assert ask_named(filled, name, {}, lambda: there) == expected


def test_every_query_on_the_list_is_one_and_has_a_reason(filled: SparqlStore) -> None:
    known = {**filled.kind().differs, **filled.kind().unsteady}
    assert set(known) <= set(query_files.catalogue())
    assert all(len(reason) > 20 for reason in known.values())


def test_the_sample_holds_reviews(sample: OxigraphStore) -> None:
    assert len(sample.graph(ONTOLOGY_GRAPH)) > 1000
    assert list(sample.select(f"SELECT ?r {{ ?r a <{LT.Review}> }}"))
