"""Each named query answers as worked out by hand, on every engine; what is no fit query or argument is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from rdflib import RDF, Dataset, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery

from learntogether_kg import queries, query_files, resources
from learntogether_kg.errors import QueryArgumentError, QueryFileError, UnknownQueryError
from learntogether_kg.namespaces import CATALOGUE, CL, CODER, ID, LT, ONTOLOGY_GRAPH, REVIEW, TYP
from learntogether_kg.store.base import Store, WritableStore
from learntogether_kg.store.oxigraph import OxigraphStore
from tests.stores import FIXTURES, RdflibStore, both_stores, fill, read_fixture, served

CASES = Path(__file__).parent / "queries"
ALL_CASES = sorted(path.parent for path in CASES.glob("*/*/expected.csv"))
ENGINES = ("oxigraph", "rdflib", "sparql")
SMALL = "synthetic-small"

GOOD = """\
#+ summary: Every label
#+ question: none
#+ tags: test
#+ discloses: counts
#+ column s: What has the label
SELECT ?s
WHERE {
  VALUES ?label { "Clear roles" } #? xsd:string The label
  ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?found
  FILTER(STR(?found) = ?label)
}
ORDER BY ?s
"""

Stores = Callable[[str], dict[str, Store]]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The stores of every kind that hold a dataset, filled once."""
    known: dict[str, dict[str, Store]] = {}
    with ExitStack() as servers:

        def stores_of(name: str) -> dict[str, Store]:
            if name not in known:
                folder = tmp_path_factory.mktemp(name)
                embedded = both_stores(dataset(name, request), folder)
                graphs = {graph: embedded["oxigraph"].graph(graph) for graph in embedded["oxigraph"].graph_names()}
                known[name] = {**embedded, "sparql": servers.enter_context(served(folder, graphs))}
            return known[name]

        yield stores_of


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores(SMALL)["oxigraph"]


def dataset(name: str, request: pytest.FixtureRequest) -> Dataset:
    """Returns the reviews a case is asked over: nothing, the bundled sample, or a file of fixtures/."""
    if name == "empty":
        return Dataset()
    if name != "sample":
        return read_fixture(name)
    sample, reviews = request.getfixturevalue("sample_library").current().store, Dataset()
    for graph in sample.graph_names():
        if graph not in (ONTOLOGY_GRAPH, CATALOGUE):
            for triple in sample.graph(graph):
                reviews.graph(graph).add(triple)
    return reviews


def table(lines: Iterable[str]) -> list[list[str]]:
    return list(csv.reader(lines))


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


# Answers


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", ALL_CASES, ids=name_of)
def test_a_query_answers_as_worked_out_by_hand(case: Path, engine: str, stores: Stores) -> None:
    named = case / "data.txt"
    data = named.read_text(encoding="utf-8").strip() if named.exists() else SMALL
    arguments = json.loads((case / "arguments.json").read_text(encoding="utf-8"))
    with (case / "expected.csv").open(encoding="utf-8", newline="") as expected:
        answer = queries.ask(stores(data)[engine], case.parent.name, arguments)
        assert table(answer.as_csv()) == table(expected)


@pytest.mark.parametrize("name", query_files.catalogue())
def test_all_engines_answer_alike_where_anything_is_meant(name: str, stores: Stores) -> None:
    anything = {parameter.name: "" for parameter in query_files.named(name).parameters if parameter.default == "UNDEF"}
    one, *others = (queries.ask(stores(SMALL)[engine], name, anything) for engine in ENGINES)
    assert others == [one, one]


@pytest.mark.parametrize("name", query_files.catalogue())
def test_an_empty_library_is_answered_and_not_an_error(name: str, stores: Stores) -> None:
    one, *others = (queries.ask(stores("empty")[engine], name) for engine in ENGINES)
    assert others == [one, one]


@pytest.mark.parametrize("name", query_files.catalogue())
def test_rows_stand_in_one_order_only(name: str, stores: Stores) -> None:
    rows = queries.ask(stores(SMALL)["oxigraph"], name).rows
    assert len(rows) == len(set(rows)), "a row twice means a join over triples that stand in several graphs"


def test_a_synthesis_is_in_no_answer_but_its_own(store: Store) -> None:
    for name in query_files.catalogue():
        told = "".join(queries.ask(store, name).as_csv())
        assert ("ynthesis" in told) == (name == "syntheses"), name


def test_the_answer_names_every_argument_as_a_person_reads_it(store: Store) -> None:
    answer = queries.ask(store, "agencies-by-pattern", {"pattern": "typ:clear-roles"})
    assert answer.arguments == {"coder": "", "pattern": "Clear roles", "influence": "Unsafe", "codes": "primary"}


# Completeness


@pytest.mark.parametrize("name", query_files.catalogue())
def test_every_query_has_a_case(name: str) -> None:
    assert any(case.parent.name == name for case in ALL_CASES)


def test_every_competency_question_is_answered_by_a_query_and_every_query_names_one_or_none() -> None:
    with (FIXTURES / "competency.csv").open(encoding="utf-8", newline="") as lines:
        asked = [row["id"] for row in csv.DictReader(lines)]
    assert len(asked) == len(set(asked)) == 30
    answered = {query.question for query in query_files.catalogue().values()}
    assert answered - {"none"} == set(asked)


def test_every_folder_of_cases_names_a_query_and_every_case_is_whole() -> None:
    folders = {path.name for path in CASES.iterdir() if path.is_dir()}
    assert folders <= set(query_files.catalogue())
    for case in CASES.glob("*/*/"):
        assert {"arguments.json", "expected.csv"} <= {file.name for file in case.iterdir()}, case


@pytest.mark.parametrize("name", query_files.catalogue())
def test_every_column_is_explained_and_every_list_is_a_column(name: str) -> None:
    query = query_files.named(name)
    selected = [str(variable) for variable in prepareQuery(query.text).algebra.PV]
    assert list(query.columns) == selected
    assert set(query.lists) <= set(selected)
    assert all(query.columns.values())


def test_query_names_are_unique() -> None:
    files = [file for file in resources.files("queries", "*/*.rq") if file.parent.name != "internal"]
    assert len({file.stem for file in files}) == len(files) == len(query_files.catalogue())


@pytest.mark.parametrize("name", query_files.catalogue())
def test_the_default_of_every_parameter_is_an_argument_it_takes(name: str, store: Store) -> None:
    query = query_files.named(name)
    defaults = {parameter.name: parameter.default_text for parameter in query.parameters}
    assert queries.ask(store, name, defaults) == queries.ask(store, name)


# The default coder


@pytest.mark.parametrize("make", [lambda path: OxigraphStore.create(path / "store"), lambda _: RdflibStore()])
@pytest.mark.parametrize(
    ("coded", "default"),
    [
        ({"m": ("machine", 3), "p": ("as-published", 1)}, "p"),
        ({"p": ("as-published", 3), "h": ("human", 1)}, "h"),
        ({"h": ("human", 3), "a": ("agreed", 1)}, "a"),
        ({"h1": ("human", 1), "h2": ("human", 2)}, "h2"),
        ({"h2": ("human", 2), "h1": ("human", 2)}, "h1"),
        ({"h1": ("human", 1), "in-synthesis": ("human", 0)}, "h1"),
        ({"in-synthesis": ("agreed", 0)}, None),
        ({}, None),
    ],
)
def test_the_default_coder_is_the_best_founded(
    make: Callable[[Path], WritableStore], coded: dict[str, tuple[str, int]], default: str | None, tmp_path: Path
) -> None:
    store, reviews = make(tmp_path), Dataset()
    for code, (kind, count) in coded.items():
        scopes = [(LT.inReview, REVIEW[f"{code}-{number}"]) for number in range(count)]
        # A synthesis is coded too, and its coding founds no figure about reviews.
        for property_, study in [*scopes, *((LT.inSynthesis, ID[f"synthesis/{code}-{i}"]) for i in range(5))]:
            graph = reviews.graph(study)
            graph.add((CODER[code], RDF.type, LT.Coder))
            graph.add((CODER[code], LT.coderKind, CL[kind]))
            graph.add((CODER[code], LT.coderCode, Literal(code)))
            graph.add((URIRef(f"{study}/S1"), RDF.type, LT.CodingScope))
            graph.add((URIRef(f"{study}/S1"), LT.codedBy, CODER[code]))
            graph.add((URIRef(f"{study}/S1"), property_, study))
    fill(store, reviews)
    fill(store, reviews)  # a second time changes nothing and leaves no second default
    found = list(store.graph(CATALOGUE).objects(CATALOGUE, LT.defaultCoder))
    assert found == ([CODER[default]] if default else [])


# Files that are no fit queries


def read(tmp_path: Path, text: str) -> query_files.NamedQuery:
    file = tmp_path / "topic" / "made-up.rq"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return query_files.read_query(file)


def test_a_fit_file_is_read_whole(tmp_path: Path) -> None:
    query = read(tmp_path, GOOD)
    assert (query.name, query.topic, query.tags, query.discloses) == ("made-up", "topic", ("test",), "counts")
    assert query.columns == {"s": "What has the label"}
    assert [(p.name, p.kind, p.default_text, p.meaning) for p in query.parameters] == [
        ("label", "xsd:string", "Clear roles", "The label")
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("#+ tags: test", "#+ tag: test", 3, "the keys are"),
        ("#+ tags: test", "#+ tags", 3, "the keys are"),
        ("#+ column s: What", "#+ column: What", 5, "the keys are"),
        ("#+ question: none\n", "", 1, "no `#+ question:` line"),
        ("#+ summary: Every label", "#+ summary:", 1, "no `#+ summary:` line"),
        ("discloses: counts", "discloses: all", 1, "`discloses` must be one of"),
        ('{ "Clear roles" } #?', '{ "Clear roles" #?', 8, "must stand on one line"),
        ("#? xsd:string The label", "#? xsd:string", 8, "must stand on one line"),
        ("#? xsd:string The", "#? text The", 8, "not a datatype, class or code list"),
        ("WHERE {", "FROM <http://example.org/g>\nWHERE {", 7, "FROM is not allowed"),
        ("WHERE {", "from named <http://example.org/g>\nWHERE {", 7, "from is not allowed"),
        ("?s <http", "SERVICE <http://example.org/> { ?a ?b ?c }\n?s <http", 9, "SERVICE is not allowed"),
        ("?s <http", "FILTER(1<2)SERVICE?x{?a?b?c}FILTER(2>1)\n?s <http", 9, "SERVICE is not allowed"),
        ("?s <http", "?a ?b \"\"\" \" \"\"\" . SERVICE ?x {} ?a ?b ''' ' ''' .\n?s <http", 9, "SERVICE is not"),
        ("?s <http", "?a ex:it\\'s ?b SERVICE ?x {} ?a ex:it\\'s ?b .\n?s <http", 9, "SERVICE is not allowed"),
        ("?s <http", "SERV\\u0049CE <http://example.org/> {}\n?s <http", 9, "\\u is not allowed"),
        ("?s <http", '?a ?b "\\u0022 . SERVICE ?x {} ?a ?b \\u0022" .\n?s <http', 9, "\\u is not allowed"),
        ("?s <http", "?a ?b <http://example.org/\\U0000003e> .\n?s <http", 9, "\\U is not allowed"),
    ],
)
def test_an_unfit_file_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(QueryFileError) as error:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert error.value.line == line
    assert reason in error.value.reason
    assert "made-up.rq" in str(error.value)


@pytest.mark.parametrize(
    "harmless",
    [
        "# from here on no service is asked",
        '?s ?p "a service from the city" .',
        "?s ?p <http://example.org/service/from> .",
        "?s ?p '''it's a \"service\" from''' .",
    ],
)
def test_a_keyword_in_a_comment_a_string_or_an_iri_is_no_keyword(tmp_path: Path, harmless: str) -> None:
    assert read(tmp_path, GOOD.replace("?s <http", f"{harmless}\n?s <http", 1)).name == "made-up"


# Arguments


@pytest.mark.parametrize(
    ("query", "arguments", "parameter", "reason"),
    [
        ("recurring-patterns", {"least": "2"}, "least", "it takes minimum, coder, codes"),
        ("incomplete-reviews", {"coder": "human-a"}, "coder", "it takes none"),
        ("recurring-patterns", {"minimum": "two"}, "minimum", "not a whole number"),
        ("recurring-patterns", {"minimum": "2 } #"}, "minimum", "not a whole number"),
        ("recurring-patterns", {"minimum": "1" * 10}, "minimum", "not a whole number"),
        ("recurring-patterns", {"codes": "secondary"}, "codes", "not one of primary, any"),
        ("recurring-patterns", {"coder": "human"}, "coder", "did you mean 'human-a'"),
        ("evidence-chain", {"pattern": "Nature of the task"}, "pattern", "name of more than one"),
        ("evidence-chain", {"pattern": "Unsafe"}, "pattern", "not known here as a lt:Pattern"),
        ("evidence-chain", {"review": "Synthetic synthesis"}, "review", "not known here as a lt:Review"),
    ],
)
def test_an_unfit_argument_is_refused(
    store: Store, query: str, arguments: dict[str, str], parameter: str, reason: str
) -> None:
    with pytest.raises(QueryArgumentError) as error:
        queries.ask(store, query, arguments)
    assert error.value.parameter == parameter
    assert reason in error.value.reason


def test_an_unknown_query_is_told_with_a_close_name(store: Store) -> None:
    with pytest.raises(UnknownQueryError) as error:
        queries.ask(store, "recuring-patterns")
    assert error.value.close[0] == "recurring-patterns"


@pytest.mark.parametrize(
    "given", ["typ:clear-roles", str(TYP["clear-roles"]), "Clear roles", "CLEAR ROLES", "clear-roles"]
)
def test_a_concept_may_be_given_by_iri_prefixed_name_or_label(store: Store, given: str) -> None:
    assert queries.ask(store, "pattern-reviews", {"pattern": given}).arguments == {"pattern": "Clear roles"}


ATTACKS = [
    '"',
    "'",
    '" } ?s ?p ?o . {',
    'Clear roles" } SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } #',
    'Clear roles" }\nSERVICE <http://127.0.0.1:9/> { ?a ?b ?c }\n#',
    "ends with a backslash \\",
    '\\" } ?s ?p ?o #',
    '""" } ?s ?p ?o #',
    "\\u0022 } ?s ?p ?o #",
    "UNDEF",
    "#? xsd:string x",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_given_as_an_argument_stays_one_literal(tmp_path: Path, stores: Stores, attack: str) -> None:
    bound = read(tmp_path, GOOD).bind({"label": Literal(attack)})
    for engine in ENGINES:
        assert list(stores(SMALL)[engine].select(bound)) == []
    echo = read(tmp_path, GOOD.replace("SELECT ?s", "SELECT ?label").replace("= ?label", '= "Clear roles"'))
    rows = list(stores(SMALL)["oxigraph"].select(echo.bind({"label": Literal(attack)})))
    assert rows == [(Literal(attack),)]


@pytest.mark.parametrize("attack", [*ATTACKS, "http://example.org/> } ?s ?p ?o . { <x:y", "typ:x> ?p ?o ; <"])
@pytest.mark.parametrize("parameter", ["codes", "coder", "influence"])
def test_no_argument_becomes_part_of_a_catalogue_query(store: Store, parameter: str, attack: str) -> None:
    with pytest.raises(QueryArgumentError):
        queries.ask(store, "types-reported", {parameter: attack})


def test_an_iri_that_would_break_out_cannot_be_bound(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="does not look like a valid URI"):
        read(tmp_path, GOOD).bind({"label": URIRef("x:y> } ?s ?p ?o . { <x:y")})
