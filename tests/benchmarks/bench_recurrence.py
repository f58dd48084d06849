"""How long it takes to count: tables, filtered, and pairs, over a coding table made at random, beside DuckDB.

Named queries are timed over whole synthetic reviews, by SPARQL and over the coding table.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from api.evaluation import Evaluator
from api.worker import Limits
from learntogether_kg import bundles, coding_table
from learntogether_kg.errors import TooLongError
from learntogether_kg.namespaces import CL, CODER, LT, ONTOLOGY_GRAPH, REVIEW, TYP
from learntogether_kg.queries import Vocabulary
from learntogether_kg.recurrence.answer import pair_up, tabulate
from learntogether_kg.recurrence.chance import Chance
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.named import COUNTED, answer
from learntogether_kg.recurrence.question import ask
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.store.base import Store
from learntogether_kg.store.oxigraph import OxigraphStore
from tests.benchmarks.measurement import Measurement, fastest, once
from tests.stores import ontology_graph

SEED = 5
CODES = 15
SPARQL_SECONDS = 30
"""How long one query may take by SPARQL: pairs of patterns would take minutes."""
TABLES = {
    "by type": ([*["type"]], []),
    "by type, filtered": (["type"], [("harm", "neglect"), ("influence", "unsafe")]),
    "by pattern and influence": (["pattern", "influence"], []),
    "by pattern and year, filtered": (["pattern", "year"], [("harm", "neglect")]),
    "by pattern and agency": (["pattern", "agency"], []),
    "by pattern and level": (["pattern", "level"], []),
    "by harm and agency, filtered": (["harm", "agency"], [("type", "human-tool-operation")]),
}
SAME_IN_DUCKDB = {
    "by type": "SELECT pattern, count(DISTINCT review) FROM codes WHERE is_type GROUP BY ALL",
    "by type, filtered": "SELECT pattern, count(DISTINCT review) FROM codes JOIN harm USING (review) WHERE is_type "
    "AND harm.value = 4 AND influence = 1 GROUP BY ALL",
    "by pattern and influence": "SELECT pattern, influence, count(DISTINCT review) FROM codes GROUP BY ALL",
    "by pattern and year, filtered": "SELECT pattern, year.value, count(DISTINCT review) FROM codes JOIN harm USING "
    "(review) JOIN year USING (review) WHERE harm.value = 4 GROUP BY ALL",
    "by pattern and agency": "SELECT pattern, agency.value, count(DISTINCT review) FROM codes JOIN agency USING "
    "(review) GROUP BY ALL",
    "by pattern and level": "SELECT pattern, level.value, count(DISTINCT review) FROM codes JOIN level USING (item) "
    "GROUP BY ALL",
    "by harm and agency, filtered": "SELECT harm.value, agency.value, count(DISTINCT review) FROM codes JOIN harm "
    "USING (review) JOIN agency USING (review) WHERE pattern = 0 GROUP BY ALL",
}


def measure(quick: bool) -> Iterator[Measurement]:
    """Yields the figures that issue "Recurrence" promises."""
    store = OxigraphStore.in_memory([(ONTOLOGY_GRAPH, ontology_graph())])
    for size in (200, 1000) if quick else (10_000, 100_000):
        yield from of_size(store, size)
    yield from beside_sparql(100 if quick else 1000)


def of_size(store: Store, size: int) -> Iterator[Measurement]:
    """Yields the figures for so many reviews of 15 codes each, by one coder, a third of them by a second one too."""
    table = random_table(size)
    coding = read_coding(table, store)
    yield Measurement(f"{size:,} reviews: coding table into memory", once(lambda: read_coding(table, store)), "ms")
    beside = plain_columns(coding)
    for name, (by, where) in TABLES.items():
        question = ask(coding, by, where, "any", "random-a")
        ours = fastest(lambda question=question: tabulate(coding, question, "r"))
        plain = fastest(lambda name=name: beside.execute(SAME_IN_DUCKDB[name]).fetchall())
        yield Measurement(f"{size:,} reviews: {name}, the count alone in DuckDB", plain, "ms")
        promise = 400 if size > 10_000 else max(3 * plain, 60)
        yield Measurement(f"{size:,} reviews: {name}, with all denominators and coders", ours, "ms", at_most=promise)
    for level in ("type", "pattern"):
        question = ask(coding, [level], (), "any", "random-a")
        ours = fastest(lambda question=question: pair_up(coding, question, "r"))
        promise = 400 if size > 10_000 else 150
        yield Measurement(f"{size:,} reviews: all pairs, by {level}", ours, "ms", at_most=promise)
        filtered = ask(coding, [level], [("harm", "neglect")], "any", "random-a")
        ours = fastest(lambda filtered=filtered: pair_up(coding, filtered, "r"))
        yield Measurement(f"{size:,} reviews: all pairs, by {level}, filtered", ours, "ms", at_most=promise)
    if size <= 10_000:
        question = ask(coding, ["pattern"], (), "any", "random-a")
        pair_up(coding, question, "r", 1)  # compiles
        with tempfile.TemporaryDirectory() as folder:
            tested = once(lambda: pair_up(coding, question, "r", 1000, chance=Chance(Path(folder)))) / 1000
            again = once(lambda: pair_up(coding, question, "r", 1000, chance=Chance(Path(folder))))
        yield Measurement(f"{size:,} reviews: all pairs, tested by 1,000 permutations", tested, "s", at_most=20)
        yield Measurement(f"{size:,} reviews: the same again, from what is kept with the release", again, "ms")


def beside_sparql(size: int) -> Iterator[Measurement]:
    """Yields how long named queries take by their SPARQL and over the coding table, on one library of whole reviews."""
    with tempfile.TemporaryDirectory() as folder:
        release = bundles.build_synthetic(size, SEED, Path(folder) / "library")
        store = release.store
        extracted = once(lambda: coding_table.extract(store)) / 1000
        yield Measurement(f"{size:,} synthetic reviews: coding table extracted from the triples", extracted, "s")
        coding = read_coding(release.coding(), store)
        vocabulary = Vocabulary(store)
        for name in COUNTED:
            by_sparql, more = within(SPARQL_SECONDS, release.path / "store", name)
            counted = fastest(lambda name=name: answer(coding, store, name, None, vocabulary))
            yield Measurement(f"{size:,} synthetic reviews: {name}, by SPARQL", by_sparql, "ms", more=more)
            yield Measurement(f"{size:,} synthetic reviews: {name}, over the coding table", counted, "ms")


def within(seconds: float, store: Path, name: str) -> tuple[float, bool]:
    """Returns the milliseconds that a query takes by its SPARQL, and whether it was ended at the limit.

    It is asked in a process of its own, which adds some 60 ms.
    """
    evaluator = Evaluator(Limits(seconds, 4096), 1)
    try:
        evaluator.ask_named(store, "catalogue", {})
        begun, more = time.perf_counter(), False
        try:
            evaluator.ask_named(store, name, {})
        except TooLongError:
            more = True
        return (time.perf_counter() - begun) * 1000, more
    finally:
        evaluator.stop()


def random_table(size: int) -> pa.Table:
    """Returns a coding table of so many reviews, made at random: no review, and no triple, is behind it."""
    random = np.random.default_rng(SEED)
    reviews = np.array([str(REVIEW[f"random-{number:06}"]) for number in range(size)])
    everyone = np.arange(size)
    coded = np.concatenate([everyone, everyone[: size // 3]])
    coders = np.array([str(CODER["random-a"]), str(CODER["random-b"])])[(np.arange(len(coded)) >= size).astype(int)]
    parts = [
        rows(reviews, everyone, record="review"),
        rows(reviews, everyone, record="finding"),
        rows(
            reviews,
            coded,
            record="coder",
            coder=coders,
            label=np.char.rpartition(coders, "/")[:, 2],
            value=str(CL.human),
        ),
        rows(
            reviews,
            coded,
            record="scope",
            coder=coders,
            version=str(TYP["version-2008"]),
            extent=str(CL["whole-report"]),
            codingLevel=str(CL["types-and-sub-patterns"]),
        ),
    ]
    codes = np.repeat(coded, CODES)
    items = np.char.add(np.char.add(reviews[codes], "/F"), random.integers(0, 8, len(codes)).astype(str))
    parts.append(
        rows(
            reviews,
            codes,
            record="coding",
            coder=np.repeat(coders, CODES),
            item=items,
            pattern=skewed(random, patterns(), len(codes)),
            primary=random.choice(["true", "false"], len(codes)),
            influence=skewed(
                random, [str(CL[name]) for name in ("unsafe", "constructive", "neutral", "unclear")], len(codes)
            ),
        )
    )
    levels = [str(CL[name]) for name in ("front-line-level", "local-strategic-level", "national-system-level")]
    known, first = np.unique(items, return_index=True)
    parts.append(
        rows(
            reviews, codes[first], record="item", item=known, dimension="level", value=random.choice(levels, len(known))
        )
    )
    for name, values, several in (
        ("harm", ["neglect", "physical-abuse", "sexual-abuse", "emotional-abuse"], 1),
        ("agency", ["police", "childrens-social-care", "school", "community-health", "hospital", "early-years"], 4),
    ):
        who = np.repeat(everyone, several)
        chosen = random.choice([str(CL[value]) for value in values], len(who))
        parts.append(rows(reviews, who, record="fact", dimension=name, value=chosen))
    years = random.integers(2008, 2026, size).astype(str)
    parts.append(rows(reviews, everyone, record="fact", dimension="period-year", value=years))
    return pa.concat_tables(parts).unify_dictionaries()


def rows(reviews: np.ndarray, which: np.ndarray, **columns: object) -> pa.Table:
    """Returns rows of the coding table; a plain text stands in every one of them."""
    given = {"review": reviews[which], **columns}
    return pa.table(
        {
            name: pa.array(
                np.full(len(which), given[name])
                if isinstance(given.get(name), str)
                else given.get(name, [None] * len(which)),
                pa.string(),
            ).dictionary_encode()
            for name in coding_table.COLUMNS
        }
    )


def patterns() -> list[str]:
    return sorted(str(subject) for subject in ontology_graph().subjects(LT.sinceVersion, TYP["version-2008"]))


def skewed(random: np.random.Generator, values: list[str], count: int) -> np.ndarray:
    """Returns values of which some are far commoner than others, as in real coding."""
    weights = 1 / np.arange(1, len(values) + 1)
    return random.choice(values, count, p=weights / weights.sum())


def plain_columns(coding: Coding) -> duckdb.DuckDBPyConnection:
    """Returns the same as plain integer columns in DuckDB."""
    coder = coding.coders[0]
    codes = coder.codes.take(coder.codes.pattern < len(coding.patterns))
    connection = duckdb.connect()
    tables = {
        "codes": {
            "review": coder.reviews[codes.review],
            "item": codes.item,
            "pattern": codes.pattern,
            "influence": codes.influence,
            "is_type": codes.pattern < coding.types,
        },
        **{
            name: {"review": fact.holders, "value": fact.places}
            for name, fact in (
                ("harm", coding.facts["harm"]),
                ("agency", coding.facts["agency"]),
                ("year", coding.facts["period-year"]),
            )
        },
        "level": {"item": coding.items["level"].holders, "value": coding.items["level"].places},
    }
    for name, columns in tables.items():
        told = pa.table(columns)
        connection.register("told", told)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM told")
    return connection
