"""The teaching library is synthetic and says so, conforms, shows every class, and holds what its tables say.

The tables in fixtures/teaching-truth/ are the design the reviews were written from: which item is coded as what by
whom, what rests on what, who took part. Answers to questions can be worked out from them without the program.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from learntogether_kg import bundles, ontology
from learntogether_kg.errors import ForeignLibraryError
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.files import read_file
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CATALOGUE, CL, LT, TYP

FILES = bundles.bundled_files("teaching")
TRUTH = Path(__file__).parent / "fixtures" / "teaching-truth"
MODEL = ontology.load_ontology()
CLASSES = sorted(iri for iri in MODEL.subjects(RDF.type, OWL.Class) if str(iri).startswith(str(LT)))
PLACES = (
    r"England|Britain|British|Scotland|Scottish|Wales|Welsh|Ireland|Irish|London|Manchester|Birmingham|Leeds|Liverpool|"
    r"Bristol|Sheffield|Newcastle|Glasgow|Edinburgh|Cardiff|Belfast|Norfolk|Suffolk|Kent|Essex|Sussex|Surrey|Devon|"
    r"Cornwall|Somerset|Dorset|Wiltshire|Yorkshire|Lancashire|Cumbria|Durham|Haringey|Rochdale|Rotherham|Oxford|"
    r"Cambridge|Derby|Coventry|Hull|Bradford|Plymouth|Southampton|Brighton|Thurrock|Shropshire|Westminster"
)
OUT_OF_PLACE = r"interview\w*|root cause|perpetrator|batter\w*"
Row = dict[str, str]
Column = Callable[[Graph, Node], str]


@cache
def draft(file: Path) -> Draft:
    return read_file(file)


@cache
def table(name: str) -> tuple[Row, ...]:
    with (TRUTH / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


# Synthetic, and said to be


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_says_that_it_is_synthetic(file: Path) -> None:
    read = draft(file)
    kind, number = file.stem.split("-")
    assert read.graph.value(read.study, LT.synthetic) == Literal(True)
    assert str(read.graph.value(read.study, LT.publicLabel)) == f"Synthetic {kind} {number}"
    assert re.fullmatch(r"[0-9a-f]{16}", str(read.study).rpartition("/")[2])
    sources = list(read.custody.subjects(RDF.type, LT.SourceRecord))
    assert sources
    for source in sources:
        assert str(read.custody.value(source, LT.custodyNote)).startswith("Synthetic. No such")
        assert "made up for teaching" in str(read.custody.value(source, DCTERMS.title))
    assert "Made up for teaching" in file.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_real_place_is_named_and_the_model_s_words_are_used(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert re.findall(rf"\b({PLACES})\b", text) == []
    assert re.findall(rf"\b({OUT_OF_PLACE})\b", text, re.IGNORECASE) == []


def test_there_are_forty_reviews_and_a_synthesis_with_ids_of_their_own() -> None:
    studies = [draft(file).study for file in FILES]
    assert len(set(studies)) == len(studies) == 41
    assert [file.stem for file in FILES if file.stem.startswith("synthesis")] == ["synthesis-01"]


def test_no_two_statements_are_the_same() -> None:
    said: Counter[str] = Counter()
    for file in FILES:
        for predicate in (LT.statement, LT.description, LT.yielded, LT.reasoned, LT.howItShowed, LT.whyUnderlying):
            said.update(str(text) for text in draft(file).graph.objects(None, predicate))
    assert [text for text, count in said.items() if count > 1] == []


# The built library


def test_every_file_conforms_and_is_built_into_one_release(teaching_library: Library) -> None:
    release = teaching_library.release()  # building refuses them all where one breaks a rule
    assert release.studies() == sorted(draft(file).study for file in FILES)
    agreed = release.store.graph(CATALOGUE).value(CATALOGUE, LT.defaultCoder)
    assert str(agreed).endswith("/teaching-agreed")


@pytest.mark.usefixtures("vetted_ontology")  # a class that nothing can belong to has no example
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.rpartition("#")[2])
def test_each_class_has_an_example(kind: URIRef, teaching_library: Library) -> None:
    assert next(examples(everything(teaching_library.path), kind), None) is not None


@cache
def everything(path: Path) -> Graph:
    """The model, the catalogue, every review and its source record."""
    whole = Graph()
    whole += MODEL
    whole += Library.open(path).release().store.graph(CATALOGUE)
    for file in FILES:
        whole += draft(file).graph
        whole += draft(file).custody
    return whole


def examples(graph: Graph, kind: Node) -> Iterator[Node]:
    """Yields what is of a class: by its type, by a narrower class, or as the class is defined."""
    for narrower in graph.transitive_subjects(RDFS.subClassOf, kind):
        yield from graph.subjects(RDF.type, narrower)
    for defined in graph.objects(kind, OWL.equivalentClass):
        parts = graph.value(defined, OWL.intersectionOf)
        if parts is not None:
            first, *conditions = Collection(graph, parts)
            yield from (one for one in examples(graph, first) if all(meets(graph, one, each) for each in conditions))


def meets(graph: Graph, node: Node, condition: Node) -> bool:
    """Whether a node meets a restriction of OWL to one value, or to some value of a class."""
    path = graph.value(condition, OWL.onProperty)
    value, some = graph.value(condition, OWL.hasValue), graph.value(condition, OWL.someValuesFrom)
    found = set(graph.objects(node, path))
    if value is not None:
        return value in found
    return bool(found) if some == OWL.Thing else bool(found & set(examples(graph, some)))


def test_building_it_again_changes_nothing(teaching_copy: Path) -> None:
    before = Library.open(teaching_copy).release().manifest
    assert bundles.build_bundled("teaching", teaching_copy).manifest == before


def test_it_is_not_mixed_with_the_sample(teaching_copy: Path) -> None:
    with pytest.raises(ForeignLibraryError, match=r"41 review.*the sample's"):
        bundles.build_bundled("sample", teaching_copy)


# What the tables say is what the reviews say


def local(iri: Node | None) -> str:
    return "" if iri is None else re.split(r"[/#]", str(iri))[-1]


def values(*path: URIRef) -> Column:
    """What one property leads to, or several one after the other, as the tables write it."""

    def column(graph: Graph, node: Node) -> str:
        nodes = [node]
        for step in path:
            nodes = [found for each in nodes for found in graph.objects(each, step)]
        return " ".join(sorted(shown(each) for each in nodes))

    return column


def shown(value: Node) -> str:
    if isinstance(value, Literal):
        return {True: "yes", False: "no"}.get(value.value, str(value)) if isinstance(value.value, bool) else str(value)
    return local(value)


def named(**names: str) -> Column:
    """The word the tables use for the class of a node."""
    return lambda graph, node: names[local(graph.value(node, RDF.type))]


def itself(_: Graph, node: Node) -> str:
    return local(node)


def goals(graph: Graph, node: Node) -> str:
    return " / ".join(str(goal) for goal in graph.objects(node, LT.goal))


def type_of_pattern(graph: Graph, node: Node) -> str:
    pattern = graph.value(node, LT.pattern)
    return "" if pattern == TYP["no-type-fits"] else local(MODEL.value(pattern, SKOS.broader) or pattern)


def item_kind(graph: Graph, node: Node) -> str:
    kinds = {LT.Finding: "finding", LT.ContributoryFactor: "factor", LT.FactorInteraction: "interaction"}
    return kinds[graph.value(graph.value(node, LT.classifies), RDF.type)]


def either(first: Column, second: Column) -> Column:
    return lambda graph, node: first(graph, node) or second(graph, node)


CODER = values(LT.codedBy)
INFLUENCE = values(LT.influence)
TABLES: dict[str, tuple[tuple[URIRef, ...], dict[str, Column]]] = {
    "reviews": (
        (LT.Review,),
        {
            "id": itself,
            "question_kinds": values(LT.questionKind),
            "captured_from": values(LT.capturedFrom),
            "depth": lambda graph, node: values(LT.depth)(graph, node).removeprefix("depth-"),
            "method": values(LT.method),
            "harm": values(LT.harm),
            "period_from": values(LT.periodStartYear),
            "period_to": values(LT.periodEndYear),
            "report_year": values(LT.reportYear),
            "publication_year": values(LT.publicationYear),
            "findings_declared": values(LT.findingsDeclared),
            "family_involvement": values(LT.familyInvolvement),
        },
    ),
    "agencies": ((LT.Agency,), {"agency": itself, "kind": values(LT.agencyKind)}),
    "people": (
        (LT.Professional, LT.FamilyMember),
        {
            "person": itself,
            "kind": named(Professional="professional", FamilyMember="family"),
            "role": either(values(LT.role), values(LT.familyRole)),
            "agency": values(LT.agency, LT.agencyKind),
            "level": values(LT.organisationalLevel),
            "key": values(LT.keyAccordingTo),
            "participation": values(LT.participation),
        },
    ),
    "team": (
        (LT.TeamMember,),
        {
            "member": itself,
            "role": values(LT.role),
            "agency": values(LT.agency, LT.agencyKind),
            "lead": values(LT.lead),
            "independent": values(LT.independent),
        },
    ),
    "episodes": (
        (LT.KeyPracticeEpisode, LT.Event),
        {
            "episode": itself,
            "kind": named(KeyPracticeEpisode="key practice episode", Event="event"),
            "timescale": values(LT.timescale),
            "act_or_omission": values(LT.actOrOmission),
            "appraisal": values(LT.appraisal),
            "involved": values(LT.involved),
        },
    ),
    "evidence": (
        (LT.Conversation, LT.DocumentarySource),
        {
            "source": itself,
            "kind": named(Conversation="conversation", DocumentarySource="document"),
            "with_participants": values(LT.withParticipant),
            "most_significant": values(LT.foundMostSignificant),
        },
    ),
    "perspectives": (
        (LT.Perspective,),
        {
            "perspective": itself,
            "episode": values(LT.ofEvent),
            "person": values(LT.ofParticipant),
            "standpoint": values(LT.standpoint),
            "sources": values(LT.drawnFrom),
        },
    ),
    "factors": (
        (LT.ContributoryFactor,),
        {
            "factor": itself,
            "heading": values(LT.heading),
            "item": values(LT.factorItem),
            "level": values(LT.systemLevel),
            "influence": INFLUENCE,
            "agency": values(LT.agency, LT.agencyKind),
            "episodes": values(LT.bearsOn),
            "perspectives": values(LT.seenFrom),
            "artefacts": values(LT.concerns),
            "trade_offs": values(LT.tradeOff),
        },
    ),
    "interactions": (
        (LT.FactorInteraction,),
        {"interaction": itself, "factors": values(LT.factor), "influence": INFLUENCE, "reach": values(LT.reach)},
    ),
    "tradeoffs": ((LT.TradeOff,), {"trade_off": itself, "goals": goals}),
    "artefacts": (
        (LT.Tool, LT.Guidance),
        {
            "artefact": itself,
            "kind": values(LT.artefactKind),
            "made_at": values(LT.geographicLevel),
            "felt_at": values(LT.feltAt),
        },
    ),
    "findings": (
        (LT.Finding,),
        {
            "finding": itself,
            "stated_as": values(LT.statedAs),
            "influence": INFLUENCE,
            "robustness": values(LT.robustness),
            "artefacts": values(LT.concerns),
            "family_members": values(LT.concernsFamilyMember),
            "safeguards": values(LT.guardedBy),
            "supported_by": values(LT.supportedBy),
            "contradicted_by": values(LT.contradictedBy),
        },
    ),
    "recommendations": (
        (LT.Recommendation, LT.BoardQuestion),
        {
            "item": itself,
            "what": named(Recommendation="recommendation", BoardQuestion="question to the board"),
            "findings": values(LT.respondsTo),
            "kind": values(LT.recommendationKind),
            "addressee": values(LT.addressee),
            "level": values(LT.systemLevel),
            "repeats_earlier": values(LT.repeatsEarlier),
        },
    ),
    "scopes": ((LT.CodingScope,), {"coder": CODER, "extent": values(LT.extent), "level": values(LT.codingLevel)}),
    "assessments": (
        (LT.PatternAssessment,),
        {"coder": CODER, "pattern": values(LT.assesses), "result": values(LT.assessmentResult)},
    ),
    "codes": (
        (LT.Classification,),
        {
            "item": values(LT.classifies),
            "item_kind": item_kind,
            "coder": CODER,
            "pattern": values(LT.pattern),
            "type": type_of_pattern,
            "primary": values(LT.primary),
            "influence": INFLUENCE,
        },
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_reviews_hold_what_the_table_says(name: str) -> None:
    kinds, columns = TABLES[name]
    found = Counter(row for file in FILES for row in rows_of(file, kinds, columns))
    told = Counter(tuple(ordered(row[column]) for column in ("review", *columns)) for row in table(name))
    assert list(table(name)[0]) == ["review", *columns]
    assert found - told == Counter()
    assert told - found == Counter()


def test_each_table_is_compared() -> None:
    assert {path.stem for path in TRUTH.glob("*.csv")} == set(TABLES)


def rows_of(file: Path, kinds: tuple[URIRef, ...], columns: dict[str, Column]) -> Iterator[tuple[str, ...]]:
    read = draft(file)
    label = str(read.graph.value(read.study, LT.publicLabel))
    for kind in kinds:
        for node in read.graph.subjects(RDF.type, kind):
            yield tuple(map(ordered, (label, *(column(read.graph, node) for column in columns.values()))))


def ordered(cell: str) -> str:
    """A cell may list several; in which order does not matter."""
    return " ".join(sorted(cell.split()))


# What must occur, in several reviews


def reviews_with(name: str, fits: Callable[[Row], object]) -> set[str]:
    return {row["review"] for row in table(name) if fits(row)}


@cache
def influence_of_factor() -> dict[tuple[str, str], str]:
    return {(row["review"], row["factor"]): row["influence"] for row in table("factors")}


def is_safe_alone(row: Row) -> bool:
    return all(
        influence_of_factor()[row["review"], factor] in ("constructive", "neutral") for factor in row["factors"].split()
    )


KIND_OF = {row["review"]: row["question_kinds"].split() for row in table("reviews")}
OCCURS: dict[str, set[str]] = {
    f"{kind} reviews with constructive patterns": reviews_with(
        "codes", lambda row, kind=kind: row["influence"] == "constructive" and kind in KIND_OF.get(row["review"], ())
    )
    for kind in ("harm", "routine-practice", "valued-practice", "innovation")
} | {
    "factors safe alone and unsafe together within one agency": reviews_with(
        "interactions",
        lambda row: row["influence"] == "unsafe" and row["reach"] == "within-one-agency" and is_safe_alone(row),
    ),
    "factors safe alone and unsafe together between agencies": reviews_with(
        "interactions",
        lambda row: row["influence"] == "unsafe" and row["reach"] == "between-agencies" and is_safe_alone(row),
    ),
    "findings that something speaks against": reviews_with("findings", lambda row: row["contradicted_by"]),
    "findings that rest on nothing named": reviews_with("findings", lambda row: not row["supported_by"]),
    "trade-offs": reviews_with("tradeoffs", bool),
    "patterns looked for and not found": reviews_with(
        "assessments", lambda row: row["result"] == "looked-for-not-found"
    ),
    "patterns that cannot be told": reviews_with("assessments", lambda row: row["result"] == "cannot-tell"),
    "codings of a part": reviews_with("scopes", lambda row: row["extent"] == "part-of-report"),
    "codings by types only by a person": reviews_with(
        "scopes", lambda row: row["level"] == "types-only" and row["coder"] == "teaching-a"
    ),
    "items that fit no type": reviews_with("codes", lambda row: row["pattern"] == "no-type-fits"),
    "items agreed at the level of a type": reviews_with(
        "codes", lambda row: row["coder"] == "teaching-agreed" and row["pattern"] == row["type"]
    ),
    "families that took part": reviews_with("reviews", lambda row: row["family_involvement"] == "family-took-part"),
    "families that declined": reviews_with("reviews", lambda row: row["family_involvement"] == "family-declined"),
    "families that were not invited": reviews_with(
        "reviews", lambda row: row["family_involvement"] == "family-not-invited"
    ),
    "recommendations to national bodies": reviews_with(
        "recommendations", lambda row: row["addressee"] == "national-body"
    ),
    "recommendations that repeat an earlier one": reviews_with(
        "recommendations", lambda row: row["repeats_earlier"] == "yes"
    ),
    "questions to the board": reviews_with("recommendations", lambda row: row["what"] == "question to the board"),
    "factors at national level": reviews_with("factors", lambda row: row["level"] == "national-system-level"),
    "guidance made nationally and felt at the front line": reviews_with(
        "artefacts", lambda row: row["made_at"] == "national-level" and "front-line-level" in row["felt_at"]
    ),
    "safeguards": reviews_with("findings", lambda row: row["safeguards"]),
}


@pytest.mark.parametrize("what", OCCURS)
def test_what_there_is_to_learn_from_occurs_more_than_once(what: str) -> None:
    assert len(OCCURS[what]) >= 2, OCCURS[what]


@pytest.mark.parametrize("pattern", sorted(local(iri) for iri in MODEL.subjects(RDF.type, LT.Pattern)))
def test_each_pattern_of_2008_is_found_in_several_reviews(pattern: str) -> None:
    found = reviews_with("codes", lambda row: pattern in (row["pattern"], row["type"]) and row["primary"] == "yes")
    assert len(found) >= 3, found


@pytest.mark.parametrize(
    "kind", ["recommendation-kinds", "addressees", "agency-kinds", "system-levels", "artefact-kinds"]
)
def test_each_code_of_these_lists_is_used(kind: str) -> None:
    used = {local(value) for file in FILES for value in draft(file).graph.objects() if str(value).startswith(str(CL))}
    listed = {local(concept.iri) for concept in ontology.concepts(CL[kind])} - {"not-stated"}
    assert listed - used == set()


def test_coders_disagree_and_the_agreed_coding_follows_now_one_and_now_the_other() -> None:
    primary: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in table("codes"):
        if row["primary"] == "yes":
            primary[row["review"], row["item"]][row["coder"]] = row["pattern"]
    triples = [
        (codes["teaching-a"], codes["teaching-b"], codes["teaching-agreed"])
        for codes in primary.values()
        if codes.keys() >= {"teaching-a", "teaching-b", "teaching-agreed"}
    ]
    differing = [each for each in triples if each[0] != each[1]]
    assert len(triples) > 100
    assert 25 < len(differing) < len(triples) / 2
    assert sum(agreed == first for first, _, agreed in differing) >= 10
    assert sum(agreed == second for _, second, agreed in differing) >= 5
    assert all(agreed == first for first, second, agreed in triples if first == second)


def test_one_event_is_seen_differently_in_some_reviews_and_alike_in_others() -> None:
    event_of = {(row["review"], row["perspective"]): row["episode"] for row in table("perspectives")}
    divergent, alike = set(), set()
    for row in table("findings"):
        for_it = {event_of.get((row["review"], each)) for each in row["supported_by"].split()} - {None}
        against = {event_of.get((row["review"], each)) for each in row["contradicted_by"].split()} - {None}
        views = Counter(event_of.get((row["review"], each)) for each in row["supported_by"].split())
        divergent |= {row["review"]} if for_it & against else set()
        alike |= {row["review"] for event in for_it - against if views[event] > 1}
    assert len(divergent) > 10
    assert len(alike) > 10


def test_some_people_who_saw_one_event_knew_the_same_in_the_same_words() -> None:
    alike = set()
    for file in FILES:
        graph = draft(file).graph
        known = Counter((graph.value(view, LT.ofEvent), words) for view, words in graph.subject_objects(LT.knew))
        alike |= {file.stem for count in known.values() if count > 1}
    assert len(alike) >= 5


def test_feedback_to_referrers_is_recommended_again_in_later_years() -> None:
    year = {row["review"]: int(row["publication_year"] or 0) for row in table("reviews")}
    asked = {
        (row["review"], code["item"]): row["repeats_earlier"]
        for row in table("recommendations")
        for code in table("codes")
        if code["review"] == row["review"]
        and code["item"] in row["findings"].split()
        and code["coder"] == "teaching-agreed"
        and code["influence"] == "unsafe"
        and code["pattern"] == "referral-procedures-and-feedback"
    }
    first, *later = sorted((year[review], repeats) for (review, _), repeats in asked.items())
    assert first[1] == "no"
    assert len(later) >= 3
    assert all(when > first[0] for when, _ in later)


def test_reviews_that_declare_more_findings_than_are_captured() -> None:
    numbered = Counter(row["review"] for row in table("findings") if row["stated_as"] == "numbered-finding")
    declared = {row["review"]: int(row["findings_declared"]) for row in table("reviews") if row["findings_declared"]}
    assert {review for review, count in declared.items() if count > numbered[review]} == {
        "Synthetic review 21",
        "Synthetic review 28",
    }
    assert not {review for review, count in declared.items() if count < numbered[review]}


def test_a_key_profession_is_missing_from_some_teams_and_some_have_nobody_independent() -> None:
    team = defaultdict(set)
    for row in table("team"):
        team[row["review"]].add(row["role"])
    missing = reviews_with(
        "people",
        lambda row: (
            row["kind"] == "professional" and row["key"] != "not-key" and row["role"] not in team[row["review"]]
        ),
    )
    independent = reviews_with("team", lambda row: row["independent"] == "yes")
    assert len(missing) > 5
    assert len(team.keys() - independent) > 2
