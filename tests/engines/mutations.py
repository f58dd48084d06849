"""Ways in which a review goes wrong, as operators that hypothesis applies to a graph.

An operator takes triples of a review away, or puts others in their place, wherever hypothesis chooses. What it makes
need not be likely: it is there to find a shape on which two engines disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import strategies as st
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import CL, CODER, LT, REVIEW, TYP
from learntogether_kg.ontology import load_ontology

Triple = tuple[Node, Node, Node]
Triples = set[Triple]
Operator = Callable[[st.DrawFn, Triples], None]
ON_VALUES: dict[str, Operator] = {}
ON_STRUCTURE: dict[str, Operator] = {}

FOREIGN = (
    URIRef("http://example.org/elsewhere"),
    URIRef("urn:x:1"),
    REVIEW["ffffffffffffffff"],
    REVIEW["ffffffffffffffff/F1"],
    CODER["nobody"],
    LT.Finding,
    LT.influence,
    TYP.scheme,
    CL["not-stated"],
    RDF.type,
)
TEXTS = (
    "",
    " ",
    "not stated",
    "Not stated",
    "Construktive",
    "x" * 3000,
    "two\nlines\r\nand\ttabs",
    'quotes " and \\ backslashes \\n',
    "naïve “quoted” text – with dashes … \U0001f600 \u00a0 \u200b",
    "<b>markup</b> & {?value} {$path}",
    "https://w3id.org/learntogether/codelists#unsafe",
    "5",
    "true",
    "2009",
)
IDENTIFYING = (
    "someone@example.org",
    "write to a.b+c@mail.example.co.uk.",
    "no at @ sign",
    "SW1A 1AA",
    "lives at b1 1aa now",
    "NN99 9ZZ9 is none",
    "020 7946 0958",
    "+44 (0)20 7946 0958",
    "0900 123",
    "943 476 5919",
    "943-476-5919",
    "9434765919",
    "on 3 March 2009",
    "3rd of march, 2009",
    "MARCH 3, 2009",
    "03/04/2009",
    "2009-04-03",
    "31.12.09",
    "in March 2009",
    "of 2009",
    "May 5 2009",
    "1 may 2010x",
)
NUMBERS = ("-1", "0", "1", "7", "1066", "1900", "2008", "2024", "2100", "99999", "20000000000000000000")
DATATYPES = (
    XSD.string, XSD.integer, XSD.gYear, XSD.date, XSD.dateTime, XSD.boolean, XSD.decimal, XSD.double, XSD.anyURI,
    URIRef("urn:x:type"),
)  # fmt: skip
LANGUAGES = ("en", "en-GB", "cy", "de")
MOMENTS = (
    "2009-01-01T00:00:00", "2009-12-31T23:59:59", "2009-01-01T00:00:00Z", "2009-01-01T00:00:00+02:00",
    "2008-12-31T23:30:00Z", "2009-13-45T00:00:00", "2009-01-01", "2009", "-0001-01-01T00:00:00", "2009-01-01T24:00:00",
    "2009-01-01T00:00:00.5",
)  # fmt: skip


def mutated(review: Graph, operator: Operator, most: int, keep: int | None = None) -> st.SearchStrategy[Graph]:
    """Returns a strategy for versions of a review that an operator has gone over, and perhaps another one.

    Args:
        review: What to begin with.
        operator: Applied at least once.
        most: How often it is applied at most.
        keep: How many nodes beside the study are left at most; by default all. Whatever points to the others points
            nowhere then, which is one more way to go wrong.
    """
    everything = sorted(review)
    nodes = sorted(set(review.subjects()))

    @st.composite
    def strategy(draw: st.DrawFn) -> Graph:
        triples = set(everything)
        if keep is not None:
            left = set(draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=keep, unique=True)))
            triples = {each for each in triples if each[0] in left or (each[0], RDF.type, LT.Review) in triples}
        for _ in range(draw(st.integers(1, most))):
            operator(draw, triples)
        if draw(st.booleans()):
            everywhere = ON_VALUES | ON_STRUCTURE
            everywhere[draw(st.sampled_from(sorted(everywhere)))](draw, triples)
        graph = Graph()
        for each in triples:
            graph.add(each)
        return graph

    return strategy()


def operator(kind: dict[str, Operator]) -> Callable[[Operator], Operator]:
    def note(function: Operator) -> Operator:
        kind[function.__name__] = function
        return function

    return note


def _pick(draw: st.DrawFn, triples: Iterable[Triple]) -> Triple | None:
    found = sorted(triples)
    return draw(st.sampled_from(found)) if found else None


def _put(triples: Triples, old: Triple, value: Node) -> None:
    triples.discard(old)
    triples.add((old[0], old[1], value))


def _swap(draw: st.DrawFn, triples: Triples, values: Iterable[Node], among: Iterable[Triple] | None = None) -> None:
    """Puts one of the values in the place of another."""
    old = _pick(draw, triples if among is None else among)
    found = sorted(set(values))
    if old and found:
        _put(triples, old, draw(st.sampled_from(found)))


def _texts(triples: Triples) -> list[Triple]:
    return [each for each in triples if isinstance(each[2], Literal) and each[2].datatype in (None, XSD.string)]


def _literals(triples: Triples) -> list[Triple]:
    return [each for each in triples if isinstance(each[2], Literal)]


def _links(triples: Triples) -> list[Triple]:
    return [each for each in triples if isinstance(each[2], URIRef) and each[1] != RDF.type]


@operator(ON_STRUCTURE)
def drop_a_triple(draw: st.DrawFn, triples: Triples) -> None:
    triples.discard(_pick(draw, triples) or (RDF.nil,) * 3)


@operator(ON_STRUCTURE)
def drop_a_node(draw: st.DrawFn, triples: Triples) -> None:
    if picked := _pick(draw, triples):
        triples -= {each for each in triples if each[0] == picked[0]}


@operator(ON_VALUES)
def give_a_second_value(draw: st.DrawFn, triples: Triples) -> None:
    if picked := _pick(draw, triples):
        others = [each for each in triples if each[1] == picked[1]] or list(triples)
        other = _pick(draw, others)
        assert other
        triples.add((picked[0], picked[1], other[2]))


@operator(ON_VALUES)
def give_a_value_of_another_field(draw: st.DrawFn, triples: Triples) -> None:
    _swap(draw, triples, (each[2] for each in triples))


@operator(ON_VALUES)
def put_a_text_for_a_link(draw: st.DrawFn, triples: Triples) -> None:
    _swap(draw, triples, map(Literal, TEXTS), _links(triples))


@operator(ON_VALUES)
def put_another_text(draw: st.DrawFn, triples: Triples) -> None:
    _swap(draw, triples, map(Literal, TEXTS), _literals(triples))


@operator(ON_STRUCTURE)
def point_elsewhere(draw: st.DrawFn, triples: Triples) -> None:
    _swap(draw, triples, FOREIGN)


@operator(ON_VALUES)
def choose_another_concept(draw: st.DrawFn, triples: Triples) -> None:
    concepts = (term for term in load_ontology().subjects(RDF.type) if str(term).startswith((str(CL), str(TYP))))
    _swap(draw, triples, concepts, _links(triples))


@operator(ON_STRUCTURE)
def break_a_reference(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, _links(triples)):
        _put(triples, old, URIRef(f"{old[2]}-nowhere"))


@operator(ON_STRUCTURE)
def point_to_itself(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, triples):
        _put(triples, old, old[0])


@operator(ON_VALUES)
def change_a_datatype(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, _literals(triples)):
        datatype = draw(st.sampled_from(DATATYPES))
        _put(triples, old, Literal(str(old[2]), datatype=datatype, normalize=draw(st.booleans())))


@operator(ON_VALUES)
def change_a_language(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, _literals(triples)):
        _put(triples, old, Literal(str(old[2]), lang=draw(st.sampled_from(LANGUAGES))))


@operator(ON_VALUES)
def say_it_in_two_languages(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, _texts(triples)):
        triples.add((old[0], old[1], Literal(str(old[2]), lang=draw(st.sampled_from(LANGUAGES)))))


@operator(ON_STRUCTURE)
def add_an_unknown_field(draw: st.DrawFn, triples: Triples) -> None:
    if picked := _pick(draw, triples):
        predicates = (LT.childName, URIRef("http://example.org/note"), URIRef("http://purl.org/dc/terms/title"))
        triples.add((picked[0], draw(st.sampled_from(predicates)), draw(st.sampled_from([*FOREIGN, Literal("x")]))))


@operator(ON_STRUCTURE)
def put_a_field_on_another_node(draw: st.DrawFn, triples: Triples) -> None:
    first, second = _pick(draw, triples), _pick(draw, triples)
    if first and second:
        triples.add((first[0], second[1], second[2]))


@operator(ON_STRUCTURE)
def change_a_class(draw: st.DrawFn, triples: Triples) -> None:
    kinds = {each[2] for each in triples if each[1] == RDF.type}
    more = (LT.Event, LT.ReviewPart, LT.Study, LT.SourceRecord, LT.Synthesis, LT.EvidenceSource, URIRef("urn:x:Class"))
    if draw(st.booleans()):
        _swap(draw, triples, {*kinds, *more}, [each for each in triples if each[1] == RDF.type])
    elif picked := _pick(draw, triples):
        triples.add((picked[0], RDF.type, draw(st.sampled_from(sorted({*kinds, *more})))))


@operator(ON_VALUES)
def shift_a_number(draw: st.DrawFn, triples: Triples) -> None:
    numbers = [each for each in _literals(triples) if each[2].datatype not in (None, XSD.string, XSD.dateTime)]
    values = [Literal(text, datatype=XSD.integer) for text in NUMBERS]
    values += [Literal("2009.5", datatype=XSD.decimal), Literal("2009", datatype=XSD.gYear), Literal("2009")]
    _swap(draw, triples, values, numbers)


@operator(ON_VALUES)
def shift_a_moment(draw: st.DrawFn, triples: Triples) -> None:
    moments = [each for each in _literals(triples) if each[2].datatype == XSD.dateTime]
    _swap(draw, triples, (Literal(text, datatype=XSD.dateTime, normalize=False) for text in MOMENTS), moments)


@operator(ON_VALUES)
def name_somebody(draw: st.DrawFn, triples: Triples) -> None:
    if old := _pick(draw, _texts(triples)):
        text = draw(st.sampled_from(IDENTIFYING))
        _put(triples, old, Literal(f"{old[2]} {text}" if draw(st.booleans()) else text))


@operator(ON_STRUCTURE)
def mark_as_not_stated(draw: st.DrawFn, triples: Triples) -> None:
    first, second = _pick(draw, triples), _pick(draw, triples)
    if first and second:
        triples.add((first[0], LT.notStated, second[1]))


@operator(ON_VALUES)
def exchange_two_values(draw: st.DrawFn, triples: Triples) -> None:
    if first := _pick(draw, triples):
        second = _pick(draw, [each for each in triples if each[1] == first[1]])
        assert second
        _put(triples, first, second[2])
        _put(triples, second, first[2])


@operator(ON_STRUCTURE)
def rename_a_node(draw: st.DrawFn, triples: Triples) -> None:
    if picked := _pick(draw, triples):
        old = picked[0]
        names: list[Node] = [
            REVIEW["ABC"], REVIEW["0123456789abcdef/Robin Smith"], URIRef(f"{old}--row-9"), URIRef("http://example.org/n"),
            BNode("nameless"),
        ]  # fmt: skip
        new = draw(st.sampled_from(names))
        for each in [each for each in triples if old in each]:
            triples.discard(each)
            triples.add((new if each[0] == old else each[0], each[1], new if each[2] == old else each[2]))


@operator(ON_STRUCTURE)
def use_an_id_twice(draw: st.DrawFn, triples: Triples) -> None:
    if picked := _pick(draw, triples):
        ids = [each[2] for each in triples if each[1] == LT.localId] or [Literal("F1")]
        triples.add((picked[0], LT.localId, draw(st.sampled_from(sorted(ids)))))
